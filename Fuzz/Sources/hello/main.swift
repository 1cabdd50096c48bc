import FuzzTarget

/// A connection's first bytes give the same first message in any pieces, of which never more than the limit is held; what is read of it lies
/// within it.
fuzz { start, count in
    let input = bytes(start, count)
    var choices = Choices(of: input)
    let limit = 4096
    var whole = FirstHandshakeMessage(limit: limit)
    whole.take(input)
    var inPieces = FirstHandshakeMessage(limit: limit)
    for piece in choices.pieces(of: input) {
        inPieces.take(piece)
        require(inPieces.held <= limit + 5, "\(inPieces.held) bytes are held")
    }
    require(whole.state == inPieces.state, "in pieces \(inPieces.state), not \(whole.state)")
    // As a message too, so that hellos are met without a record around them.
    var messages = [input]
    if case .whole(let message) = whole.state {
        require(message.count <= limit, "a message beyond the limit")
        messages.append(message)
    }
    for message in messages {
        if let name = ClientHello(message)?.serverName {
            require(!name.isEmpty && message.count > name.count, "a name that is not in the message")
        }
        if let hello = ServerHello(message) { require(message.count >= 40, "\(hello) of too few bytes") }
    }
    return 0
}
