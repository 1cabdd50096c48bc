import ArgumentParser
import Logging
import UpdateEngine

/// The home that a command works on, and how it prints.
struct HomeOptions: ParsableArguments {
    @Option(help: ArgumentHelp("The server's home.", valueName: "dir"))
    var home: String

    /// Carries a request out as the home's owner, beside a running server or without one.
    func perform(_ request: ControlRequest, bytes: @escaping @Sendable ([UInt8]) -> Void = { _ in }) async throws -> ControlResult {
        let home = Home(path: home)
        try home.assumeOwner()
        let output = ControlOutput(
            progress: { Terminal.progress(done: $0.done, total: $0.total, what: $0.what) }, bytes: bytes)
        defer { Terminal.endProgress() }
        return try await ControlClient(home: home, log: Log.make(level: .warning)).perform(request, output: output)
    }
}

struct JSONOption: ParsableArguments {
    @Flag(help: "Print JSON (docs/cli-json.md).")
    var json = false
}

enum Log {
    /// Standard error; standard output is for results.
    static func make(level: Logger.Level) -> Logger {
        var logger = Logger(label: "martlet") { StreamLogHandler.standardError(label: $0) }
        logger.logLevel = level
        return logger
    }
}

/// What a command ends with when some of what was asked was refused.
enum Outcome {
    /// 0 if nothing was refused, 2 if something was done all the same, else 1.
    static func check(refused: Int, done: Int) throws {
        if refused > 0 { throw ExitCode(done > 0 ? 2 : 1) }
    }

    static func unexpected() -> EngineError {
        EngineError(.failed, "the server answered something else than was asked; are both of one version?")
    }
}
