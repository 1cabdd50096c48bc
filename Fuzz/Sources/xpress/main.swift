import FuzzTarget
import UpdateProtocols

/// A body is decompressed within its limit or refused, and what is compressed decompresses to itself.
fuzz { start, count in
    let input = bytes(start, count)
    let limit = min(64 * input.count, 1 << 20)
    if let body = try? Xpress.decompress(input, limit: limit) {
        require(body.count <= limit, "more than the limit")
        checkRoundTrip(body)
    }
    checkRoundTrip(input)
    return 0
}

func checkRoundTrip(_ body: [UInt8]) {
    let compressed = Xpress.compress(body)
    do throws(XpressError) {
        require(try Xpress.decompress(compressed, limit: body.count) == body, "another body")
    } catch {
        require(false, "what was compressed is refused: \(error)")
    }
    if !body.isEmpty {
        require((try? Xpress.decompress(compressed, limit: body.count - 1)) == nil, "a body beyond the limit")
    }
}
