import Foundation
import Testing
import UpdateProtocols
import Updates

/// A document with one manifest of the largest size seen (observed.md section 10), in a process of its own, so that no other test counts.
@Suite("Memory of a large document")
struct DocumentMemoryTests {
    @Test func `a document of 47 MB costs at most 64 MB`() async {
        await #expect(processExitsWith: .success) {
            let folder = FileManager.default.temporaryDirectory.appending(path: "martlet-\(UUID().uuidString)")
            try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
            defer { try? FileManager.default.removeItem(at: folder) }
            let file = folder.appending(path: "document.xml")
            let size = try LargeDocument.write(to: file)
            #expect(size > 47_000_000 && size < 48_000_000)

            let handle = try FileHandle(forReadingFrom: file)
            let before = try LargeDocument.anonymousBytes()
            var peak = before
            var reader = UpdateDocumentReader()
            var buffer = [UInt8](repeating: 0, count: 64 << 10)
            var pieces = 0
            while true {
                let count = buffer.withUnsafeMutableBytes { Glibc.read(handle.fileDescriptor, $0.baseAddress, $0.count) }
                if count <= 0 { break }
                try buffer.withUnsafeBytes { try reader.feed(UnsafeRawBufferPointer(rebasing: $0[..<count])) }
                pieces += 1
                if pieces % 4 == 0 { peak = max(peak, try LargeDocument.anonymousBytes()) }
            }
            let document = try reader.finish()
            peak = max(peak, try LargeDocument.anonymousBytes())

            let core = try #require(document.fragments.first { $0.kind == .core })
            #expect(core.bytes.count > 46_000_000)
            #expect(peak - before >= core.bytes.count, "the measure sees what is kept")
            #expect(peak - before <= 64 << 20, "\((peak - before) >> 20) MiB")
        }
    }
}

private enum LargeDocument {
    static func write(to file: URL) throws -> Int {
        try Data().write(to: file)
        let handle = try FileHandle(forWritingTo: file)
        var size = 0
        func write(_ text: String) throws {
            try handle.write(contentsOf: Data(text.utf8))
            size += text.utf8.count
        }
        let whole = SampleDocument.document(
            "<u:ApplicabilityRules><u:Metadata><assembly xmlns=\"urn:schemas-microsoft-com:asm.v3\">*</assembly></u:Metadata></u:ApplicabilityRules>")
        let parts = whole.split(separator: "*")
        try write(String(parts[0]))
        var number = 0
        while size < 47_000_000 {
            let elements = (0..<1000).map { _ in
                number += 1
                return "<update name=\"\(number)\"><component><assemblyIdentity name=\"Component-\(number)\" version=\"10.0.1.\(number % 1000)\" "
                    + "processorArchitecture=\"amd64\" publicKeyToken=\"31bf3856ad364e35\"/></component></update>"
            }
            try write(elements.joined())
        }
        try write(String(parts[1]))
        try handle.close()
        return size
    }

    /// Anonymous memory of this process: what `RssAnon` of /proc/self/status says.
    static func anonymousBytes() throws -> Int {
        let status = try String(contentsOfFile: "/proc/self/status", encoding: .utf8)
        let line = try #require(status.split(separator: "\n").first { $0.hasPrefix("RssAnon:") })
        return try #require(line.split(whereSeparator: \.isWhitespace).dropFirst().first.flatMap { Int($0) }) << 10
    }
}
