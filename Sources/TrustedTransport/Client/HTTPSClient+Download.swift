import AsyncHTTPClient
import NIOCore
import NIOHTTP1

extension HTTPSClient {
    /// Bytes gathered before the disk is asked.
    private static let writeSize = 1 << 18

    /// Downloads a file, and goes on where an earlier download to the same path ended. What came is **not verified**:
    /// use ``FileVerifier`` before anything else. Two downloads to one path at once spoil each other.
    ///
    /// The bytes stand in `path.part` until all are there and synced. A connection that fails is tried again as ``Patience`` says, from the
    /// byte reached; an entity tag seen before makes sure it is still the same file. Where the answer to a request for the rest does not
    /// fit, what came so far is dropped and the file asked for anew.
    /// - Parameters:
    ///   - size: the file's size; not one byte more is taken.
    ///   - progress: called with the number of bytes held, each time some were written.
    public func download(
        _ url: String, to path: String, size: Int64, progress: @escaping @Sendable (Int64) -> Void = { _ in }
    ) async throws(HTTPSError) {
        let request = try HTTPSRequest(.GET, url, headers: [], allowsPlain: allowsPlain).request
        let file = try await PartialFile.open(path)
        var entityTag: String?
        var attempt = 1
        var pause = patience.retryPause
        while true {
            var held = try await file.size()
            if held > size {
                try await file.empty()
                held = 0
            }
            if held == size { break }
            do throws(HTTPSError) {
                try await fetch(request, into: file, from: held, size: size, entityTag: &entityTag, progress: progress)
                break
            } catch {
                guard error.isTransient || error.code == .wrongRange, attempt < patience.downloadAttempts else { throw error }
                attempt += 1
                do { try await Task.sleep(for: pause) } catch { throw HTTPSError(.cancelled, "the download was cancelled") }
                pause = min(pause * 2, .seconds(30))
            }
        }
        try await file.finish()
    }

    /// One request for what is missing. Returns once all bytes are written.
    private func fetch(
        _ request: HTTPClientRequest, into file: PartialFile, from start: Int64, size: Int64, entityTag: inout String?,
        progress: @Sendable (Int64) -> Void
    ) async throws(HTTPSError) {
        var request = request
        request.headers.replaceOrAdd(name: "accept-encoding", value: "identity")
        if start > 0 {
            request.headers.replaceOrAdd(name: "range", value: "bytes=\(start)-")
            if let entityTag { request.headers.replaceOrAdd(name: "if-range", value: entityTag) }
        }
        let response = try await execute(request)
        let tag = response.headers.first(name: "etag").flatMap(Self.strongTag)
        let length = response.headers.first(name: "content-length").flatMap { Int64($0) }
        var position = start
        switch response.status.code {
        case 200:
            guard length == nil || length == size else {
                throw HTTPSError(.invalidAnswer, "the file has \(length ?? 0) bytes and should have \(size)", status: 200)
            }
            // The whole file: the server knows no ranges, or it has become another file.
            if start > 0 { try await file.empty() }
            position = 0
        case 206:
            let range = response.headers.first(name: "content-range").flatMap { ContentRange($0) }
            let isSame = entityTag == nil || tag == nil || tag == entityTag
            guard start > 0, let range, range.first == start, range.last == size - 1, range.total == size, isSame,
                length == nil || length == size - start
            else {
                try await file.empty()
                throw HTTPSError(.wrongRange, "the server sent another part of the file than was asked for", status: 206)
            }
        case 416:
            try await file.empty()
            throw HTTPSError(.wrongRange, "the server has no bytes from \(start) on", status: 416)
        default:
            throw HTTPSError(.status, "the server answered with status \(response.status.code)", status: Int(response.status.code))
        }
        entityTag = tag ?? entityTag
        position = try await write(response.body, to: file, from: position, size: size, progress: progress)
        guard position == size else { throw HTTPSError(.cut, "the answer ended \(size - position) bytes too early") }
    }

    /// Writes a body as it comes, the next part being asked for once this one is on its way to the disk. Returns the position reached.
    private func write(
        _ body: HTTPClientResponse.Body, to file: PartialFile, from start: Int64, size: Int64, progress: @Sendable (Int64) -> Void
    ) async throws(HTTPSError) -> Int64 {
        let seconds = (size - start) / Int64(max(1, patience.slowestDownload))
        let deadline = ContinuousClock.now + patience.idle + .seconds(seconds)
        var position = start
        var pending = ByteBuffer()
        var failure: HTTPSError?
        do {
            for try await var part in body {
                guard Int64(part.readableBytes + pending.readableBytes) <= size - position else {
                    try await file.empty()
                    throw HTTPSError(.tooLarge, "the file has more than its \(size) bytes")
                }
                guard ContinuousClock.now < deadline else { throw HTTPSError(.timedOut, "the download is too slow") }
                pending.writeBuffer(&part)
                guard pending.readableBytes >= Self.writeSize else { continue }
                try await file.write(pending, at: position)
                position += Int64(pending.readableBytes)
                pending.clear()
                progress(position)
            }
        } catch {
            failure = HTTPSError.of(error)
        }
        // What came before a cut is kept for the next attempt.
        if failure?.code != .tooLarge, pending.readableBytes > 0 {
            try await file.write(pending, at: position)
            position += Int64(pending.readableBytes)
            progress(position)
        }
        if let failure { throw failure }
        return position
    }

    /// Only a strong tag may stand in If-Range (RFC 9110 section 13.1.5).
    private static func strongTag(_ text: String) -> String? {
        let isTag = text.utf8.count >= 2 && text.hasPrefix("\"") && text.hasSuffix("\"") && text.utf8.allSatisfy { (0x21...0x7e).contains($0) }
        return isTag ? text : nil
    }
}
