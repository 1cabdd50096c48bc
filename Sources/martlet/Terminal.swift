import Foundation
import Glibc
import Updates

/// What a person at a terminal, or a script behind a pipe, is shown.
enum Terminal {
    /// Writes a line to standard output, at once.
    static func print(_ text: String) {
        write(Array("\(text)\n".utf8), to: STDOUT_FILENO)
    }

    /// Writes lines to standard error, at once and made safe to show.
    static func complain(_ text: String) {
        for line in text.split(separator: "\n", omittingEmptySubsequences: false) {
            write(Array("\(DisplayText.escaped(String(line)))\n".utf8), to: STDERR_FILENO)
        }
    }

    /// A result that cannot be written is a failure of the command, whatever was done before.
    static func write(_ bytes: [UInt8], to descriptor: Int32 = STDOUT_FILENO) {
        var rest = bytes[...]
        while !rest.isEmpty {
            let count = rest.withUnsafeBytes { Glibc.write(descriptor, $0.baseAddress, $0.count) }
            if count < 0, errno == EINTR { continue }
            guard count > 0 else {
                guard descriptor == STDOUT_FILENO else { return }
                // A reader that has enough (`| head`) needs no message.
                if errno != EPIPE { complain("martlet: standard output cannot be written: \(String(cString: strerror(errno)))") }
                exit(1)
            }
            rest = rest.dropFirst(count)
        }
    }

    static let showsProgress = isatty(STDERR_FILENO) == 1

    /// Draws a bar on the last line of a terminal; nothing where there is none.
    static func progress(done: Int, total: Int, what: String) {
        guard showsProgress, total > 0 else { return }
        let width = 30
        let filled = width * done / total
        let bar = String(repeating: "#", count: filled) + String(repeating: ".", count: width - filled)
        write(Array("\r[\(bar)] \(done)/\(total) \(what)\u{1b}[K".utf8), to: STDERR_FILENO)
    }

    static func endProgress() {
        guard showsProgress else { return }
        write(Array("\r\u{1b}[K".utf8), to: STDERR_FILENO)
    }

    static func json(_ value: some Encodable) throws {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
        print(String(decoding: try encoder.encode(value), as: UTF8.self))
    }

    /// Rows under headings, columns as wide as their widest cell; texts are made safe to show.
    static func table(_ headings: [String], _ rows: [[String]]) {
        let safe = rows.map { $0.map(DisplayText.escaped) }
        let widths = headings.indices.map { column in
            ([headings] + safe).map { $0[column].count }.max() ?? 0
        }
        for row in [headings] + safe {
            let cells = row.enumerated().map { column, cell in
                column == row.count - 1 ? cell : cell + String(repeating: " ", count: widths[column] - cell.count)
            }
            print(cells.joined(separator: "  "))
        }
    }

    /// `Name: value` lines; a value that is empty is left out.
    static func fields(_ fields: [(name: String, value: String)]) {
        let width = fields.map(\.name.count).max() ?? 0
        for (name, value) in fields where !value.isEmpty {
            print("\(name):\(String(repeating: " ", count: width - name.count + 2))\(DisplayText.escaped(value))")
        }
    }
}
