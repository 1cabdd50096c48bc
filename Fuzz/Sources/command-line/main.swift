import FuzzTarget
import UpdateProtocols
import Updates

/// A program of any spelling is believed only where it is plainly the declared file; arguments of any kind are read. The first byte says what the
/// rest is.
fuzz { start, count in
    let input = bytes(start, count)
    guard let choice = input.first else { return 0 }
    let text = String(decoding: input.dropFirst(), as: UTF8.self)
    let kinds: [HandlerCommand.Kind] = [.program, .package, .patch, .module]
    let kind = kinds[Int(choice & 3)]
    let files: [LaunchRule.Brought] = [.init(name: "Setup.exe"), .init(name: "a.msi"), .init(name: "b.cab", members: ["sub\\in.exe"])]
    let findings = LaunchRule.findings([HandlerCommand(kind: kind, file: text)], files: files)
    if findings.isEmpty, kind == .program || kind == .package {
        let plain = text.lowercased().split(whereSeparator: { $0 == "/" || $0 == "\\" }).filter { $0 != "." }.joined(separator: "\\")
        require(["setup.exe", "setup", "a.msi", "b.cab", "sub\\in.exe", "sub\\in"].contains(plain), "believed: \(text.debugDescription)")
    }
    let command = HandlerCommand(kind: kind, file: "Setup.exe", arguments: [text])
    _ = LaunchRule.findings([command], files: files)
    require(LaunchRule.launchers(inArgumentsOf: [command]).count <= Launcher.all.count, "more launchers than there are")
    _ = try? input.dropFirst().withUnsafeBytes { try HandlerCommand.commands(ofFragment: $0) }
    return 0
}
