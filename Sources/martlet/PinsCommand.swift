import ArgumentParser
import Glibc
import TrustedTransport
import UpdateEngine
import Updates

struct PinsCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "pins", abstract: "Pins of the server's certificates for devices.", subcommands: [Export.self, Withdraw.self])

    struct Export: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Write what pins the current and the next certificates in devices' store WindowsServerUpdateServices.",
            discussion: """
                From then on the server changes its certificate only to one whose pin was exported, after the time of publication. Export again \
                after each change. What is written was not tried on Windows: try it on one device first.
                """)
        @OptionGroup var options: HomeOptions
        @OptionGroup var output: JSONOption
        @Option(help: ArgumentHelp("reg, powershell, gpo (Registry.pol) or certificate (DER files and certutil lines).", valueName: "format"))
        var format: String
        @Option(
            name: .customLong("output"),
            help: ArgumentHelp("The folder to write to, made where it is missing; nothing in it is overwritten.", valueName: "dir"))
        var folder: String
        @Option(
            help: ArgumentHelp(
                "When devices will have the pins: yyyy-MM-ddTHH:mm:ssZ. Without it now, or the later time that was said before.", valueName: "time"),
            transform: { text in
                guard let time = Timestamp(text) else { throw ValidationError("\(text) is not a time") }
                return time
            })
        var published: Timestamp?

        private struct Report: Encodable {
            let files: [String]
            let status: CertificateStatus
        }

        func validate() throws {
            guard PinMaterial.Format(rawValue: format) != nil else {
                throw ValidationError("--format is \(PinMaterial.Format.allCases.map(\.rawValue).joined(separator: ", "))")
            }
        }

        func run() async throws {
            guard let format = PinMaterial.Format(rawValue: format) else { return }
            let folder = try AbsolutePath.of([self.folder])[0]
            guard mkdir(folder, 0o755) == 0 || errno == EEXIST else {
                throw EngineError(.failed, "cannot make \(folder): \(String(cString: strerror(errno)))")
            }
            // The gate closes before a pin leaves; what is in none of the files counts as published never.
            guard case .certificates(.pins(let pins, let names)) = try await options.perform(.certificates(.beginPins)) else {
                throw Outcome.unexpected()
            }
            let files = PinMaterial(pins, names: names).files(format)
            for file in files { try Self.write(file.bytes, to: "\(folder)/\(file.name)") }
            let publish = CertificateCommand.publishPins(pins.map(\.sha256.description), time: published)
            guard case .certificates(.status(let status)) = try await options.perform(.certificates(publish)) else { throw Outcome.unexpected() }
            if output.json { return try Terminal.json(Report(files: files.map { "\(folder)/\($0.name)" }, status: status)) }
            for file in files { Terminal.print("wrote \(folder)/\(file.name)") }
            let now = Timestamp.now
            if published == nil, ([status.current] + status.next).contains(where: { $0.publishedAt.map { $0 > now } ?? false }) {
                Terminal.print("Pins that were published for a later time keep it; --published gives an earlier one.")
            }
            CertsCommand.show(status)
        }

        private static func write(_ bytes: [UInt8], to path: String) throws {
            let descriptor = open(path, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0o644)
            guard descriptor >= 0 else { throw EngineError(.failed, "cannot make \(path): \(String(cString: strerror(errno)))") }
            defer { close(descriptor) }
            var rest = bytes[...]
            while !rest.isEmpty {
                let count = rest.withUnsafeBytes { Glibc.write(descriptor, $0.baseAddress, $0.count) }
                if count < 0, errno == EINTR { continue }
                guard count > 0 else { throw EngineError(.failed, "cannot write \(path): \(String(cString: strerror(errno)))") }
                rest = rest.dropFirst(count)
            }
            guard fsync(descriptor) == 0 else { throw EngineError(.failed, "cannot write \(path): \(String(cString: strerror(errno)))") }
        }
    }

    struct Withdraw: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Say that no device has pins any more: certificates change freely again.",
            discussion: "Take the pins from every device first. The certificate changes as if none had ever been exported.")
        @OptionGroup var options: HomeOptions
        @OptionGroup var output: JSONOption
        @Flag(help: "Without it nothing is done.")
        var pinsAreGone = false

        func run() async throws {
            guard pinsAreGone else {
                throw EngineError(
                    .refused, "a device that still has pins refuses the server after its next change: --pins-are-gone says that none has")
            }
            let answer = try await options.perform(.certificates(.withdrawPins))
            guard case .certificates(.status(let status)) = answer else { throw Outcome.unexpected() }
            if output.json { return try Terminal.json(status) }
            CertsCommand.show(status)
        }
    }
}
