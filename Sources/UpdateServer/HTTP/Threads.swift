import Glibc
import Logging
import NIOCore
import NIOPosix

/// The threads of a listener for what would keep an event loop waiting.
struct Threads: Sendable {
    /// Reads files and long requests.
    let work: NIOThreadPool
    /// Makes pages: reads fragments, encodes and compresses.
    let pages: NIOThreadPool
    let verification: NIOThreadPool
    private let log: Logger

    init(pagesAtOnce: Int, log: Logger) {
        work = NIOThreadPool(numberOfThreads: max(4, System.coreCount))
        pages = NIOThreadPool(numberOfThreads: pagesAtOnce)
        verification = NIOThreadPool(numberOfThreads: 2)
        self.log = log
        work.start()
        pages.start()
        verification.start()
    }

    func shutdown() async {
        for pool in [work, pages, verification] {
            do { try await pool.shutdownGracefully() } catch { log.error("threads did not end: \(error)") }
        }
    }
}

/// How many files and connections the process may have open.
enum Descriptors {
    /// Raises the limit to what the system allows, and returns it. Where it stays at a shell's 1,024, few devices can connect.
    static func raiseLimit() -> Int {
        var limit = rlimit()
        guard getrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit) == 0 else { return 1024 }
        limit.rlim_cur = limit.rlim_max
        _ = setrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit)
        guard getrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit) == 0 else { return 1024 }
        return Int(min(limit.rlim_cur, rlim_t(Int32.max)))
    }
}
