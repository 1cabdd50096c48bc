import Testing
import Updates

@Suite struct DisplayTextTests {
    struct Row: CustomTestStringConvertible, Sendable {
        let testDescription: String
        let text: String
        let expected: String

        init(_ name: String, _ text: String, _ expected: String) {
            (testDescription, self.text, self.expected) = (name, text, expected)
        }
    }

    @Test(arguments: [
        Row("plain text", "KB5034441 (x64) \\ 100%", "KB5034441 (x64) \\ 100%"),
        Row("letters of other scripts", "Обновление 更新 café", "Обновление 更新 café"),
        Row("a line end", "a\r\nb", "a\\u{D}\\u{A}b"),
        Row("NUL", "a\u{0}b", "a\\u{0}b"),
        Row("a terminal's escape", "\u{1b}[2Jgone", "\\u{1B}[2Jgone"),
        Row("DEL and a C1 control", "\u{7f}\u{9b}31m", "\\u{7F}\\u{9B}31m"),
        Row("a right-to-left override", "exe.\u{202e}fdp", "exe.\\u{202E}fdp"),
        Row("isolates", "\u{2066}a\u{2069}", "\\u{2066}a\\u{2069}"),
        Row("left-to-right and right-to-left marks", "\u{200e}\u{200f}\u{61c}", "\\u{200E}\\u{200F}\\u{61C}"),
        Row("zero width", "a\u{200b}\u{feff}b", "a\\u{200B}\\u{FEFF}b"),
        Row("line and paragraph separators", "\u{2028}\u{2029}", "\\u{2028}\\u{2029}"),
        Row("nothing", "", ""),
    ])
    func `what could move or reorder other text is escaped, and nothing else`(row: Row) {
        #expect(DisplayText.escaped(row.text) == row.expected)
    }

    @Test func `a text at the limit stays, one beyond it is cut`() {
        let text = String(repeating: "x", count: DisplayText.lengthLimit)
        #expect(DisplayText.escaped(text) == text)
        #expect(DisplayText.escaped(text + "y") == text + "...")
    }

    @Test func `what was escaped holds nothing to escape`() {
        let all = String(String.UnicodeScalarView((0...0x2fff).compactMap(Unicode.Scalar.init)))
        for part in stride(from: 0, to: all.unicodeScalars.count, by: 500).map({ all.unicodeScalars.dropFirst($0).prefix(500) }) {
            let escaped = DisplayText.escaped(String(part))
            #expect(!escaped.unicodeScalars.contains { $0.properties.generalCategory == .control || $0.properties.generalCategory == .format })
        }
    }
}
