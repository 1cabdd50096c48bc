import Foundation
import UpdateEngine
import UpdateProtocols

/// A device's requests in a file, so that a process that never did a device's work plays them back.
enum Recording {
    private struct Line: Codable {
        let operation: String
        let body: Data
    }

    static func write(_ requests: [RecordedRequest], to path: String) throws {
        try JSONEncoder().encode(requests.map { Line(operation: $0.operation.name, body: Data($0.body)) }).write(to: URL(filePath: path))
    }

    static func read(_ path: String) throws -> [RecordedRequest] {
        try JSONDecoder().decode([Line].self, from: Data(contentsOf: URL(filePath: path))).compactMap { line in
            DeviceOperation.allCases.first { $0.name == line.operation }.map { RecordedRequest(operation: $0, body: Array(line.body)) }
        }
    }
}

/// What playing a recording cost, of a process of its own.
struct Playback: Codable {
    /// Seconds of CPU of the first time after the start, and of those after it.
    var first = 0.0
    var later: [Double] = []
    /// Bytes that anonymous memory grew by at most, and what of it is left, since the home was opened.
    var growth = 0
    /// Of the answers, each time.
    var bytes: [Int] = []
    var left = 0

    /// Plays in a new process.
    ///
    /// - Parameter watchesMemory: looks at memory with every piece of an answer, which costs time; figures of time are worth nothing then.
    static func run(_ recording: String, home: Home, rounds: Int, watchesMemory: Bool) throws -> Playback {
        let arguments = ["play", recording, "--home", home.path, "--rounds", "\(rounds)"] + (watchesMemory ? ["--memory"] : [])
        return try JSONDecoder().decode(Playback.self, from: Data(Child.this(arguments).finish().utf8))
    }

    /// In this process.
    static func play(_ requests: [RecordedRequest], home: Home, rounds: Int, watchesMemory: Bool) async throws -> Playback {
        let server = try await InProcessServer.open(home)
        var playback = Playback()
        var watch = MemoryWatch()
        func once() async throws {
            var bytes = 0
            for request in requests {
                try await server.answer(request) {
                    bytes += $0.count
                    if watchesMemory { watch.look() }
                }
            }
            playback.bytes.append(bytes)
        }
        playback.first = try await timed { try await once() }.cpu
        for _ in 1..<max(2, rounds) { playback.later.append(try await timed { try await once() }.cpu) }
        playback.growth = watch.growth
        playback.left = max(0, ProcessFacts.own.anonymousBytes - watch.start)
        try await server.close()
        return playback
    }
}
