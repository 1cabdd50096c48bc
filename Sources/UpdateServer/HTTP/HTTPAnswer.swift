import NIOHTTP1

/// An answer, but for `Date`, `Connection` and `Content-Length`, which the connection adds.
struct HTTPAnswer: Sendable {
    var status: HTTPResponseStatus
    var headers: [(name: String, value: String)] = []
    var body = Body.bytes([])
    /// The connection ends after it.
    var isLast = false
    /// Why it is a refusal, for the log; nothing where it is none, or where the log has it already.
    var reason: String?

    enum Body: Sendable {
        case bytes([UInt8])
        /// A part of a file, which closes when nothing refers to it any more.
        case file(ContentFile, Range<Int64>)
        /// The length without the bytes, as HEAD has it.
        case length(Int64)
        /// No body and no length (304).
        case none
    }

    /// A refusal, in words of the protocol only; `reason` is for the log.
    static func refusal(
        _ status: HTTPResponseStatus, _ reason: String, isLast: Bool = false, headers: [(name: String, value: String)] = []
    ) -> HTTPAnswer {
        HTTPAnswer(
            status: status, headers: headers + [("Content-Type", "text/plain")], body: .bytes(Array("\(status.reasonPhrase)\n".utf8)),
            isLast: isLast, reason: reason)
    }

    /// The head as it stands on the wire.
    func head(isLast: Bool) -> String {
        var text = "HTTP/1.1 \(status.code) \(status.reasonPhrase)\r\n"
        for (name, value) in headers { text += "\(name): \(value)\r\n" }
        switch body {
        case .bytes(let bytes): text += "Content-Length: \(bytes.count)\r\n"
        case .file(_, let range): text += "Content-Length: \(range.count)\r\n"
        case .length(let length): text += "Content-Length: \(length)\r\n"
        case .none: break
        }
        text += "Date: \(HTTPDate.now())\r\n"
        return text + (isLast ? "Connection: close\r\n\r\n" : "\r\n")
    }
}

/// What an endpoint makes of a request.
enum Outcome: Sendable {
    case ready(HTTPAnswer)
    /// Work that takes the processor or waits for a disk: to be done on a thread, never on the event loop.
    case work(@Sendable () -> Outcome)
    /// What waits: for a commit, or for a file to be verified.
    case pending(@Sendable () async -> HTTPAnswer)
}
