import NIOHTTP1
import UpdateProtocols

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
        case pieces(AnswerBody)
        /// A part of a file, which closes when nothing refers to it any more.
        case file(ContentFile, Range<Int64>)
        /// The length without the bytes, as HEAD has it.
        case length(Int64)
        /// No body and no length (304).
        case none

        var count: Int64? {
            switch self {
            case .bytes(let bytes): Int64(bytes.count)
            case .pieces(let body): Int64(body.count)
            case .file(_, let range): Int64(range.count)
            case .length(let length): length
            case .none: nil
            }
        }
    }

    /// A refusal, in words of the protocol only; `reason` is for the log.
    static func refusal(
        _ status: HTTPResponseStatus, _ reason: String, isLast: Bool = false, headers: [(name: String, value: String)] = []
    ) -> HTTPAnswer {
        HTTPAnswer(
            status: status, headers: headers + [("Content-Type", "text/plain"), ("X-Content-Type-Options", "nosniff")],
            body: .bytes(Array("\(status.reasonPhrase)\n".utf8)), isLast: isLast, reason: reason)
    }

    /// The head as it stands on the wire.
    func head(isLast: Bool) -> String {
        var text = "HTTP/1.1 "
        text.reserveCapacity(512)
        text += "\(status.code) \(status.reasonPhrase)"
        for (name, value) in headers {
            text += "\r\n"
            text += name
            text += ": "
            text += value
        }
        if let count = body.count { text += "\r\nContent-Length: \(count)" }
        text += "\r\nDate: "
        text += HTTPDate.now()
        text += isLast ? "\r\nConnection: close\r\n\r\n" : "\r\n\r\n"
        return text
    }
}

/// What an endpoint makes of a request.
enum Outcome: Sendable {
    case ready(HTTPAnswer)
    /// Work that takes the processor or waits for a disk: to be done on a thread, never on the event loop.
    case work(@Sendable () -> Outcome)
    /// Work that costs milliseconds of a processor: done in turn with that of other addresses and other devices, or refused (docs/adr/0012).
    case costly(device: String, @Sendable () -> HTTPAnswer)
    /// What waits: for a commit, or for a file to be verified.
    case pending(@Sendable () async -> HTTPAnswer)
}
