import Foundation
import Glibc
import UpdateEngine

/// From the start of a process to a listener that is ready, and the anonymous memory it then has.
enum ColdStart {
    static func rows(_ bench: Bench, count: Int, seconds: Double, bytes: Double) async throws -> [Row] {
        try await bench.withCopy(count) { home, _ in
            var walls: [Double] = []
            var cpus: [Double] = []
            var memory: [Double] = []
            for _ in 0..<(bench.isQuick ? 1 : 5) {
                Self.dropFromCache(home.path)
                let start = ContinuousClock.now
                let child = try Child.this(["serve", "--home", home.path])
                _ = try child.line(startingWith: "ready")
                walls.append((ContinuousClock.now - start).seconds)
                cpus.append(child.facts.cpuSeconds)
                memory.append(Double(child.facts.anonymousBytes))
                child.end()
            }
            let name = "cold start, \(count) revisions"
            return [
                .atMost(seconds, .seconds, name, walls.median, note: "CPU \(format(cpus.median, 2)) s"),
                .atMost(bytes, .bytes, "\(name): anonymous memory", memory.median),
            ]
        }
    }

    /// Asks the kernel to forget what it has of the home's files, so that a start reads them from disk.
    private static func dropFromCache(_ folder: String) {
        guard let paths = FileManager.default.enumerator(atPath: folder) else { return }
        for case let name as String in paths {
            let descriptor = open("\(folder)/\(name)", O_RDONLY)
            guard descriptor >= 0 else { continue }
            fdatasync(descriptor)
            posix_fadvise(descriptor, 0, 0, POSIX_FADV_DONTNEED)
            close(descriptor)
        }
    }
}
