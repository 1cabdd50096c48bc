import Testing

@testable import Updates

struct LaunchRuleTests {
    private func codes(
        _ program: String?, _ arguments: String = "", files: [LaunchRule.Brought] = [.init(name: "Setup.exe")], kind: HandlerCommand.Kind = .program
    ) -> [LaunchFinding.Code] {
        LaunchRule.findings([HandlerCommand(kind: kind, file: program, arguments: arguments.isEmpty ? [] : [arguments])], files: files).map(\.code)
    }

    @Test(arguments: ["Setup.exe", "setup.EXE", ".\\setup.exe", "./Setup.exe", "setup"])
    func `a file that the update declares may be started`(_ program: String) {
        #expect(codes(program, "/q /norestart") == [])
    }

    @Test(arguments: ["other.exe", "sub\\setup.exe", "Setup.exe.exe", "notepad.exe", "setup.com"])
    func `a file that it does not declare may not`(_ program: String) {
        #expect(codes(program) == [.undeclared])
    }

    /// What Windows would take for another file than is shown.
    @Test(arguments: [
        "..\\setup.exe", "sub\\..\\..\\setup.exe", "C:\\Windows\\setup.exe", "C:setup.exe", "\\setup.exe", "/setup.exe",
        "\\\\server\\share\\setup.exe",
        "\\\\?\\C:\\setup.exe", "\"Setup.exe\"", "%TEMP%\\setup.exe", "setup.exe ", "setup.exe.", "setup.exe. .", "setup.exe /q", "setup.exe:hidden",
        "setup.exe::$DATA",
        "sub\\\\setup.exe", "setup.exe\n", "setup\u{0}.exe", "setup\u{202e}exe.", "setup*.exe", "", ".", " setup.exe", "a.\\setup.exe",
    ])
    func `a spelling that could be another file is refused`(_ program: String) {
        #expect(codes(program) == [.path])
    }

    @Test(arguments: [
        "PsExec.exe", "psexec64.EXE", "sub\\powershell.exe", "CMD", "wscript.exe", "mshta.exe", "rundll32.exe", "Bginfo64.exe", "pwsh.exe",
    ])
    func `a launcher may not be started, declared or not`(_ program: String) {
        #expect(codes(program, files: [.init(name: program)]) == [.launcher])
        #expect(codes(program, files: []) == [.launcher])
    }

    @Test(arguments: ["..\\cmd.exe", "cmd.exe ", "cmd.exe.", "\"cmd.exe\"", "%SystemRoot%\\System32\\cmd.exe", "C:\\Windows\\System32\\cmd.exe:x"])
    func `a launcher in disguise is named as one too`(_ program: String) {
        #expect(codes(program) == [.path, .launcher])
    }

    @Test(arguments: ["install.cmd", "go.BAT", "x.ps1", "x.vbs", "x.hta", "x.msc"])
    func `a script may not be started`(_ program: String) {
        #expect(codes(program, files: [.init(name: program)]) == [.launcher])
    }

    @Test(arguments: [
        "/accepteula -s -d cmd.exe /c \"net user a b /add\"", "-s powershell -enc AAAA", "/run=powershell.exe",
        "\"C:\\Windows\\System32\\cmd.exe\" /c x",
        "pow\"ersh\"ell -c x", "c^m^d.exe /c", "%COMSPEC% /c x", "/q&cmd.exe", "a;mshta.exe http://host", "\"cmd /c calc\"", "REGSVR32.EXE. /s",
        "-x wmic",
    ])
    func `a launcher among arguments is named, and nothing is withheld for it`(_ arguments: String) {
        #expect(codes("Setup.exe", arguments) == [])
        let command = HandlerCommand(kind: .program, file: "Setup.exe", arguments: [arguments])
        #expect(!LaunchRule.launchers(inArgumentsOf: [command]).isEmpty, "\(arguments)")
    }

    @Test(arguments: [
        "/q", "WD /q", "/s /v\"/qn REBOOT=R\"", "/cmd", "/net", "-start", "start", "/log=%TEMP%\\setup.log", "https://host/", "\\\\server\\share",
    ])
    func `ordinary arguments are believed`(_ arguments: String) {
        #expect(codes("Setup.exe", arguments) == [])
        #expect(LaunchRule.launchers(inArgumentsOf: [HandlerCommand(kind: .program, file: "Setup.exe", arguments: [arguments])]) == [])
    }

    @Test(arguments: [
        "TRANSFORMS=http://host/a.mst", "PATCH=\\\\server\\share\\a.msp", "A=1;TRANSFORMS=//host/a", "TRANSFORMS=\"FILE://host/a\"",
        "TRANSFORMS=|\\\\host\\a.mst", "TRANSFORMS=@\\\\host\\a.mst", "TRANSFORMS=\\/host\\share\\a.mst", "TRANSFORMS=/\\host\\share\\a.mst",
        "TRANSFORMS=a.mst,\\\\host\\a.mst", "TRANSFORMS=:x;|\\\\host\\a.mst", "TRANSFORMS=\\\"\"\\host\\a.mst", "PATCH=\\^\\host\\a.msp",
        "PATCH=\\??\\UNC\\host\\a.msp", "PATCH=hTTp:\\host", "A=\" \\\\host\\a b\"",
    ])
    func `Windows Installer may not be made to fetch`(_ arguments: String) {
        for kind in [HandlerCommand.Kind.package, .patch] {
            #expect(codes(kind == .package ? "a.msi" : nil, arguments, files: [.init(name: "a.msi")], kind: kind) == [.remote])
        }
    }

    @Test func `what could not be read is not believed`() {
        #expect(codes(nil, kind: .unread) == [.undeclared])
    }

    @Test func `a package must be declared, properties are believed`() {
        #expect(codes("a.msi", "/l*v \"%TEMP%\\a.log\" DIR=\"C:\\Program Files\\A\" X=a/b", files: [.init(name: "a.msi")], kind: .package) == [])
        #expect(codes("A.msi", "REBOOT=ReallySuppress ALLUSERS=1", files: [.init(name: "a.MSI")], kind: .package) == [])
        #expect(codes("b.msi", files: [.init(name: "a.msi")], kind: .package) == [.undeclared])
        #expect(codes(nil, kind: .package) == [.undeclared])
        #expect(codes(nil) == [.undeclared])
        #expect(codes(nil, "REBOOT=R", kind: .patch) == [])
    }

    @Test func `a file in a cabinet counts once the cabinet was looked into`() {
        let names: Set<String> = Set(["Sub/Setup.exe", "a.msi"].compactMap(LaunchRule.member))
        #expect(codes("sub\\setup.exe", files: [.init(name: "x_1.cab")]) == [.notContained])
        #expect(codes("sub\\setup.exe", files: [.init(name: "x_1.CAB", members: names)]) == [])
        #expect(codes("a.msi", files: [.init(name: "x_1.cab", members: names)], kind: .package) == [])
        #expect(codes("setup.exe", files: [.init(name: "x_1.cab", members: names)]) == [.notContained])
        #expect(codes("cmd.exe", files: [.init(name: "x_1.cab", members: ["cmd.exe"])]) == [.launcher])
    }

    @Test func `what Windows' own installer loads is its own`() {
        #expect(codes("UpdateAgent.dll", files: [.init(name: "a.cab")], kind: .module) == [])
        #expect(codes("..\\UpdateAgent.dll", files: [], kind: .module) == [.path])
    }

    @Test func `only Microsoft's own service is believed unseen`() {
        #expect(LaunchRule.isExempt(Provenance(source: .microsoft, isVerified: true)))
        #expect(!LaunchRule.isExempt(Provenance(source: .microsoft, isVerified: false)))
        for source in [Provenance.Source.signedCabinet, .localImport, .sample, .upstream("host")] {
            #expect(!LaunchRule.isExempt(Provenance(source: source, isVerified: true)))
        }
    }

    @Test func `every launcher is a name that is found`() {
        #expect(Launcher.all.count > 100)
        for launcher in Launcher.all {
            #expect(launcher.name == launcher.name.lowercased())
            #expect(Launcher.named("\(launcher.name).exe") != nil)
            #expect(codes("\(launcher.name).exe", files: [.init(name: "\(launcher.name).exe")]) == [.launcher], "\(launcher.name)")
        }
        #expect(Set(Launcher.all.map(\.name)).count == Launcher.all.count)
    }

    @Test func `a command line of any length is read`() {
        let text = String(repeating: "\"a b\" ", count: 20_000)
        #expect(WindowsCommandLine.words(text).count == 20_000)
        #expect(WindowsCommandLine.words(String(repeating: "a ", count: 100_000)).count == WindowsCommandLine.mostWords)
    }
}
