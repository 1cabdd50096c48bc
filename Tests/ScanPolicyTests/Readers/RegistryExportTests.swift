import ScanPolicy
import TestSupport
import Testing

@Suite struct RegistryExportTests {
    private func read(_ text: String, limits: PolicyFileLimits = .standard) throws(PolicyFileError) -> [RegistryEntry] {
        try RegistryExport.read(Array(text.utf8), file: "pc.reg", limits: limits)
    }

    private static let header = "Windows Registry Editor Version 5.00\r\n\r\n"
    private static let key = "[HKEY_LOCAL_MACHINE\\K]\r\n"

    private func value(_ line: String) throws -> RegistryEntry? {
        try read(Self.header + Self.key + line + "\r\n").first { $0.action != .key }
    }

    static let lines: [(name: String, line: String, value: String, action: RegistryEntry.Action)] = [
        ("text", #""a"="b""#, "a", .set(.string("b"))),
        ("escapes", #""C:\\a\"b"="x\\y\"z""#, #"C:\a"b"#, .set(.string(#"x\y"z"#))),
        ("default value", #"@="b""#, "", .set(.string("b"))),
        ("dword", #""a"=dword:0000001f"#, "a", .set(.dword(31))),
        ("short dword", #""a"=dword:1F"#, "a", .set(.dword(31))),
        ("binary", #""a"=hex:00,ff"#, "a", .set(RegistryData(type: .binary, bytes: [0, 255]))),
        ("empty binary", #""a"=hex:"#, "a", .set(RegistryData(type: .binary, bytes: []))),
        ("text as hex", #""a"=hex(1):62,00,00,00"#, "a", .set(.string("b"))),
        ("expandable", #""a"=hex(2):25,00,00,00"#, "a", .set(.string("%", type: .expandString))),
        ("strings", #""a"=hex(7):61,00,00,00,62,00,00,00,00,00"#, "a", .set(.strings(["a", "b"]))),
        ("qword", #""a"=hex(b):01,00,00,00,00,00,00,00"#, "a", .set(RegistryData(type: .qword, bytes: [1, 0, 0, 0, 0, 0, 0, 0]))),
        ("continued", "\"a\"=hex:00,\\\r\n  01,\\\r\n  02", "a", .set(RegistryData(type: .binary, bytes: [0, 1, 2]))),
        ("deletion", #""a"=-"#, "a", .deleteValue),
        ("comment", #""a"=dword:1 ; why"#, "a", .set(.dword(1))),
        ("line end within text", "\"a\"=\"b\nc\"", "a", .set(.string("b\nc"))),
    ]

    @Test(arguments: lines.indices)
    func `each form of a value is read`(_ index: Int) throws {
        let row = Self.lines[index]
        let entry = try value(row.line)
        #expect(entry?.name == row.value, "\(row.name)")
        #expect(entry?.action == row.action, "\(row.name)")
    }

    static let broken: [(name: String, text: String, code: PolicyFileError.Code)] = [
        ("no header", "[HKEY_LOCAL_MACHINE\\K]", .unknownFormat),
        ("value before a key", header + #""a"="b""#, .syntax),
        ("unknown root", header + "[HKLX\\K]", .syntax),
        ("open bracket", header + "[HKEY_LOCAL_MACHINE\\K\r\n", .syntax),
        ("after a key", header + "[HKEY_LOCAL_MACHINE\\K] x\r\n", .syntax),
        ("no equals sign", header + key + #""a""# + "\r\n", .syntax),
        ("open text", header + key + #""a"="b"#, .truncated),
        ("single backslash", header + key + #""a"="C:\x""#, .syntax),
        ("word", header + key + #""a"=1"#, .syntax),
        ("nine digits", header + key + #""a"=dword:000000001"#, .length),
        ("no digits", header + key + #""a"=dword:"# + "\r\n", .syntax),
        ("half a byte", header + key + #""a"=hex:0"#, .truncated),
        ("two commas", header + key + #""a"=hex:00,,01"#, .syntax),
        ("type", header + key + #""a"=hex(c):00"#, .unsupported),
        ("short qword", header + key + #""a"=hex(b):00"#, .length),
        ("after the data", header + key + #""a"="b" c"#, .syntax),
        ("announced line", header + key + "\"a\"=hex:00,\\", .truncated),
        ("value in a deleted key", header + "[-HKEY_LOCAL_MACHINE\\K]\r\n\"a\"=\"b\"", .syntax),
        ("words", header + "hello", .syntax),
    ]

    @Test(arguments: broken.indices)
    func `what is no export is refused with its place`(_ index: Int) {
        let row = Self.broken[index]
        let error = refusal { () throws(PolicyFileError) in try read(row.text) }
        #expect(error?.code == row.code, "\(row.name): \(String(describing: error))")
        #expect((0...row.text.utf8.count).contains(error?.byteOffset ?? -1), "\(row.name)")
        #expect(error?.file == "pc.reg")
    }

    @Test func `UTF-16 and UTF-8 read alike, with their own places`() throws {
        let text = Self.header + "[HKEY_LOCAL_MACHINE\\K]\r\n\"ä🦆\"=dword:1\r\n\"b\"=dword:2\r\n"
        let wide = try RegistryExport.read(Fixtures.utf16(text), file: "a")
        let marked = try RegistryExport.read([0xef, 0xbb, 0xbf] + Array(text.utf8), file: "a")
        #expect(plain(wide) == plain(marked))
        #expect(plain(wide) == plain(try read(text)))
        let upToB = text.components(before: "\"b\"")
        #expect(wide.last?.byteOffset == 2 + 2 * upToB.utf16.count)
        #expect(marked.last?.byteOffset == 3 + upToB.utf8.count)
    }

    @Test func `places are right far into a long file`() throws {
        let comment = String(repeating: "; ä🦆 line of some length\r\n", count: 500)
        let text = Self.header + comment + Self.key + "\"b\"=oops"
        let error = refusal { () throws(PolicyFileError) in try RegistryExport.read(Fixtures.utf16(text), file: "a") }
        #expect(error?.byteOffset == 2 + 2 * text.components(before: "oops").utf16.count)
    }

    @Test func `REGEDIT4 has text of one byte a character`() throws {
        let text = "REGEDIT4\r\n\r\n[HKEY_LOCAL_MACHINE\\K]\r\n\"a\"=hex(2):25,61,25,00\r\n"
        #expect(plain(try read(text)).first?.action == .set(.string("%a%", type: .expandString)))
        let umlaut = "REGEDIT4\r\n\r\n[HKEY_LOCAL_MACHINE\\K]\r\n\"a\"=hex(2):e4,00\r\n"
        #expect(refusal { () throws(PolicyFileError) in try read(umlaut) }?.code == .unsupported)
    }

    @Test func `bytes of an unknown code page are not taken for letters`() throws {
        let bytes = Array("REGEDIT4\r\n\r\n[HKEY_LOCAL_MACHINE\\\(Fixtures.key)]\r\n\"WUServer\"=\"https://w".utf8) + [0xfc] + Array("sus\"\r\n".utf8)
        let reading = try PolicyReading.read(bytes, file: "pc.reg")
        let error = refusal { () throws(PolicyFileError) in try DeviceRecord(name: "pc", readings: [reading]) }
        #expect(error?.code == .encoding)
    }

    @Test func `a file cut anywhere is refused or gives a beginning of it`() throws {
        let text = Self.header + Self.key + "\"name\"=\"te\\\\xt\"\r\n\"b\"=hex(b):01,00,00,00,\\\r\n  00,00,00,00\r\n\"c\"=dword:00000001\r\n"
        let whole = try read(text)
        let bytes = Array(text.utf8)
        for count in 0..<bytes.count {
            do throws(PolicyFileError) {
                let part = try RegistryExport.read(Array(bytes[..<count]), file: "a")
                #expect(part.count <= whole.count)
            } catch {
                #expect((0...count).contains(error.byteOffset), "\(count)")
            }
        }
        let wide = Fixtures.utf16(text)
        for count in 3..<wide.count where !count.isMultiple(of: 2) {
            #expect(refusal { () throws(PolicyFileError) in try RegistryExport.read(Array(wide[..<count]), file: "a") } != nil)
        }
    }

    @Test func `limits hold to the byte`() throws {
        let text = Self.header + "[HKEY_LOCAL_MACHINE]\r\n\"name\"=hex:01,02,03\r\n"
        func check(_ path: WritableKeyPath<PolicyFileLimits, Int>, _ needed: Int) throws {
            var limits = PolicyFileLimits.standard
            limits[keyPath: path] = needed
            #expect(try read(text, limits: limits).count == 2)
            limits[keyPath: path] = needed - 1
            #expect(refusal { () throws(PolicyFileError) in try read(text, limits: limits) }?.code == .tooLarge, "\(path)")
        }
        try check(\.file, text.utf8.count)
        try check(\.values, 2)
        try check(\.data, 3)
        try check(\.name, 18)
    }

    @Test func `what is written reads back to the same`() throws {
        let entries =
            Fixtures.basics + [
                Fixtures.entry("K", "q\"u\\o", .string("a\"b\\c ä🦆")), Fixtures.entry("K", "", .string("default")),
                Fixtures.entry("K", "bare", RegistryData(type: .string, bytes: [0x61, 0])),
                Fixtures.entry("K", "bin", RegistryData(type: .binary, bytes: [0, 1, 255])), Fixtures.entry("K", "many", .strings(["a", "b"])),
                RegistryEntry(hive: .currentUser, key: "K", name: "gone", action: .deleteValue, byteOffset: 0),
                RegistryEntry(hive: .currentUser, key: "K", name: "", action: .deleteKey, byteOffset: 0),
            ]
        let bytes = RegistryExport.write(entries)
        #expect(bytes.starts(with: [0xff, 0xfe]))
        #expect(plain(try RegistryExport.read(bytes, file: "a")) == entries)
    }

    @Test(.enabled(if: Evidence.isPresent, Comment(rawValue: Evidence.absence)))
    func `a real export is read whole`() throws {
        let reading = try PolicyReading.read(try Evidence.bytes("policy/softlayer-wsus-client.reg"), file: "softlayer.reg")
        #expect(reading.format == .registryExport)
        #expect(plain(reading.entries).count == 16)
        let facts = try DeviceRecord(name: "pc", readings: [reading]).facts
        #expect(facts.policy[.wuServer] == "http://wsusdal0102.service.softlayer.com")
        #expect(facts.policy[.useWUServer] == 1)
        #expect(facts.policy[.noAutoUpdate] == 0)
        #expect(facts.source(of: .text(.wuServer)) == "softlayer.reg")
    }
}

extension String {
    fileprivate func components(before mark: String) -> String { firstRange(of: mark).map { String(self[..<$0.lowerBound]) } ?? self }
}
