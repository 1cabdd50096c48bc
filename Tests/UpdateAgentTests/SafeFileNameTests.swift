import Testing

@testable import UpdateAgent

@Suite struct SafeFileNameTests {
    @Test(arguments: [
        ("plain", "windows11.0-kb5031455-x64.cab", "windows11.0-kb5031455-x64.cab"),
        ("a GUID", "0fa1201d-4330-4fa8-8ae9-b877473b6441_1.cab", "0fa1201d-4330-4fa8-8ae9-b877473b6441_1.cab"),
        ("a path", "/etc/passwd", "passwd"),
        ("up and out", "../../etc/passwd", "passwd"),
        ("a Windows path", "C:\\Windows\\x.dll", "x.dll"),
        ("two dots", "..", "file"),
        ("empty", "", "file"),
        ("only separators", "///", "file"),
        ("a hidden file", ".bashrc", "bashrc"),
        ("an option", "-rf", "rf"),
        ("a control character", "a\u{0}b\nc.cab", "a_b_c.cab"),
        ("an escape", "a\u{1b}[2Jb.cab", "a_[2Jb.cab"),
        ("turned text", "a\u{202e}gpj.exe", "a_gpj.exe"),
        ("what a shell reads", "a;b|c$d`e.cab", "a_b_c_d_e.cab"),
        ("another script", "обновление.cab", "обновление.cab"),
        ("a space at the end", "a.cab ", "a.cab"),
    ])
    func `a name stays a name and in its folder`(name: String, given: String, made: String) {
        #expect(SafeFileName.make(given) == made)
    }

    @Test(arguments: [179, 180, 181, 5000])
    func `a long name is cut`(length: Int) {
        let name = SafeFileName.make(String(repeating: "a", count: length))
        #expect(name.utf8.count == min(length, 180))
    }

    @Test(arguments: [("a.cab", "a.DIGEST.cab"), ("a", "a.DIGEST"), ("a.tar.gz", "a.tar.DIGEST.gz")])
    func `a digest stands before the extension`(name: String, made: String) {
        #expect(SafeFileName.make(name, digest: "DIGEST") == made)
    }
}
