import FuzzTarget

/// What a server answers to a request for a range is three numbers that fit each other, or nothing.
fuzz { start, count in
    let text = String(decoding: bytes(start, count), as: UTF8.self)
    guard let range = ContentRange(text) else { return 0 }
    require(0 <= range.first && range.first <= range.last && range.last < range.total, "\(range)")
    require(ContentRange("bytes \(range.first)-\(range.last)/\(range.total)") == range, "\(range) written anew is another")
    return 0
}
