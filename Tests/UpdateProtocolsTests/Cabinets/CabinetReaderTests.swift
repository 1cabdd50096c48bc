import TestSupport
import Testing
import UpdateProtocols

@Suite struct CabinetReaderTests {
    @Test(arguments: CabinetWriter.Compression.allCases)
    func `members come out as they went in, whatever the compression`(compression: CabinetWriter.Compression) throws {
        let members: [(name: String, bytes: [UInt8])] = [
            ("empty", []), ("one", [7]), ("text", Array("a member, a member, a member".utf8)), ("large", noise(100_000)),
            ("after", Array("the end".utf8)),
        ]
        let read = try contents(of: CabinetWriter(compression, members).bytes())
        #expect(read.count == members.count)
        for (name, bytes) in members { #expect(read[name] == bytes, "\(name)") }
    }

    @Test func `folders of several compressions are read in one cabinet`() throws {
        let folders = CabinetWriter.Compression.allCases.map { CabinetWriter.Folder($0, [("in \($0)", noise(40_000))]) }
        let read = try contents(of: CabinetWriter(folders).bytes())
        #expect(read.keys.sorted() == ["in lzx", "in mszip", "in stored"])
        #expect(read.values.allSatisfy { $0 == noise(40_000) })
    }

    @Test func `a member is handed over in pieces`() throws {
        let reader = try CabinetReader(CabinetBytes(CabinetWriter(.mszip, [("zeros", [UInt8](repeating: 0, count: 1 << 20))]).bytes()))
        var largest = 0
        var total = 0
        try reader.read(try reader.member("zeros")) {
            largest = max(largest, $0.count)
            total += $0.count
        }
        #expect(total == 1 << 20)
        #expect(largest <= 64 << 10)
    }

    @Test func `members can be read in any order, and again`() throws {
        let members: [(name: String, bytes: [UInt8])] = [("a", noise(50_000, seed: 2)), ("b", noise(50_000, seed: 3)), ("c", noise(5, seed: 4))]
        let reader = try CabinetReader(CabinetBytes(CabinetWriter(.mszip, members).bytes()))
        for name in ["c", "a", "b", "a"] {
            var bytes: [UInt8] = []
            try reader.read(try reader.member(name)) { bytes.append(contentsOf: $0) }
            #expect(bytes == members.first { $0.name == name }?.bytes)
        }
    }

    @Test func `what the taker throws ends the reading, and other folders can be read on`() throws {
        struct Enough: Error {}
        let reader = try CabinetReader(
            CabinetBytes(CabinetWriter([.init(.lzx, [("a", noise(90_000))]), .init(.lzx, [("b", [1])])]).bytes()))
        #expect(throws: Enough.self) { try reader.read(reader.members[0]) { _ in throw Enough() } }
        var bytes: [UInt8] = []
        try reader.read(reader.members[1]) { bytes.append(contentsOf: $0) }
        #expect(bytes == [1])
    }

    @Test func `a source that fails is said, not taken for the cabinet's fault`() {
        struct Broken: Error {}
        struct Source: CabinetSource {
            let size: Int64 = 100
            func read(into buffer: UnsafeMutableRawBufferPointer, at offset: Int64) throws -> Int { throw Broken() }
        }
        #expect(throws: Broken.self) { try CabinetReader(Source()) }
    }

    @Test func `names are words: backslashes are slashes, and none is a path`() throws {
        let names = ["c\\1", "..\\..\\etc\\passwd", "/absolute", "C:\\Windows", "l/en/1", " "]
        let read = try contents(of: CabinetWriter(.stored, names.map { ($0, [1]) }).bytes())
        #expect(read.keys.sorted() == [" ", "../../etc/passwd", "/absolute", "C:/Windows", "c/1", "l/en/1"])
    }

    @Test(.enabled(if: Evidence.isPresent, Comment(rawValue: Evidence.absence)))
    func `a cabinet of cabinets is read`() throws {
        let outer = try contents(of: Evidence.bytes("wsusscn2-vuls/wsusscn2.cab"))
        #expect(outer.keys.sorted() == ["index.xml", "package.cab", "package2.cab", "package3.cab"])
        #expect(try outer["index.xml"] == Evidence.bytes("wsusscn2-vuls/index.xml"))
        for (cabinet, folder) in [("package.cab", "package"), ("package2.cab", "package2")] {
            let inner = try contents(of: try #require(outer[cabinet]))
            for file in try Evidence.files(in: "wsusscn2-vuls/\(folder)/") {
                let name = String(file.dropFirst("wsusscn2-vuls/\(folder)/".count))
                #expect(try inner[name] == Evidence.bytes(file), "\(file)")
            }
        }
    }
}
