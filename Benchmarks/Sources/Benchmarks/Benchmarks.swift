import ArgumentParser
import Foundation
import UpdateEngine
import UpdateServer

/// Measures what a device's questions cost; docs/benchmarks.md says how and has the figures.
@main
struct Benchmarks: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Measure Martlet.", subcommands: [Run.self, Describe.self, Profile.self, Play.self, Serve.self, Download.self],
        defaultSubcommand: Run.self)

    /// Where the homes of the benchmark catalogue are kept.
    struct Cache: ParsableArguments {
        @Option(name: .customLong("home"), help: "The folder for homes and scratch files; gigabytes.")
        var path = ".cache"
        @Flag(help: "Fewer rounds: minutes instead of an hour, and figures with more noise.")
        var quick = false

        var bench: Bench { Bench(cache: URL(filePath: path).standardizedFileURL.path(percentEncoded: false), isQuick: quick) }
    }
}

struct Run: AsyncParsableCommand {
    static let configuration = CommandConfiguration(abstract: "Measure and print one table.")

    @OptionGroup var cache: Benchmarks.Cache
    @Argument(help: "\(Measure.allCases.map(\.rawValue).joined(separator: ", ")); all if none is named.")
    var measures: [Measure] = []

    func run() async throws {
        var rows: [Row] = []
        var failures = 0
        for measure in measures.isEmpty ? Measure.allCases : measures {
            Progress.say(measure.rawValue)
            do {
                let found = try await measure.run(cache.bench)
                rows += found
                for row in found { Progress.say("  \(row.measure): \(row.figure)\(row.isMet == false ? "  MISSED" : "")") }
            } catch {
                failures += 1
                rows.append(Row(measure: measure.rawValue, figure: "not measured: \(error)"))
                Progress.say("  not measured: \(error)")
            }
        }
        print(Machine.text)
        print(Row.table(rows))
        if failures > 0 { throw ExitCode.failure }
    }
}

extension Measure: ExpressibleByArgument {}

struct Describe: AsyncParsableCommand {
    static let configuration = CommandConfiguration(commandName: "describe", abstract: "Print what the benchmark catalogue is like.")

    @Option(help: "Revisions.")
    var count = 20_000

    func run() async throws {
        print(try CatalogueFacts(CataloguePlan(count: count)).text)
    }
}

struct Profile: AsyncParsableCommand {
    static let configuration = CommandConfiguration(commandName: "profile", abstract: "Answer one delta again and again, for a profiler.")

    @OptionGroup var cache: Benchmarks.Cache
    @Option var count = 20_000
    @Option var seconds = 20.0

    func run() async throws {
        let seconds = seconds
        try await cache.bench.withServer(count) { server, catalogue in
            let request = try await Delta.request(server, catalogue)
            Progress.say("process \(getpid()) answers deltas for \(seconds) s")
            let end = ContinuousClock.now + .seconds(seconds)
            var answers = 0
            while ContinuousClock.now < end {
                try await server.answer(request) { _ in }
                answers += 1
            }
            print("\(answers) answers")
        }
    }
}

struct Play: AsyncParsableCommand {
    static let configuration = CommandConfiguration(abstract: "Play a recording back.", shouldDisplay: false)

    @Argument var recording: String
    @Option var home: String
    @Option var rounds: Int
    @Flag var memory = false

    func run() async throws {
        let requests = try Recording.read(recording)
        let playback = try await Playback.play(requests, home: Home(path: home), rounds: rounds, watchesMemory: memory)
        FileHandle.standardOutput.write(try JSONEncoder().encode(playback))
    }
}

struct Serve: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "serve", abstract: "Serve a home as `martlet serve` does, until killed.", shouldDisplay: false)

    @Option var home: String
    @Option var eventLoops: Int?

    func run() async throws {
        let home = Home(path: home)
        let lock = try home.lock()
        let engine = try await UpdateEngine.open(home, log: .benchmarks)
        var limits = DeviceLimits()
        // The load comes from one address: its pace would be measured, not the server.
        limits.handshakesPerSecond = nil
        let listener = try await DeviceListener.start(
            engine: engine, files: engine.files, identity: try engine.loadIdentity(), address: nil, port: 0, publicPort: nil,
            eventLoops: eventLoops, limits: limits, log: .benchmarks)
        FileHandle.standardOutput.write(Data("ready https://localhost:\(listener.port)\n".utf8))
        try await Task.sleep(for: .seconds(86_400))
        withExtendedLifetime(lock) {}
    }
}

struct Download: AsyncParsableCommand {
    static let configuration = CommandConfiguration(commandName: "load", abstract: "Download content again and again.", shouldDisplay: false)

    @Option var port: Int
    @Option var ca: String
    @Option var path: String
    @Option var size: Int
    @Option var count: Int
    @Option var connections: Int
    @Flag var ranges = false

    func run() async throws {
        let load = ContentLoad(port: port, ca: ca, path: path, size: size, inRanges: ranges, count: count, connections: connections)
        let bytes = try await load.run()
        guard bytes == count * (ranges ? ContentLoad.rangeBytes : size) else { throw Child.Failure(description: "\(bytes) bytes came") }
        print("\(count) requests, \(bytes) bytes")
    }
}
