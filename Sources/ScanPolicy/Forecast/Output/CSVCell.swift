/// One cell of a CSV file (RFC 4180), safe to open in a spreadsheet.
public enum CSVCell {
    /// A cell in quotation marks where it needs them. What a spreadsheet would take for a formula begins with an apostrophe; line breaks and what
    /// else is not seen are written out (`\u{a}`).
    public static func text(_ field: String) -> String {
        var text = field.shown
        let first = text.unicodeScalars.first { $0 != " " && ($0.isASCII || !$0.properties.isWhitespace) }
        if let first, "=+-@|%＝＋－＠".unicodeScalars.contains(first) { text = "'" + text }
        let marks: [UInt8] = [UInt8(ascii: "\""), UInt8(ascii: ","), UInt8(ascii: ";"), UInt8(ascii: "'")]
        guard text.utf8.contains(where: marks.contains) else { return text }
        var quoted = "\""
        for character in text { quoted += character == "\"" ? "\"\"" : String(character) }
        return quoted + "\""
    }
}
