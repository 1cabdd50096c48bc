import Glibc
import Logging
import NIOHTTP1
import Storage
import Updates

/// `/Content/XX/HEX.ext`: payloads by SHA-1, whole or in single ranges (observed.md section 5).
struct ContentEndpoint: Sendable {
    let files: any FileStore
    let verification: ContentVerification
    let log: Logger

    private static let headers: [(name: String, value: String)] = [
        ("Content-Type", "application/octet-stream"), ("X-Content-Type-Options", "nosniff"), ("Accept-Ranges", "bytes"),
    ]

    /// Nothing for a path that is not beneath `/Content/`.
    func answer(_ request: HTTPRequest, path: String) -> Outcome? {
        let parts = path.split(separator: "/")
        guard parts.first?.lowercased() == "content" else { return nil }
        guard request.method == .GET || request.method == .HEAD else {
            return .ready(.refusal(.methodNotAllowed, "content", headers: [("Allow", "GET, HEAD")]))
        }
        guard parts.count == 3 else { return .ready(.refusal(.notFound, "no such path")) }
        let name = parts[2].split(separator: ".", maxSplits: 1, omittingEmptySubsequences: false)
        guard let digest = SHA1Digest(hexadecimal: name[0]), parts[1].uppercased() == digest.description.suffix(2) else {
            return .ready(.refusal(.notFound, "no such path"))
        }
        // A real server forbids a name without an extension, and does not compare the one there is.
        guard name.count == 2, !name[1].isEmpty else { return .ready(.refusal(.forbidden, "no extension")) }
        guard let held = files.lookup(digest) else { return .ready(.refusal(.notFound, "not held")) }
        return .work { open(held, request) }
    }

    /// Blocks for the time of opening a file.
    private func open(_ held: HeldFile, _ request: HTTPRequest) -> Outcome {
        do throws(ContentFile.Failure) {
            let file = try ContentFile(held.path)
            if verification.isVerified(held, file.stamp) { return .ready(answer(request, held, file)) }
            return .pending {
                switch await verification.verify(held) {
                // Another file by now: the next request compares that one.
                case .good(let stamp) where stamp != file.stamp: Self.unavailable("changed while it was verified")
                case .good: answer(request, held, file)
                case .corrupt: .refusal(.notFound, "corrupt")
                case .unreadable: Self.unavailable("unreadable")
                }
            }
        } catch {
            log.error("a payload cannot be served: \(error)", metadata: ["sha1": "\(held.sha1)"])
            return .ready(error.code == ENOENT ? .refusal(.notFound, "missing") : Self.unavailable("cannot be opened"))
        }
    }

    private static func unavailable(_ reason: String) -> HTTPAnswer {
        .refusal(.serviceUnavailable, reason, headers: [("Retry-After", "30")])
    }

    private func answer(_ request: HTTPRequest, _ held: HeldFile, _ file: ContentFile) -> HTTPAnswer {
        let tag = "\"\(held.sha256)\""
        let headers = Self.headers + [("ETag", tag)]
        let known = request.headers[canonicalForm: "If-None-Match"]
        if known.contains(where: { $0 == "*" || $0 == tag || $0 == "W/\(tag)" }) {
            return HTTPAnswer(status: .notModified, headers: headers, body: .none)
        }
        // A weak tag or a date never says that the bytes are the same (RFC 9110 section 13.1.5). Range means nothing to HEAD.
        let isCurrent = request.headers.first(name: "If-Range").map { $0 == tag } ?? true
        let ranges = isCurrent && request.method == .GET ? request.headers["Range"] : []
        switch ByteRange(ranges.count == 1 ? ranges[0] : nil, size: held.size) {
        case .unsatisfiable:
            return .refusal(
                .rangeNotSatisfiable, ranges.joined(separator: ", "),
                headers: headers.filter { $0.name != "Content-Type" } + [("Content-Range", "bytes */\(held.size)")])
        case .whole: return HTTPAnswer(status: .ok, headers: headers, body: .file(file, 0..<held.size))
        case .part(let part):
            let place = "bytes \(part.lowerBound)-\(part.upperBound - 1)/\(held.size)"
            return HTTPAnswer(status: .partialContent, headers: headers + [("Content-Range", place)], body: .file(file, part))
        }
    }
}
