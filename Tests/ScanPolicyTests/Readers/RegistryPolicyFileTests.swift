import ScanPolicy
import TestSupport
import Testing

@Suite struct RegistryPolicyFileTests {
    private func read(_ bytes: [UInt8], limits: PolicyFileLimits = .standard) throws(PolicyFileError) -> [RegistryEntry] {
        try RegistryPolicyFile.read(bytes, file: "Registry.pol", limits: limits)
    }

    private func file(_ entries: [UInt8]...) -> [UInt8] { Fixtures.policyHeader + entries.flatMap { $0 } }

    @Test func `values of all types are read with their bytes`() throws {
        let data: [(UInt32, [UInt8])] = [
            (0, [1]), (1, Fixtures.utf16("text\0", mark: false)), (2, Fixtures.utf16("%x%\0", mark: false)), (3, [0, 255]), (4, [1, 0, 0, 0]),
            (5, [0, 0, 0, 1]), (6, Fixtures.utf16("link", mark: false)), (7, Fixtures.utf16("a\0b\0\0", mark: false)), (8, [8]), (9, [9]), (10, [10]),
            (11, [5, 0, 0, 0, 0, 0, 0, 0]),
        ]
        let bytes = data.reduce(Fixtures.policyHeader) { $0 + Fixtures.policyEntry("K", "v\($1.0)", $1.0, $1.1) }
        let entries = try read(bytes)
        #expect(entries.map(\.name) == data.map { "v\($0.0)" })
        for (entry, (type, bytes)) in zip(entries, data) {
            guard case .set(let found) = entry.action else { return #expect(Bool(false), "\(entry)") }
            #expect(found.type.rawValue == type)
            #expect(found.bytes == bytes)
        }
        guard case .set(let dword) = entries[4].action, case .set(let big) = entries[5].action, case .set(let multi) = entries[7].action else {
            return
        }
        #expect(dword.number == 1)
        #expect(big.number == 1)
        #expect(multi.strings == ["a", "b"])
    }

    @Test func `every entry says where it begins`() throws {
        let one = Fixtures.policyEntry("K", "a", 4, [1, 0, 0, 0])
        #expect(try read(file(one, one)).map(\.byteOffset) == [8, 8 + one.count])
    }

    @Test func `orders to delete are no values`() throws {
        let space = Fixtures.utf16(" \0", mark: false)
        let bytes = file(
            Fixtures.policyEntry("K", "**Del.Old", 1, space), Fixtures.policyEntry("K", "**DelVals.", 1, space),
            Fixtures.policyEntry("K", "**DelVals", 1, space),
            Fixtures.policyEntry("K", "**DeleteValues", 1, Fixtures.utf16("one;two\0", mark: false)),
            Fixtures.policyEntry("K", "**DeleteKeys", 1, Fixtures.utf16("Sub\0", mark: false)),
            Fixtures.policyEntry("K", "**soft.New", 4, [1, 0, 0, 0]), Fixtures.policyEntry("K", "**SecureKey", 4, [1, 0, 0, 0]),
            Fixtures.policyEntry("K", "", 0, []))
        let entries = try read(bytes)
        #expect(
            entries.map(\.action) == [
                .deleteValue, .deleteAllValues, .deleteAllValues, .deleteValue, .deleteValue, .deleteKey, .setIfAbsent(.dword(1)), .key, .key,
            ])
        #expect(entries.map(\.name) == ["Old", "", "", "one", "two", "", "New", "", ""])
        #expect(entries[5].key == #"K\Sub"#)
    }

    @Test func `a name that begins with a joining mark is deleted like any other`() throws {
        // U+FF9F joins with the point before it into one character of a String.
        let entries = try read(file(Fixtures.policyEntry("K", "**del.\u{ff9f}x", 1, Fixtures.utf16(" \0", mark: false))))
        #expect(entries.map(\.action) == [.deleteValue])
        #expect(entries.map(\.name) == ["\u{ff9f}x"])
    }

    @Test func `an order that is not known is refused`() {
        let error = refusal { () throws(PolicyFileError) in try read(file(Fixtures.policyEntry("K", "**Erase.x", 1, []))) }
        #expect(error?.code == .unsupported)
        #expect(error?.byteOffset == 8 + 2 + 4 + 2)
    }

    @Test func `a file cut anywhere is refused, or ends with an entry`() throws {
        let whole = file(Fixtures.policyEntry("Key", "a", 4, [1, 0, 0, 0]), Fixtures.policyEntry("Key", "b", 1, Fixtures.utf16("x\0", mark: false)))
        let entries = try read(whole)
        let ends: Set = [8, entries[1].byteOffset]
        for count in 0..<whole.count {
            let cut = Array(whole[..<count])
            if ends.contains(count) {
                #expect(try read(cut) == entries.filter { $0.byteOffset < count })
            } else {
                let error = refusal { () throws(PolicyFileError) in try read(cut) }
                #expect((0...count).contains(error?.byteOffset ?? -1), "\(count)")
            }
        }
    }

    @Test(arguments: [0, 1, 3, 5, 100, UInt32.max, 0x8000_0000])
    func `a size that does not fit its data is refused`(_ size: UInt32) {
        let bytes = file(Fixtures.policyEntry("K", "a", 4, [1, 0, 0, 0], size: size), Fixtures.policyEntry("K", "b", 4, [1, 0, 0, 0]))
        let code = refusal { () throws(PolicyFileError) in try read(bytes) }?.code
        #expect(size > 1 << 20 ? code == .tooLarge : code == .length)
    }

    @Test(arguments: [(4 as UInt32, 2), (4, 8), (5, 3), (11, 4)])
    func `a number of another size than its type is refused`(_ type: UInt32, _ size: Int) {
        let bytes = file(Fixtures.policyEntry("K", "a", type, Array(repeating: 0, count: size)))
        #expect(refusal { () throws(PolicyFileError) in try read(bytes) }?.code == .length)
    }

    @Test func `another signature, version or type is refused where it stands`() {
        var bytes = file(Fixtures.policyEntry("K", "a", 12, []))
        #expect(refusal { () throws(PolicyFileError) in try read(bytes) }?.code == .unsupported)
        bytes[4] = 2
        #expect(refusal { () throws(PolicyFileError) in try read(bytes) }?.byteOffset == 4)
        bytes[0] = 0x51
        #expect(refusal { () throws(PolicyFileError) in try read(bytes) }?.code == .syntax)
    }

    @Test func `limits hold to the byte`() throws {
        let bytes = file(Fixtures.policyEntry("KEY", "name", 3, [1, 2, 3]), Fixtures.policyEntry("KEY", "b", 3, [1]))
        func check(_ path: WritableKeyPath<PolicyFileLimits, Int>, _ needed: Int) throws {
            var limits = PolicyFileLimits.standard
            limits[keyPath: path] = needed
            #expect(try read(bytes, limits: limits).count == 2)
            limits[keyPath: path] = needed - 1
            #expect(refusal { () throws(PolicyFileError) in try read(bytes, limits: limits) }?.code == .tooLarge, "\(path)")
        }
        try check(\.file, bytes.count)
        try check(\.values, 2)
        try check(\.data, 3)
        try check(\.name, 4)
    }

    @Test func `ten thousand values are read`() throws {
        let bytes = (0..<10_000).reduce(into: Fixtures.policyHeader) { $0 += Fixtures.policyEntry("K", "v\($1)", 4, [1, 0, 0, 0]) }
        #expect(try read(bytes).count == 10_000)
    }

    @Test func `what is written reads back to the same`() throws {
        let entries =
            Fixtures.basics + [
                Fixtures.entry("K", "multi", .strings(["ä", "🦆"])),
                RegistryEntry(hive: .localMachine, key: "K", name: "gone", action: .deleteValue, byteOffset: 0),
                RegistryEntry(hive: .localMachine, key: "K2", name: "", action: .deleteAllValues, byteOffset: 0),
                RegistryEntry(hive: .localMachine, key: "K2", name: "soft", action: .setIfAbsent(.dword(7)), byteOffset: 0),
            ]
        #expect(plain(try read(RegistryPolicyFile.write(entries))) == entries)
    }

    @Test(.enabled(if: Samba.isInstalled, Comment(rawValue: Samba.absence)))
    func `python3-samba reads what is written, and writes what is read`() throws {
        let made = RegistryPolicyFile.write(Fixtures.basics)
        #expect(
            try Samba.entries(made) == [
                "\(Fixtures.key)\tWUServer\t1\t62\t\(Fixtures.url)", "\(Fixtures.key)\tWUStatusServer\t1\t62\t\(Fixtures.url)",
                "\(Fixtures.key)\\AU\tUseWUServer\t4\t4\t1", "\(Fixtures.key)\tSetProxyBehaviorForUpdateDetection\t4\t4\t0",
            ])
        let theirs = try Samba.run(
            """
            import sys
            from samba.dcerpc import preg, misc
            from samba.ndr import ndr_pack
            key = r"Software\\Policies\\Microsoft\\Windows\\WindowsUpdate"
            rows = [
                (key, "WUServer", misc.REG_SZ, "https://wsus.example.test:8531"),
                (key, "Path", misc.REG_EXPAND_SZ, "%SystemRoot%"),
                (key, "Blob", misc.REG_BINARY, b"\\x01\\x02\\x03"),
                (key, "Many", misc.REG_MULTI_SZ, b"a\\0\\0\\0b\\0\\0\\0\\0\\0"),
                (key, "Long", misc.REG_QWORD, 5),
                (key + r"\\AU", "UseWUServer", misc.REG_DWORD, 1),
                (key, "**del.TargetGroup", misc.REG_SZ, " "),
                (key, "**delvals.", misc.REG_SZ, " "),
            ]
            file = preg.file()
            file.header.signature, file.header.version, file.num_entries = "PReg", 1, len(rows)
            entries = []
            for row in rows:
                entry = preg.entry()
                entry.keyname, entry.valuename, entry.type, entry.data = row
                entries.append(entry)
            file.entries = entries
            open(sys.argv[1], "wb").write(ndr_pack(file))
            """)
        let entries = try read(theirs)
        #expect(
            entries.map(\.action) == [
                .set(.string(Fixtures.url)), .set(.string("%SystemRoot%", type: .expandString)),
                .set(RegistryData(type: .binary, bytes: [1, 2, 3])), .set(.strings(["a", "b"])),
                .set(RegistryData(type: .qword, bytes: [5, 0, 0, 0, 0, 0, 0, 0])), .set(.dword(1)), .deleteValue, .deleteAllValues,
            ])
        #expect(entries[6].name == "TargetGroup")
    }

    @Test(
        .enabled(if: Evidence.isPresent, Comment(rawValue: Evidence.absence)), .enabled(if: Samba.isInstalled, Comment(rawValue: Samba.absence)))
    func `a real file reads as python3-samba reads it`() throws {
        let bytes = try Evidence.bytes("policy/nsacyber-Windows-Computer-registry.pol")
        let ours = try read(bytes).map { entry in
            switch entry.action {
            case .set(let data): "\(entry.key)\t\(entry.name)\t\(data.type.rawValue)\t\(data.bytes.count)"
            default: "\(entry.key)\t\(entry.action)\t\(entry.name)"
            }
        }
        let theirs = try Samba.entries(bytes).map { $0.split(separator: "\t", omittingEmptySubsequences: false) }
        #expect(ours.count == theirs.count)
        for (our, their) in zip(ours, theirs) where !their[1].hasPrefix("**") { #expect(our == their.prefix(4).joined(separator: "\t")) }
    }
}
