import FuzzTarget
import NIOCore
import NIOHTTP1

/// The bytes of a connection give the same requests in any pieces, each within the limits; their paths and ranges are harmless or refused.
fuzz { start, count in
    let input = bytes(start, count)
    var choices = Choices(of: input)
    let whole = outcome(of: [input[...]])
    let pieces = outcome(of: choices.pieces(of: input))
    require(whole == pieces, "in pieces \(pieces), not \(whole)")
    for request in whole.requests {
        require(request.body.readableBytes <= smallLimits.bodyBytes, "a body beyond the limit")
        checkPath(request.target)
        for range in request.headers["Range"] {
            for size in [0, 1, 6, 1000, Int64.max] { checkRange(range, size) }
        }
    }
    return 0
}
