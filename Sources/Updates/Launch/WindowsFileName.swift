/// A file as a command names it, read the way Windows would: the device decides what is started, so what could be read in two ways is refused.
struct WindowsFileName {
    /// Components in lower case; never empty.
    let components: [String]

    var path: String { components.joined(separator: "\\") }
    var name: String { components.last ?? "" }
    /// Behind the last dot of the name; empty where there is none.
    var fileExtension: String {
        guard let dot = name.lastIndex(of: ".") else { return "" }
        return String(name[name.index(after: dot)...])
    }

    /// Why a spelling is refused.
    struct Trick: Error, Hashable {
        let message: String
    }

    /// - Throws: ``Trick`` for what leaves the folder, or means something else than it shows.
    init(_ text: String) throws(Trick) {
        guard !text.isEmpty else { throw Trick(message: "is empty") }
        for scalar in text.unicodeScalars {
            switch scalar {
            case "\"", "'", "`": throw Trick(message: "has a quotation mark")
            case "%": throw Trick(message: "has an environment variable")
            case ":": throw Trick(message: "names a drive or an alternate stream")
            case "*", "?", "<", ">", "|": throw Trick(message: "has a character that no file name has")
            default:
                // What is not seen, and what turns the direction of writing.
                guard scalar.value >= 0x20, scalar.value != 0x7f, !Self.isInvisible(scalar) else {
                    throw Trick(message: "has a character that is not seen")
                }
            }
        }
        guard text.first != "\\", text.first != "/" else { throw Trick(message: "is an absolute path") }
        var components: [String] = []
        for component in text.split(omittingEmptySubsequences: false, whereSeparator: { $0 == "\\" || $0 == "/" }) {
            if component == "." { continue }
            guard !component.isEmpty else { throw Trick(message: "has two separators in a row") }
            guard component != ".." else { throw Trick(message: "leaves its folder") }
            // Windows drops them, so that two spellings are one file.
            guard component.last != ".", component.last != " ", component.first != " " else {
                throw Trick(message: "has a space or a dot at an end of a name")
            }
            components.append(component.lowercased())
        }
        guard !components.isEmpty else { throw Trick(message: "names a folder") }
        self.components = components
    }

    private static func isInvisible(_ scalar: Unicode.Scalar) -> Bool {
        switch scalar.properties.generalCategory {
        case .control, .format, .lineSeparator, .paragraphSeparator, .surrogate, .privateUse: true
        default: false
        }
    }
}

/// The words of a command line.
enum WindowsCommandLine {
    /// Words are parted by spaces outside quotes (the rule of CommandLineToArgvW, without its backslashes: those of a path are kept). Quotes and
    /// carets are taken away, since the programs that matter take them away too. Never more than ``mostWords``.
    static func words(_ text: String) -> [String] {
        var words: [String] = []
        var word = ""
        var isQuoted = false
        func end() {
            if !word.isEmpty { words.append(word) }
            word = ""
        }
        for scalar in text.unicodeScalars {
            guard words.count < mostWords else { return words }
            switch scalar {
            case "\"": isQuoted.toggle()
            case "^": break
            case " ", "\t", "\r", "\n", "\u{a0}":
                if isQuoted { word.unicodeScalars.append(scalar) } else { end() }
            default: word.unicodeScalars.append(scalar)
            }
        }
        end()
        return words
    }

    /// A command line has at most 32,767 characters (CreateProcess).
    static let mostWords = 32_768

    /// What could be a program in a word: each of its pieces between the signs that part commands, values and lists, and of a quoted word each
    /// word again; without folder, without an alternate stream, in lower case.
    static func programs(in word: String) -> [String] {
        word.split(whereSeparator: { "&|<>();,=!'`@ \t\"".contains($0) }).compactMap { piece in
            // A switch is no program: /cmd.
            if piece.first == "/", !piece.dropFirst().contains("/"), !piece.contains("\\") { return nil }
            let last = piece.split(whereSeparator: { $0 == "\\" || $0 == "/" }).last ?? ""
            // Of `cmd.exe:stream` the file; of a drive's `c:cmd` what follows.
            let parts = last.split(separator: ":")
            let file = parts.first.map { $0.count == 1 ? parts.dropFirst().first ?? $0 : $0 } ?? ""
            var name = Substring(file.lowercased())
            while let end = name.last, end == "." || end == " " { name.removeLast() }
            return name.isEmpty ? nil : String(name)
        }
    }
}
