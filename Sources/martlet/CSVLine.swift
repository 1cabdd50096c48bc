import ScanPolicy

/// One line of a CSV file (RFC 4180, without line breaks in fields).
enum CSVLine {
    /// A line of these fields, without its end.
    static func text(_ fields: [String]) -> String { fields.map(CSVCell.text).joined(separator: ",") }

    /// The fields, without the white space around them; nothing where quotation marks do not match.
    static func fields(_ line: String) -> [String]? {
        var fields: [String] = []
        var field = ""
        var isQuoted = false
        var wasQuoted = false
        var rest = Substring(line)
        while let character = rest.popFirst() {
            switch character {
            case "\"" where isQuoted && rest.first == "\"":
                field.append("\"")
                rest.removeFirst()
            case "\"" where isQuoted: isQuoted = false
            case "\"" where field.allSatisfy(\.isWhitespace) && !wasQuoted:
                field = ""
                isQuoted = true
                wasQuoted = true
            case "," where !isQuoted:
                fields.append(wasQuoted ? field : field.trimmed)
                field = ""
                wasQuoted = false
            case _ where wasQuoted && !isQuoted:
                guard character.isWhitespace else { return nil }
            default: field.append(character)
            }
        }
        guard !isQuoted else { return nil }
        return fields + [wasQuoted ? field : field.trimmed]
    }
}

extension String {
    fileprivate var trimmed: String {
        var text = Substring(self)
        while text.first?.isWhitespace == true { text.removeFirst() }
        while text.last?.isWhitespace == true { text.removeLast() }
        return String(text)
    }
}
