import Foundation
import Glibc

/// What the kernel says of a process.
struct ProcessFacts {
    let pid: Int32

    static var own: ProcessFacts { ProcessFacts(pid: getpid()) }

    /// Bytes of anonymous memory it holds: mapped files are not in it.
    var anonymousBytes: Int {
        let status = (try? String(contentsOfFile: "/proc/\(pid)/status", encoding: .utf8)) ?? ""
        let line = status.split(separator: "\n").first { $0.hasPrefix("RssAnon:") }
        return (line?.split(separator: " ").dropFirst().first.flatMap { Int($0) } ?? 0) << 10
    }

    /// Seconds of processor time, its ended threads included.
    var cpuSeconds: Double {
        let fields = fields
        guard fields.count > 12, let user = Double(fields[11]), let system = Double(fields[12]) else { return .nan }
        return (user + system) / Double(sysconf(Int32(_SC_CLK_TCK)))
    }

    var children: [ProcessFacts] {
        let all = (try? FileManager.default.contentsOfDirectory(atPath: "/proc")) ?? []
        return all.compactMap { Int32($0) }.map(ProcessFacts.init).filter { $0.fields.dropFirst().first == "\(pid)" }
    }

    /// Of `/proc/PID/stat`, from the state on: the name before it, in brackets, may hold spaces.
    private var fields: [Substring] {
        let stat = (try? String(contentsOfFile: "/proc/\(pid)/stat", encoding: .utf8)) ?? ""
        return stat.split(separator: ")").last?.split(separator: " ") ?? []
    }
}

/// Takes the most anonymous memory that this process was seen with.
struct MemoryWatch {
    let start = ProcessFacts.own.anonymousBytes
    private(set) var peak = 0

    mutating func look() { peak = max(peak, ProcessFacts.own.anonymousBytes) }

    var growth: Int { max(0, peak - start) }
}
