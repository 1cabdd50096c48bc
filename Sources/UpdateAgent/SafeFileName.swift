/// A file name from metadata, which anyone may have written, made into one that stays in its folder.
enum SafeFileName {
    /// The longest name kept, in bytes: what file systems take, less room for a digest.
    static let longest = 180

    /// The last component, without control characters, separators or what has a meaning to a shell, Windows or a terminal's text direction;
    /// `file` where nothing is left.
    static func make(_ name: String) -> String {
        let last = name.split(whereSeparator: { $0 == "/" || $0 == "\\" }).last.map(String.init) ?? ""
        var safe = ""
        for scalar in last.unicodeScalars {
            guard safe.utf8.count < longest else { break }
            safe.unicodeScalars.append(isPlain(scalar) ? scalar : "_")
        }
        while let first = safe.unicodeScalars.first, first == "." || first == " " || first == "-" { safe.unicodeScalars.removeFirst() }
        while let end = safe.unicodeScalars.last, end == "." || end == " " { safe.unicodeScalars.removeLast() }
        return safe.isEmpty ? "file" : safe
    }

    /// The same with a digest before the extension: for a second file of one name.
    static func make(_ safeName: String, digest: String) -> String {
        guard let dot = safeName.lastIndex(of: ".") else { return "\(safeName).\(digest)" }
        return "\(safeName[..<dot]).\(digest)\(safeName[dot...])"
    }

    private static func isPlain(_ scalar: Unicode.Scalar) -> Bool {
        if scalar.isASCII {
            return scalar.value >= 0x20 && scalar.value != 0x7f && !"\"'*:<>?|`$;&".unicodeScalars.contains(scalar)
        }
        return scalar.properties.isAlphabetic || scalar.properties.numericType != nil
    }
}
