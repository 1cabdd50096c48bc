import Foundation
import Storage
import Synchronization
import TestSupport
import TrustedTransport
import Updates

/// Payloads in a folder, and what was quarantined of them.
final class ScriptedFiles: FileStore {
    private struct Contents {
        var held: [SHA1Digest: HeldFile] = [:]
        var quarantined: [SHA1Digest] = []
    }

    let folder: TemporaryFolder
    private let contents = Mutex(Contents())

    init() throws {
        folder = try TemporaryFolder()
    }

    var quarantined: [SHA1Digest] { contents.withLock { $0.quarantined } }

    /// Writes a payload and holds it under its digests.
    func hold(_ bytes: [UInt8]) throws -> HeldFile {
        let file = try FileVerifier.verify(path: try folder.write(bytes, to: "file-\(UpdateID.random())"), size: nil, sha1: nil, sha256: nil)
        return hold(HeldFile(sha1: file.sha1, sha256: file.sha256, size: file.size, path: file.path))
    }

    /// Holds a record, whatever is on disk.
    @discardableResult
    func hold(_ file: HeldFile) -> HeldFile {
        contents.withLock { $0.held[file.sha1] = file }
        return file
    }

    func add(_ file: VerifiedFile, consume: Bool) async throws {}

    func lookup(_ sha1: SHA1Digest) -> HeldFile? { contents.withLock { $0.held[sha1] } }

    func quarantine(_ sha1: SHA1Digest) async throws {
        contents.withLock {
            $0.held[sha1] = nil
            $0.quarantined.append(sha1)
        }
    }

    func all() -> [HeldFile] { contents.withLock { Array($0.held.values) } }
}

extension HeldFile {
    /// Where devices are told to find it.
    var urlPath: String { "/Content/\(sha1.description.suffix(2))/\(sha1).cab" }
}
