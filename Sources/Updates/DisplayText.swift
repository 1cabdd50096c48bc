/// Texts of others made safe for a log line, a table or a terminal.
public enum DisplayText {
    /// Longer texts are cut, with `...`.
    public static let lengthLimit = 1000

    /// Replaces what could move the cursor, end the line, or reorder what stands around it: control characters, line and paragraph
    /// separators, bidirectional marks, and invisible characters, each by `\u{HEX}`; a backslash stays.
    public static func escaped(_ text: String) -> String {
        var escaped = ""
        for (count, scalar) in text.unicodeScalars.enumerated() {
            if count == lengthLimit { return escaped + "..." }
            if isUnsafe(scalar) {
                escaped += "\\u{\(String(scalar.value, radix: 16, uppercase: true))}"
            } else {
                escaped.unicodeScalars.append(scalar)
            }
        }
        return escaped
    }

    private static func isUnsafe(_ scalar: Unicode.Scalar) -> Bool {
        switch scalar.properties.generalCategory {
        // `Cf` holds the bidirectional marks, overrides and isolates, and the zero-width characters.
        case .control, .format, .lineSeparator, .paragraphSeparator, .surrogate, .privateUse, .unassigned: true
        default: false
        }
    }
}
