import ScanPolicy
import Testing

@Suite struct RegistryQueryTests {
    private func read(_ text: String, limits: PolicyFileLimits = .standard) throws(PolicyFileError) -> [RegistryEntry] {
        try RegistryQuery.read(Array(text.utf8), file: "query.txt", limits: limits)
    }

    private static let output = """
        \r
        HKEY_LOCAL_MACHINE\\SOFTWARE\\Policies\\Microsoft\\Windows\\WindowsUpdate\r
            WUServer    REG_SZ    https://wsus.example.test:8531\r
            A value    with spaces    REG_SZ    text  with    spaces\r
            (Default)    REG_SZ    x\r
            Empty    REG_SZ\r
            Blob    REG_BINARY    00FF\r
            Many    REG_MULTI_SZ    a\\0b\r
            Path    REG_EXPAND_SZ    %x%\r
            Long    REG_QWORD    0x100000001\r
        \r
        HKEY_LOCAL_MACHINE\\SOFTWARE\\Policies\\Microsoft\\Windows\\WindowsUpdate\\AU\r
            UseWUServer    REG_DWORD    0x1\r
        \r
        End of search: 9 match(es) found.\r

        """

    @Test func `values of all printed types are read`() throws {
        let entries = plain(try read(Self.output))
        #expect(
            entries.map(\.name) == ["WUServer", "A value    with spaces", "", "Empty", "Blob", "Many", "Path", "Long", "UseWUServer"])
        #expect(
            entries.map(\.action) == [
                .set(.string("https://wsus.example.test:8531")), .set(.string("text  with    spaces")), .set(.string("x")), .set(.string("")),
                .set(RegistryData(type: .binary, bytes: [0, 255])), .set(.strings(["a", "b"])), .set(.string("%x%", type: .expandString)),
                .set(RegistryData(type: .qword, bytes: [1, 0, 0, 0, 1, 0, 0, 0])), .set(.dword(1)),
            ])
    }

    @Test(arguments: ["Ende der Suche: 1 Übereinstimmungen gefunden.", "Fin de la recherche : 1 correspondance(s) trouvée(s)."])
    func `the last line may be in another language`(_ line: String) throws {
        #expect(plain(try read("HKEY_LOCAL_MACHINE\\K\n    a    REG_DWORD    0x1\n\n\(line)\n")).count == 1)
    }

    static let broken: [(String, PolicyFileError.Code)] = [
        ("    WUServer    REG_SZ    x", .syntax),
        ("HKEY_LOCAL_MACHINE\\K\n  WUServer    REG_SZ    x", .syntax),
        ("HKEY_LOCAL_MACHINE\\K\n    WUServer    REG_TEXT    x", .syntax),
        ("HKEY_LOCAL_MACHINE\\K\n    a    REG_DWORD    1", .value),
        ("HKEY_LOCAL_MACHINE\\K\n    a    REG_DWORD    0x1ffffffff", .value),
        ("HKEY_LOCAL_MACHINE\\K\n    a    REG_BINARY    0", .value),
        ("HKEY_LOCAL_MACHINE\\K\nERROR: The system was unable to find the specified registry key or value.", .syntax),
        ("HKEY_LOCAL_MACHINE\\K\nFEHLER: Der angegebene Schlüssel wurde nicht gefunden.", .syntax),
    ]

    @Test(arguments: broken.indices)
    func `what is no output of the command is refused`(_ index: Int) {
        let error = refusal { () throws(PolicyFileError) in try read(Self.broken[index].0) }
        #expect(error?.code == Self.broken[index].1, "\(Self.broken[index].0): \(String(describing: error))")
    }

    @Test func `limits hold to the byte`() throws {
        let text = "HKEY_LOCAL_MACHINE\n    a    REG_SZ    xyz\n"
        func check(_ path: WritableKeyPath<PolicyFileLimits, Int>, _ needed: Int) throws {
            var limits = PolicyFileLimits.standard
            limits[keyPath: path] = needed
            #expect(try read(text, limits: limits).count == 2)
            limits[keyPath: path] = needed - 1
            #expect(refusal { () throws(PolicyFileError) in try read(text, limits: limits) }?.code == .tooLarge, "\(path)")
        }
        try check(\.file, text.utf8.count)
        try check(\.values, 2)
        try check(\.data, 6)
        try check(\.name, 18)
    }

    @Test func `an output cut anywhere is refused or gives a beginning of it`() throws {
        let bytes = Array(Self.output.utf8)
        let whole = try read(Self.output).count
        for count in 0..<bytes.count {
            do throws(PolicyFileError) {
                #expect(try RegistryQuery.read(Array(bytes[..<count]), file: "a").count <= whole)
            } catch {
                #expect((0...count).contains(error.byteOffset))
            }
        }
    }
}
