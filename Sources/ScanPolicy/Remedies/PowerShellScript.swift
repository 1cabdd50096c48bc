/// PowerShell that sets registry values in a policy object or on a computer, and takes them back.
enum PowerShellScript {
    static func policy(_ values: [RegistryEntry]) -> [UInt8] {
        var lines = [
            "#Requires -RunAsAdministrator",
            "# With -GroupPolicyObject: into that object of the domain (GroupPolicy module). Without: into the registry of this computer.",
            "# -Undo takes the values away again.", "param([string]$GroupPolicyObject, [switch]$Undo)", "$ErrorActionPreference = 'Stop'",
            "$values = @(",
        ]
        for (index, entry) in values.enumerated() {
            guard case .set(let data) = entry.action, let value = literal(data) else { continue }
            let comma = index == values.count - 1 ? "" : ","
            lines.append(
                "    @{ Key = \(quoted(entry.key)); Name = \(quoted(entry.name)); Type = \(quoted(type(data))); Value = \(value) }\(comma)")
        }
        lines += [
            ")", "foreach ($value in $values) {", "    if ($GroupPolicyObject) {", "        $key = 'HKLM\\' + $value.Key", "        if ($Undo) {",
            "            Remove-GPRegistryValue -Name $GroupPolicyObject -Key $key -ValueName $value.Name -ErrorAction SilentlyContinue | Out-Null",
            "        } else {",
            "            Set-GPRegistryValue -Name $GroupPolicyObject -Key $key -ValueName $value.Name -Type $value.Type -Value $value.Value | Out-Null",
            "        }", "    } else {", "        $key = 'HKLM:\\' + $value.Key", "        if ($Undo) {",
            "            Remove-ItemProperty -LiteralPath $key -Name $value.Name -ErrorAction SilentlyContinue", "        } else {",
            "            if (-not (Test-Path -LiteralPath $key)) { New-Item -Path $key -Force | Out-Null }",
            "            New-ItemProperty -LiteralPath $key -Name $value.Name -PropertyType $value.Type -Value $value.Value -Force | Out-Null",
            "        }", "    }", "}",
        ]
        return RemedyMaterial.text(lines)
    }

    private static func type(_ data: RegistryData) -> String { data.type == .dword ? "DWord" : "String" }

    private static func literal(_ data: RegistryData) -> String? { data.number.map { String($0) } ?? data.text.map(quoted) }

    /// A literal text. PowerShell takes the typographic quotation marks for the plain one, and two of them for one within.
    static func quoted(_ text: String) -> String {
        let marks: Set<Unicode.Scalar> = ["'", "\u{2018}", "\u{2019}", "\u{201a}", "\u{201b}"]
        return "'" + text.unicodeScalars.map { marks.contains($0) ? "\($0)\($0)" : String($0) }.joined() + "'"
    }
}
