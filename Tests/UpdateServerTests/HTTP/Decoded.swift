import NIOCore
import NIOEmbedded
import NIOHTTP1

/// Requests as swift-nio's own decoder reads them.
final class Decoded {
    private let channel = EmbeddedChannel()
    private(set) var requests: [String] = []
    private var current = ""

    func feed(_ text: String) throws {
        try channel.pipeline.syncOperations.addHandler(ByteToMessageHandler(HTTPRequestDecoder()))
        try channel.writeInbound(ByteBuffer(string: text))
        while let part = try channel.readInbound(as: HTTPServerRequestPart.self) {
            switch part {
            case .head(let head): current = "\(head.method) \(head.uri) "
            case .body(let body): current += String(buffer: body)
            case .end: requests.append(current)
            }
        }
        _ = try channel.finish()
    }
}
