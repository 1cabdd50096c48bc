/// Why an update is not believed about what it starts.
public struct LaunchFinding: Hashable, Sendable, Codable {
    public enum Code: String, Sendable, Codable {
        /// It starts a file that its own document does not declare.
        case undeclared
        /// It starts a file that must be in a cabinet of its own, and the cabinet was not looked into, or does not have it.
        case notContained = "not-contained"
        /// The file is spelled so that it could be another one.
        case path
        /// It starts a program that starts whatever it is told to.
        case launcher
        /// It makes Windows Installer fetch something from elsewhere.
        case remote
    }

    public let code: Code
    /// For people. Its words from the document are anybody's: whoever shows it makes them safe.
    public let message: String

    public init(_ code: Code, _ message: String) {
        self.code = code
        self.message = message
    }
}

/// What an update may start: a file that its own document declares, and no launcher (ADR 0021).
public enum LaunchRule {
    /// A file that an update brings.
    public struct Brought: Hashable, Sendable {
        let name: String
        /// Of a cabinet, its members; nothing for one that was not looked into, and for what is none.
        let members: Set<String>?

        /// - Parameters:
        ///   - name: as the document has it.
        ///   - members: as ``member(_:)`` gives them.
        public init(name: String, members: Set<String>? = nil) {
            self.name = name
            self.members = members
        }
    }

    /// How the members of a cabinet are compared; nothing for one that nobody could start.
    public static func member(_ name: String) -> String? { (try? WindowsFileName(name))?.path }

    /// Whether a file may have others in it.
    public static func isCabinet(_ name: String) -> Bool { name.lowercased().hasSuffix(".cab") }

    /// Whether all that Microsoft's own service tells is believed: then nothing is found.
    public static func isExempt(_ provenance: Provenance) -> Bool { provenance.source == .microsoft && provenance.isVerified }

    /// What is wrong with what an update starts; empty if nothing is.
    ///
    /// - Parameter files: all that its own document declares. In a device: those that were verified.
    public static func findings(_ commands: [HandlerCommand], files: [Brought]) -> [LaunchFinding] {
        var findings: [LaunchFinding] = []
        for command in commands {
            if command.kind == .unread {
                findings.append(.init(.undeclared, "what it starts cannot be read"))
            } else if let file = command.file {
                findings += self.findings(file, command.kind, files)
            } else if command.kind == .program || command.kind == .package {
                findings.append(.init(.undeclared, "it starts something without saying what"))
            }
            for arguments in command.arguments { findings += self.findings(inArguments: arguments, command.kind) }
        }
        var seen: Set<LaunchFinding> = []
        return findings.filter { seen.insert($0).inserted }
    }

    private static func findings(_ text: String, _ kind: HandlerCommand.Kind, _ files: [Brought]) -> [LaunchFinding] {
        let shown = excerpt(text)
        // Whatever else is wrong with the spelling, a launcher is said to be one.
        let launcher = WindowsCommandLine.programs(in: text).lazy.compactMap { Launcher.named($0) }.first.map {
            LaunchFinding(.launcher, "\(shown) is \($0.name), which starts whatever it is told to (\($0.source.rawValue))")
        }
        let file: WindowsFileName
        do throws(WindowsFileName.Trick) {
            file = try WindowsFileName(text)
        } catch {
            return [LaunchFinding(.path, "the file it starts, \(shown), \(error.message)")] + (launcher.map { [$0] } ?? [])
        }
        if let launcher { return [launcher] }
        // Windows takes it from the update's files by itself, and nothing is passed to it.
        if kind == .module { return [] }
        if Launcher.scripts.contains(file.fileExtension) {
            return [LaunchFinding(.launcher, "\(shown) is a script: what runs it starts whatever it is told to")]
        }
        // CreateProcess adds the extension where there is none.
        let spellings = kind == .program && file.fileExtension.isEmpty ? [file.path, file.path + ".exe"] : [file.path]
        if files.contains(where: { brought in member(brought.name).map(spellings.contains) ?? false }) { return [] }
        let cabinets = files.filter { isCabinet($0.name) }
        if cabinets.contains(where: { !($0.members?.isDisjoint(with: spellings) ?? true) }) { return [] }
        guard !cabinets.isEmpty else { return [LaunchFinding(.undeclared, "it starts \(shown), which is not one of its files")] }
        let isUnknown = cabinets.contains { $0.members == nil }
        return [
            LaunchFinding(
                .notContained,
                isUnknown
                    ? "it starts \(shown), which would have to be in its cabinet \(excerpt(cabinets[0].name)): that was not looked into yet"
                    : "it starts \(shown), which is neither one of its files nor in its cabinet")
        ]
    }

    /// What Windows Installer would be made to fetch.
    private static func findings(inArguments text: String, _ kind: HandlerCommand.Kind) -> [LaunchFinding] {
        guard kind == .package || kind == .patch else { return [] }
        // The words, since quotes and carets go; all of it, since how Windows Installer parts it is its own affair.
        guard let place = WindowsCommandLine.words(text).first(where: isRemote) ?? (isRemote(text) ? text : nil) else { return [] }
        return [LaunchFinding(.remote, "its properties make Windows Installer fetch \(excerpt(place))")]
    }

    /// Launchers that an update's own program is told of, by name, each once. Half of what computer makers publish tells its program to run cmd, so
    /// it is nothing to withhold an update for; but whoever approves one from a source that is not sure is to know it.
    public static func launchers(inArgumentsOf commands: [HandlerCommand]) -> [String] {
        var names: [String] = []
        for text in commands.flatMap(\.arguments) {
            if text.lowercased().contains("%comspec%") { names.append("cmd") }
            for word in WindowsCommandLine.words(text) {
                names += WindowsCommandLine.programs(in: word).compactMap { Launcher.named(inArguments: $0)?.name }
            }
        }
        var seen: Set<String> = []
        return names.filter { seen.insert($0).inserted }
    }

    /// Whether an address or a share is anywhere in it: `TRANSFORMS=http://...`, `PATCH=|\\server\share`. Either slash is as good to Windows as the
    /// other, and no path on the device needs two in a row.
    private static func isRemote(_ text: String) -> Bool {
        let folded = String(text.lowercased().map { $0 == "/" ? "\\" : $0 })
        return folded.contains("\\\\") || folded.contains("\\??\\") || ["http:", "https:", "ftp:", "file:"].contains(where: folded.contains)
    }

    /// A piece of the document's text that a line has room for.
    private static func excerpt(_ text: String) -> String { text.count > 80 ? "\(text.prefix(80))…" : text }
}

extension RevisionMetadata {
    /// What is wrong with what this revision starts.
    ///
    /// - Parameter members: those of a cabinet that is held, by its SHA-1.
    public func launchFindings(members: (SHA1Digest) -> Set<String>?) -> [LaunchFinding] {
        guard !commands.isEmpty else { return [] }
        return LaunchRule.findings(
            commands, files: files.map { .init(name: $0.name, members: LaunchRule.isCabinet($0.name) ? members($0.sha1) : nil) })
    }
}
