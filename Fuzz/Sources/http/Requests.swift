import FuzzTarget
import NIOCore
import NIOHTTP1

/// Small ones, so that they are met.
let smallLimits = {
    var limits = DeviceLimits()
    limits.bodyBytes = 256
    limits.headerBytes = 1024
    limits.headerFields = 16
    limits.headerLineBytes = 256
    return limits
}()

/// The requests of a connection, and why it ended.
struct Requests: Equatable {
    var requests: [HTTPRequest] = []
    var keepsAlive: [Bool] = []
    var refusal: RequestParser.Refusal?

    static func == (left: Self, right: Self) -> Bool {
        left.keepsAlive == right.keepsAlive && left.refusal == right.refusal
            && left.requests.elementsEqual(right.requests) {
                $0.method == $1.method && $0.target == $1.target && $0.headers == $1.headers && $0.body == $1.body
            }
    }
}

func outcome(of pieces: [ArraySlice<UInt8>]) -> Requests {
    var found = Requests()
    var parser = RequestParser(limits: smallLimits)
    for piece in pieces {
        var buffer = ByteBuffer(bytes: piece)
        do throws(RequestParser.Refusal) {
            while buffer.readableBytes > 0 {
                let before = buffer.readableBytes
                if case .request(let request, let keepsAlive) = try parser.parse(&buffer) {
                    found.requests.append(request)
                    found.keepsAlive.append(keepsAlive)
                }
                require(buffer.readableBytes < before, "no byte is taken")
                require(parser.bodyBytes <= smallLimits.bodyBytes, "a body beyond the limit is held")
            }
        } catch {
            found.refusal = error
            return found
        }
    }
    return found
}

func checkPath(_ target: String) {
    guard let path = RequestPath.normalised(target) else { return }
    require(path.hasPrefix("/") && !path.contains("//") && !path.contains("%") && !path.contains("\\"), "the path \(path)")
    require(!path.split(separator: "/").contains { $0 == ".." || $0 == "." }, "the path \(path) climbs")
    require(RequestPath.normalised(path) == path, "the path \(path) is normalised and changes")
}

func checkRange(_ header: String, _ size: Int64) {
    if case .part(let range) = ByteRange(header, size: size) {
        require(!range.isEmpty && range.lowerBound >= 0 && range.upperBound <= size, "the range \(range) of \(size) bytes")
    }
}
