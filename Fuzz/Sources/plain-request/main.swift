import FuzzTarget

/// A plain request's head ends where an empty line is, and what is read of it comes from it; nothing of it traps.
fuzz { start, count in
    let input = bytes(start, count)
    if let end = PlainRequestHead.end(of: input) {
        require(end <= input.count && input[end - 1] == UInt8(ascii: "\n"), "it ends at \(end)")
        require(PlainRequestHead.end(of: input.prefix(end - 1)) == nil, "it ended before")
    }
    if let head = PlainRequestHead(input) {
        require(!head.method.isEmpty && head.method.utf8.count <= 32, head.method)
        let all = [head.target, head.agent, head.via, head.forwarded, head.forwardedFor].reduce(0) { $0 + $1.unicodeScalars.count }
        // Repeated fields are joined with two characters each.
        require(all <= 2 * input.count, "more was read than came")
    }
    return 0
}
