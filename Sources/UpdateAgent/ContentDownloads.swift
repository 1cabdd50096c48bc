import Dispatch
import Foundation
import TrustedTransport
import Updates

/// Fetches the files of a plan into a folder: at most four at once, each continued where an earlier attempt ended, each verified by size and both
/// digests before it gets its name. What fails does not stop the others.
struct ContentDownloads: Sendable {
    let folder: String
    let transport: any AgentTransport
    /// Whom signatures may lead to.
    let trust: SigningTrust
    let now: Timestamp
    let progress: @Sendable (ScanProgress) -> Void

    static let mostAtOnce = 4
    /// Where files are until they are verified, named by digest; no file's safe name begins with a dot.
    private var unverified: String { folder + "/.unverified" }

    /// One content, whatever it is called.
    private struct Content: Hashable {
        let sha1: SHA1Digest
        let sha256: SHA256Digest?
        let size: Int64

        init(_ file: FileDownload) {
            sha1 = file.sha1
            sha256 = file.sha256
            size = file.size
        }
    }

    /// - Returns: an outcome for each file of the plan.
    /// - Throws: where the folder cannot be made.
    func run(_ plan: [UpdateDownload]) async throws(AgentError) -> [FileDownload: FileOutcome] {
        for path in [folder, unverified] where mkdir(path, 0o700) != 0 && errno != EEXIST {
            let reason = String(cString: strerror(errno))
            throw AgentError(.downloadFolderNotWritable, "the folder \(path) cannot be made: \(reason)")
        }
        let files = plan.flatMap(\.files)
        var seen: Set<Content> = []
        let distinct = files.filter { seen.insert(Content($0)).inserted }
        var outcomes: [Content: FileOutcome] = [:]
        await withTaskGroup(of: (FileDownload, FileOutcome).self) { tasks in
            var waiting = distinct.makeIterator()
            for _ in 0..<Self.mostAtOnce {
                guard let file = waiting.next() else { break }
                tasks.addTask { (file, await fetch(file)) }
            }
            while let (file, outcome) = await tasks.next() {
                outcomes[Content(file)] = outcome
                progress(.fileEnded(file, outcome, done: outcomes.count, of: distinct.count))
                if let next = waiting.next() { tasks.addTask { (next, await fetch(next)) } }
            }
        }
        // Stays where a download is to be continued: then it is not empty.
        rmdir(unverified)
        return Dictionary(files.compactMap { file in outcomes[Content(file)].map { (file, $0) } }, uniquingKeysWith: { first, _ in first })
    }

    private func fetch(_ file: FileDownload) async -> FileOutcome {
        let names = [file.name, SafeFileName.make(file.name, digest: file.sha1.description)].map { "\(folder)/\($0)" }
        for path in names where size(of: path) == file.size {
            if await verify(path, file) == nil { return .present(path: path) }
        }
        let path = "\(unverified)/\(file.sha256?.description ?? "signed").\(file.sha1)"
        let held = min(size(of: path) ?? size(of: path + ".part") ?? 0, file.size)
        do throws(FileFailure) {
            var fetched = file.size - held
            do throws(FileFailure) {
                if size(of: path) != file.size { try await download(file, to: path) }
                if let failure = await verify(path, file) { throw failure }
            } catch {
                // What an earlier attempt left may be what is wrong: once more, whole.
                guard error.code == .wrongContent, held > 0 else { throw error }
                unlink(path)
                fetched &+= file.size
                try await download(file, to: path)
                if let failure = await verify(path, file) { throw failure }
            }
            return .downloaded(path: try place(path, names), bytes: fetched)
        } catch {
            // Wrong bytes do not stay.
            if error.code == .wrongContent || error.code == .unproven { unlink(path) }
            return .failed(error)
        }
    }

    private func download(_ file: FileDownload, to path: String) async throws(FileFailure) {
        let progress = progress
        try await transport.download(url: file.url, to: path, size: file.size) { progress(.fileAdvanced(file, bytes: $0)) }
    }

    /// Under the first name that is free. The last one has the content's own digest, so whatever has it is a damaged copy of it.
    private func place(_ path: String, _ names: [String]) throws(FileFailure) -> String {
        for name in names.dropLast() {
            // Unlike rename, link never replaces a file that came meanwhile.
            if link(path, name) == 0 {
                unlink(path)
                return name
            }
        }
        guard let last = names.last, rename(path, last) == 0 else {
            throw FileFailure(.storage, "\(path) cannot be renamed: \(String(cString: strerror(errno)))")
        }
        return last
    }

    /// Why the file is not what the metadata promise; nothing where it is. Reads the whole file, on a thread of its own.
    private func verify(_ path: String, _ file: FileDownload) async -> FileFailure? {
        await withCheckedContinuation { continuation in
            DispatchQueue.global(qos: .utility).async {
                do {
                    let verified = try FileVerifier.verify(path: path, size: file.size, sha1: file.sha1, sha256: file.sha256)
                    continuation.resume(returning: file.sha256 == nil ? unproven(verified, file.name) : nil)
                } catch let mismatch as FileMismatch {
                    let isWrong = mismatch.code == .size || mismatch.code == .sha1 || mismatch.code == .sha256
                    let why = mismatch.message.prefix(300)
                    continuation.resume(returning: FileFailure(isWrong ? .wrongContent : .storage, "\(file.name) \(why)"))
                } catch {
                    continuation.resume(returning: FileFailure(.storage, "\(file.name) cannot be read"))
                }
            }
        }
    }

    /// Why no signature vouches for a file that has no SHA-256 in its metadata.
    private func unproven(_ file: VerifiedFile, _ name: String) -> FileFailure? {
        switch SignatureVerifier.verify(path: file.path, trust: trust, at: now) {
        case .verified(let signature) where signature.file == file.sha256: nil
        case .verified: FileFailure(.storage, "\(name) changed while it was verified")
        case .unsigned: FileFailure(.unproven, "\(name) has no SHA-256 in the metadata and no signature: a SHA-1 proves nothing")
        case .refused(let refusal):
            FileFailure(.unproven, "\(name) has no SHA-256 in the metadata, and its signature proves nothing: \(refusal.message.prefix(300))")
        }
    }

    /// The names in files that are cabinets, of those that are had. Blocking.
    static func members(_ outcomes: [FileDownload: FileOutcome]) -> [FileDownload: Set<String>] {
        var members: [FileDownload: Set<String>] = [:]
        for (file, outcome) in outcomes where LaunchRule.isCabinet(file.name) {
            switch outcome {
            case .present(let path), .downloaded(let path, _): members[file] = CabinetNames.of(path)
            case .failed: break
            }
        }
        return members
    }

    /// Of a regular file; nothing for what is absent or anything else.
    private func size(of path: String) -> Int64? {
        // Says of a link that it is one.
        guard let attributes = try? FileManager.default.attributesOfItem(atPath: path), attributes[.type] as? FileAttributeType == .typeRegular else {
            return nil
        }
        return (attributes[.size] as? NSNumber)?.int64Value
    }
}
