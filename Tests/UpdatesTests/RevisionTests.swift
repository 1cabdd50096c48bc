import Testing
import Updates

struct RevisionTests {
    static let identity = UpdateIdentity(updateID: .none, revisionNumber: RevisionNumber(rawValue: 1))

    @Test(
        arguments: [
            ("the language asked for", "pt-BR", "de", ["en", "de", "pt-br"], "pt-br"), ("else the default", "fr", "DE", ["en", "de"], "de"),
            ("else English", "fr", "es", ["de", "en"], "en"), ("else any", "fr", "es", ["ja", "ko"], "ja"),
            ("none where there is none", "en", "en", [], nil),
            ("the default where none is asked for", nil, "de", ["en", "de"], "de"),
        ] as [(String, String?, String, [String], String?)])
    func `the text of an update is in`(name: String, asked: String?, fallback: String, held: [String], expected: String?) {
        let metadata = RevisionMetadata(
            identity: Self.identity, type: .software, localizedTexts: held.map { LocalizedText(language: $0, title: "") }, defaultLanguage: fallback)
        #expect(metadata.text(in: asked)?.language == expected, "\(name)")
    }

    @Test func `chunked bytes are cut at every mebibyte, however they came`() {
        let bytes = (0..<(ChunkedBytes.chunkSize * 2 + 5)).map { UInt8(truncatingIfNeeded: $0 &* 31) }
        var pieces = ChunkedBytes()
        for start in stride(from: 0, to: bytes.count, by: 300_007) { pieces.append(contentsOf: bytes[start..<min(start + 300_007, bytes.count)]) }
        #expect(pieces.chunks.map(\.count) == [ChunkedBytes.chunkSize, ChunkedBytes.chunkSize, 5])
        #expect(pieces == ChunkedBytes(bytes))
        #expect(pieces.bytes == bytes)
        pieces.append(7)
        #expect(pieces.count == bytes.count + 1)
        #expect(pieces != ChunkedBytes(bytes))
    }

    @Test func `the lists of a status event are GUIDs between semicolons`() throws {
        let event = Event(
            instanceID: .none, deviceID: try #require(DeviceID("d")), timeAtTarget: Timestamp(millisecondsSince1970: 0), namespaceID: 1,
            eventID: .clientStatus, sourceID: 101, update: nil, win32HResult: 0, appName: "", replacementStrings: [],
            miscData: [
                "U=0FA1201D-4330-4FA8-8AE9-B877473B6441;nonsense;", "V=", "UU=5C9376AB-8CE6-464A-B136-22113DD69801",
                "U=5c9376ab-8ce6-464a-b136-22113dd69801",
            ])
        #expect(event.updateIDs("U").map(\.description) == ["0fa1201d-4330-4fa8-8ae9-b877473b6441", "5c9376ab-8ce6-464a-b136-22113dd69801"])
        #expect(event.updateIDs("V") == [])
        #expect(event.updateIDs("X") == [])
    }
}
