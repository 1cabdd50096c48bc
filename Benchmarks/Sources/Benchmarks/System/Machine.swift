import Foundation

/// What the figures are of.
enum Machine {
    static var text: String {
        let processors = (try? String(contentsOfFile: "/proc/cpuinfo", encoding: .utf8)) ?? ""
        let model = processors.split(separator: "\n").first { $0.hasPrefix("model name") }?.split(separator: ":").last ?? "unknown"
        let info = ProcessInfo.processInfo
        let load = (try? String(contentsOfFile: "/proc/loadavg", encoding: .utf8))?.split(separator: " ").first ?? "?"
        return "\(info.processorCount) ×\(model), \(info.physicalMemory >> 30) GiB, \(info.operatingSystemVersionString); load \(load)"
    }
}
