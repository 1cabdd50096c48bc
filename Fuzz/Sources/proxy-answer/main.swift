import FuzzTarget

/// A proxy's answer is understood alike in any pieces, and as what it is at the latest at the limit.
fuzz { start, count in
    let input = bytes(start, count)
    var choices = Choices(of: input)
    var whole = ProxyAnswer()
    whole.take(input)
    var inPieces = ProxyAnswer()
    for piece in choices.pieces(of: input) { inPieces.take(piece) }
    require(whole.state == inPieces.state, "in pieces \(inPieces.state), not \(whole.state)")
    if case .status(let status) = whole.state { require((200..<600).contains(status), "status \(status)") }
    whole.take([UInt8](repeating: 0x41, count: ProxyAnswer.limit + 1))
    require(whole.state != .more, "beyond the limit it is still waited for")
    return 0
}
