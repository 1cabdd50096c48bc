import ScanPolicy
public import Updates

/// What puts pins into a device's store `LocalMachine\WindowsServerUpdateServices` (docs/adr/0020).
///
/// A pin is the exact certificate, until devices were seen to accept something else. None of the forms was tried on Windows here.
public struct PinMaterial: Sendable {
    public enum Format: String, Codable, Sendable, CaseIterable {
        /// Text for `reg import`.
        case reg
        /// A script.
        case powershell
        /// Registry.pol, for the computer part of a group policy object.
        case gpo
        /// DER files and lines for certutil.
        case certificate
    }

    /// One certificate to be pinned.
    public struct Pin: Codable, Hashable, Sendable {
        /// DER.
        public let certificate: [UInt8]
        public let thumbprint: SHA1Digest
        public let sha256: SHA256Digest
        public let notBefore: Timestamp
        public let notAfter: Timestamp
        /// It is shown now; the others follow.
        public let isCurrent: Bool

        public init(_ certificate: HeldCertificate, isCurrent: Bool) {
            self.certificate = certificate.encoded
            thumbprint = certificate.thumbprint
            sha256 = certificate.sha256
            notBefore = certificate.notBefore
            notAfter = certificate.notAfter
            self.isCurrent = isCurrent
        }
    }

    public static let store = "WindowsServerUpdateServices"
    /// Where group policy keeps certificates of the computer ([MS-GPEF] 2.2.1.1 names the like for another store).
    static let key = "SOFTWARE\\Policies\\Microsoft\\SystemCertificates\\\(store)\\Certificates"

    let pins: [Pin]
    /// The names devices reach the server by: said in comments.
    let names: [String]

    public init(_ pins: [Pin], names: [String]) {
        self.pins = pins
        self.names = names
    }

    /// The files of a format, by name.
    public func files(_ format: Format) -> [(name: String, bytes: [UInt8])] {
        switch format {
        case .reg: [("pins.reg", registryText)]
        case .powershell: [("pins.ps1", Array(script.utf8))]
        case .gpo: [("Registry.pol", registryPolicy)]
        case .certificate:
            pins.map { (fileName($0), $0.certificate) } + [("certutil.txt", Array(certutilLines.utf8))]
        }
    }

    private func fileName(_ pin: Pin) -> String { "\(pin.thumbprint).cer" }

    private func remark(_ pin: Pin) -> String {
        let role = pin.isCurrent ? "current" : "next"
        return "\(role): SHA-256 \(pin.sha256), \(pin.notBefore.text(.date)) to \(pin.notAfter.text(.date))"
    }

    private var title: [String] {
        [
            "Pins of the update server \(names.joined(separator: ", ")).",
            "Predicted, not tried on Windows: with these in its store a device takes no other certificate from an update server.",
        ]
    }

    /// A certificate as the registry keeps it: properties of identifier, 1 and length, each a 32-bit number, and bytes; the SHA-1 of the
    /// certificate (3) and last the certificate (32) ([MS-GPEF] 2.2.1.1.1, which calls the second number reserved).
    static func blob(_ pin: Pin) -> [UInt8] {
        func property(_ id: UInt32, _ bytes: [UInt8]) -> [UInt8] {
            [id, 1, UInt32(truncatingIfNeeded: bytes.count)].flatMap(littleEndian) + bytes
        }
        return property(3, pin.thumbprint.bytes) + property(32, pin.certificate)
    }

    private static func littleEndian(_ number: UInt32) -> [UInt8] { (0..<4).map { UInt8(truncatingIfNeeded: number >> ($0 * 8)) } }

    private static func utf16(_ text: String) -> [UInt8] {
        text.utf16.flatMap { [UInt8(truncatingIfNeeded: $0), UInt8(truncatingIfNeeded: $0 >> 8)] }
    }

    /// UTF-16 with a mark, as regedit writes it.
    private var registryText: [UInt8] {
        var lines = ["Windows Registry Editor Version 5.00", ""] + title.map { "; \($0)" }
        for pin in pins {
            lines += ["", "; \(remark(pin))", "[HKEY_LOCAL_MACHINE\\\(Self.key)\\\(pin.thumbprint)]"]
            lines.append("\"Blob\"=hex:\(Self.blob(pin).map { Hexadecimal.lowercase([$0]) }.joined(separator: ","))")
        }
        return [0xff, 0xfe] + Self.utf16(lines.joined(separator: "\r\n") + "\r\n")
    }

    private var registryPolicy: [UInt8] {
        RegistryPolicyFile.write(
            pins.map { pin in
                RegistryEntry(
                    hive: .localMachine, key: "\(Self.key)\\\(pin.thumbprint)", name: "Blob",
                    action: .set(RegistryData(type: .binary, bytes: Self.blob(pin))), byteOffset: 0)
            })
    }

    private var script: String {
        var lines = title.map { "# \($0)" } + ["#Requires -RunAsAdministrator", "$ErrorActionPreference = 'Stop'", ""]
        // The store is made by the first certificate that is put into it by certutil; Import-Certificate wants it to be there.
        lines += [
            "$path = 'Cert:\\LocalMachine\\\(Self.store)'",
            "if (-not (Test-Path $path)) { New-Item -Path $path | Out-Null }",
            "function Add-Pin([string] $Base64) {",
            "    $file = [IO.Path]::GetTempFileName()",
            "    try {",
            "        [IO.File]::WriteAllBytes($file, [Convert]::FromBase64String($Base64))",
            "        Import-Certificate -FilePath $file -CertStoreLocation $path",
            "    } finally { Remove-Item $file }",
            "}",
        ]
        for pin in pins {
            lines += ["", "# \(remark(pin))", "Add-Pin '\(String(decoding: Base64.encode(pin.certificate), as: UTF8.self))'"]
        }
        lines += ["", "# To take them away: Remove-Item \"$path\\THUMBPRINT\" for \(pins.map(\.thumbprint.description).joined(separator: ", "))"]
        return lines.joined(separator: "\r\n") + "\r\n"
    }

    private var certutilLines: String {
        var lines = title.map { "rem \($0)" }
        for pin in pins { lines += ["rem \(remark(pin))", "certutil -f -addstore \(Self.store) \(fileName(pin))"] }
        lines.append("rem To take them away:")
        for pin in pins { lines.append("rem certutil -delstore \(Self.store) \(pin.thumbprint)") }
        return lines.joined(separator: "\r\n") + "\r\n"
    }
}
