import Logging
import NIOPosix
import Storage
import Synchronization
import TrustedTransport
import Updates

/// Serves no byte of a file before it was compared with its digests, once after each start and whenever the file on disk is another.
///
/// Requests for a file that is being compared wait for the one comparison. A file that fails is quarantined and said.
final class ContentVerification: Sendable {
    enum Verdict: Equatable {
        case good(ContentFile.Stamp)
        /// Other bytes than its digests promise; it is quarantined.
        case corrupt
        /// It could not be read to its end, which says nothing about its bytes.
        case unreadable
    }

    private enum Check {
        case running([CheckedContinuation<Verdict, Never>])
        case good(ContentFile.Stamp)
    }

    private let files: any FileStore
    /// Its own: hashing a file of several gigabytes takes a thread for many seconds.
    private let threads: NIOThreadPool
    private let log: Logger
    private let digest: @Sendable (HeldFile) throws -> Void
    private let checks = Mutex<[SHA1Digest: Check]>([:])

    /// - Parameter digest: reads the file and throws ``FileMismatch`` where it is another than it should be; blocks.
    init(
        files: any FileStore, threads: NIOThreadPool, log: Logger,
        digest: @escaping @Sendable (HeldFile) throws -> Void = {
            _ = try FileVerifier.verify(path: $0.path, size: $0.size, sha1: $0.sha1, sha256: $0.sha256)
        }
    ) {
        self.files = files
        self.threads = threads
        self.log = log
        self.digest = digest
    }

    /// Whether this very file was found good.
    func isVerified(_ file: HeldFile, _ stamp: ContentFile.Stamp) -> Bool {
        checks.withLock { checks in
            if case .good(let known) = checks[file.sha1] { known == stamp } else { false }
        }
    }

    /// Compares a file that is not known to be good, or waits for who does.
    func verify(_ file: HeldFile) async -> Verdict {
        await withCheckedContinuation { continuation in
            let isFirst = checks.withLock { checks in
                if case .running(let waiting) = checks[file.sha1] {
                    checks[file.sha1] = .running(waiting + [continuation])
                    return false
                }
                checks[file.sha1] = .running([continuation])
                return true
            }
            guard isFirst else { return }
            threads.submit { state in
                let verdict = state == .active ? self.compare(file) : .unreadable
                Task { await self.conclude(file, verdict) }
            }
        }
    }

    /// Blocks for as long as it takes to read the file.
    private func compare(_ file: HeldFile) -> Verdict {
        do {
            // A file that is replaced while it is read has another stamp when it is opened to be served, and is compared again.
            let stamp = try ContentFile(file.path).stamp
            try digest(file)
            return .good(stamp)
        } catch let mismatch as FileMismatch where mismatch.code == .size || mismatch.code == .sha1 || mismatch.code == .sha256 {
            log.error("a payload is corrupt and is not served: \(mismatch)", metadata: ["sha1": "\(file.sha1)"])
            return .corrupt
        } catch {
            log.error("a payload cannot be verified and is not served: \(error)", metadata: ["sha1": "\(file.sha1)"])
            return .unreadable
        }
    }

    private func conclude(_ file: HeldFile, _ verdict: Verdict) async {
        if verdict == .corrupt {
            do { try await files.quarantine(file.sha1) } catch { log.error("a corrupt payload could not be put aside: \(error)") }
        }
        let waiting = checks.withLock { checks -> [CheckedContinuation<Verdict, Never>] in
            guard case .running(let waiting) = checks[file.sha1] else { return [] }
            if case .good(let stamp) = verdict { checks[file.sha1] = .good(stamp) } else { checks[file.sha1] = nil }
            return waiting
        }
        for continuation in waiting { continuation.resume(returning: verdict) }
    }
}

extension ContentVerification {
    /// How many wait for a file's comparison.
    func waiting(for sha1: SHA1Digest) -> Int {
        checks.withLock { checks in
            if case .running(let waiting) = checks[sha1] { waiting.count } else { 0 }
        }
    }
}
