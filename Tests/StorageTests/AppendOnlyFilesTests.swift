import Foundation
import TestSupport
import Testing

@testable import Storage

struct AppendOnlyFilesTests {
    private func files(_ folder: TemporaryFolder, committed: [Int: Int64] = [:], rollover: Int64 = 10) throws -> AppendOnlyFiles {
        try AppendOnlyFiles(folder: folder.path + "/pack", suffix: "pack", committed: committed, rollover: rollover)
    }

    private func append(_ text: String, to files: inout AppendOnlyFiles) throws -> FilePosition {
        let position = try files.startEntry()
        for byte in Array(text.utf8) { try withUnsafeBytes(of: byte) { try files.write($0) } }
        return position
    }

    private func text(_ files: AppendOnlyFiles, _ number: Int) -> String? {
        (try? Data(contentsOf: URL(filePath: files.path(of: number)))).map { String(decoding: $0, as: UTF8.self) }
    }

    @Test func `entries stand one after another, and a full file takes no further one`() throws {
        let folder = try TemporaryFolder()
        var files = try files(folder)
        #expect(try append("12345", to: &files) == FilePosition(file: 1, offset: 0))
        #expect(try append("6789", to: &files) == FilePosition(file: 1, offset: 5))
        #expect(try append("abc", to: &files) == FilePosition(file: 1, offset: 9))
        #expect(try append("d", to: &files) == FilePosition(file: 2, offset: 0))
        #expect(files.changes == [1: 12, 2: 1])
        try files.sync()
        files.commit()
        #expect(files.changes.isEmpty)
        #expect(files.committed == [1: 12, 2: 1])
        #expect(text(files, 1) == "123456789abc")
        #expect(files.path(of: 1).hasSuffix("/pack/000001.pack"))
    }

    @Test func `what is rolled back is gone from the files, and its place is used again`() throws {
        let folder = try TemporaryFolder()
        var files = try files(folder)
        _ = try append("12345678", to: &files)
        files.commit()
        _ = try append("uncommitted", to: &files)
        _ = try append("in a new file", to: &files)
        files.rollBack()
        #expect(text(files, 1) == "12345678")
        #expect(text(files, 2) == nil)
        #expect(try append("9", to: &files) == FilePosition(file: 1, offset: 8))
        #expect(text(files, 1) == "123456789")
    }

    @Test func `what was never committed is cut off at the start`() throws {
        let folder = try TemporaryFolder()
        var written = try files(folder)
        _ = try append("committed and more", to: &written)
        _ = try append("a file more", to: &written)
        var files = try files(folder, committed: [1: 9])
        #expect(text(files, 1) == "committed")
        #expect(text(files, 2) == nil)
        #expect(try append("!", to: &files) == FilePosition(file: 1, offset: 9))
        #expect(text(files, 1) == "committed!")
    }

    @Test func `a first file that was never committed is gone at the start`() throws {
        let folder = try TemporaryFolder()
        var written = try files(folder)
        _ = try append("never committed", to: &written)
        let files = try files(folder)
        #expect(text(files, 1) == nil)
    }

    @Test(arguments: ["shorter", nil])
    func `a file that lost committed bytes is left alone, and the next one takes what comes`(content: String?) throws {
        let folder = try TemporaryFolder()
        var written = try files(folder)
        if let content { _ = try append(content, to: &written) } else { try Folder.make(folder.path + "/pack") }
        var files = try files(folder, committed: [1: 9])
        for _ in 1...2 {
            #expect(try append("new", to: &files) == FilePosition(file: 2, offset: 0))
            files.rollBack()
        }
        #expect(text(files, 1) == content)
    }
}
