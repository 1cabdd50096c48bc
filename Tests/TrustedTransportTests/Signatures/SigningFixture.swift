import Foundation
import TrustedTransport
import Updates

/// A throw-away PKI made by openssl, and programs and cabinets that osslsigncode signs with it.
final class SigningFixture: Sendable {
    static let isAvailable = OpenSSL.isInstalled && osslsigncode != nil
    static let absence = "openssl or osslsigncode is not installed"
    private static let osslsigncode: String? = ["/usr/bin/osslsigncode", "/usr/local/bin/osslsigncode"].first {
        FileManager.default.isExecutableFile(atPath: $0)
    }

    /// Made once: keys take their time.
    static let shared = Result { try SigningFixture() }

    let folder: TemporaryFolder
    /// After every certificate was made.
    let now: Timestamp

    private init() throws {
        let folder = try TemporaryFolder()
        self.folder = folder
        try Self.root(folder, "root", "Test Root")
        try Self.root(folder, "other", "Other Root")
        try Self.root(folder, "stamps", "Stamp Root")
        try Self.leaf(folder, "signer", "Test Publisher", by: "root", uses: "codeSigning")
        try Self.leaf(folder, "microsoft", "Microsoft Windows", by: "root", uses: "codeSigning", organisation: "Microsoft Corporation")
        try Self.leaf(folder, "server", "Test Server", by: "root", uses: "serverAuth")
        try Self.leaf(folder, "lifetime", "Lifetime Publisher", by: "root", uses: "codeSigning,1.3.6.1.4.1.311.10.3.13")
        try Self.leaf(folder, "weak", "Weak Publisher", by: "root", uses: "codeSigning", digest: "md5")
        try Self.leaf(folder, "old", "Old Publisher", by: "root", uses: "codeSigning", digest: "sha1")
        try Self.leaf(folder, "oldStamper", "Old Stamper", by: "stamps", uses: "critical,timeStamping", digest: "sha1")
        try Self.leaf(folder, "stamper", "Test Stamper", by: "stamps", uses: "critical,timeStamping")
        now = Timestamp(millisecondsSince1970: Int64(Date().timeIntervalSince1970 + 2) * 1000)
        try folder.write("plain.exe", SampleImage.bytes)
        try folder.write("plain.cab", SampleCabinet.bytes)
    }

    /// The certificate of that name in a role.
    func certificate(_ name: String, _ role: TrustedCertificate.Role) throws -> TrustedCertificate {
        let found = try SigningTrust.certificates(of: try folder.bytes("\(name).pem"), named: name)
        return TrustedCertificate(role: role, der: found[0])
    }

    /// The publisher's root and the stamps' root.
    func publisherTrust() throws -> SigningTrust {
        SigningTrust([try certificate("root", .publisher), try certificate("stamps", .timestampRoot)], table: .microsoft)
    }

    /// Signs a file and gives the path of the signed one.
    func sign(_ file: String, with name: String = "signer", digest: String = "sha256", stampedAt: Int64? = nil, by stamper: String = "stamper") throws
        -> String
    {
        let output = folder.file("\(UUID().uuidString)-\(file)")
        var arguments = [
            "sign", "-in", folder.file(file), "-out", output, "-h", digest, "-certs", folder.file("\(name).pem"), "-key", folder.file("\(name).key"),
        ]
        if let stampedAt {
            arguments += ["-TSA-certs", folder.file("\(stamper).pem"), "-TSA-key", folder.file("\(stamper).key"), "-TSA-time", String(stampedAt)]
        }
        let (status, text) = try Self.run(arguments)
        guard status == 0 else { throw Failure(text: text) }
        return output
    }

    /// Whether osslsigncode finds a file signed by the publisher.
    func isGood(_ path: String, at time: Timestamp? = nil) throws -> Bool {
        let arguments = ["verify", "-in", path, "-CAfile", folder.file("root.pem"), "-TSA-CAfile", folder.file("stamps.pem")]
        let seconds = time.map { ["-time", String($0.millisecondsSince1970 / 1000)] } ?? []
        return try Self.run(arguments + seconds).status == 0
    }

    struct Failure: Error {
        let text: String
    }

    private static func root(_ folder: TemporaryFolder, _ name: String, _ common: String) throws {
        try openSSL(
            "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-keyout", folder.file("\(name).key"), "-out", folder.file("\(name).pem"), "-days",
            "3650",
            "-subj", "/CN=\(common)", "-addext", "basicConstraints=critical,CA:TRUE", "-addext", "keyUsage=critical,keyCertSign")
    }

    private static func leaf(
        _ folder: TemporaryFolder, _ name: String, _ common: String, by issuer: String, uses: String, organisation: String = "Test",
        digest: String = "sha256"
    ) throws {
        try openSSL(
            "req", "-new", "-newkey", "rsa:2048", "-nodes", "-keyout", folder.file("\(name).key"), "-out", folder.file("\(name).csr"),
            "-subj", "/O=\(organisation)/CN=\(common)")
        try folder.write(
            "\(name).ext", Array("basicConstraints=critical,CA:FALSE\nkeyUsage=critical,digitalSignature\nextendedKeyUsage=\(uses)\n".utf8))
        try openSSL(
            "x509", "-req", "-in", folder.file("\(name).csr"), "-CA", folder.file("\(issuer).pem"), "-CAkey", folder.file("\(issuer).key"),
            "-CAcreateserial", "-out", folder.file("\(name).pem"), "-days", "30", "-\(digest)", "-extfile", folder.file("\(name).ext"))
    }

    private static func openSSL(_ arguments: String...) throws {
        let outcome = try OpenSSL.run(arguments: arguments)
        guard outcome.status == 0 else { throw Failure(text: outcome.text) }
    }

    private static func run(_ arguments: [String]) throws -> (status: Int32, text: String) {
        let process = Process()
        process.executableURL = URL(filePath: osslsigncode ?? "")
        process.arguments = arguments
        let output = try TemporaryFolder()
        try output.write("out", [])
        process.standardOutput = try FileHandle(forWritingTo: URL(filePath: output.file("out")))
        process.standardError = process.standardOutput
        try process.run()
        process.waitUntilExit()
        return (process.terminationStatus, String(decoding: try output.bytes("out"), as: UTF8.self))
    }
}

/// The smallest program that Windows would load: headers and one section.
enum SampleImage {
    static let bytes: [UInt8] = {
        var image = [UInt8](repeating: 0, count: 0x400)
        func put(_ offset: Int, _ value: UInt32, _ count: Int) {
            for index in 0..<count { image[offset + index] = UInt8(truncatingIfNeeded: value >> (8 * UInt32(index))) }
        }
        put(0, 0x5a4d, 2)
        put(60, 0x80, 4)
        put(0x80, 0x4550, 4)
        put(0x84, 0x8664, 2)
        put(0x86, 1, 2)
        put(0x94, 240, 2)
        put(0x96, 0x22, 2)
        let optional = 0x98
        put(optional, 0x20b, 2)
        put(optional + 16, 0x1000, 4)
        put(optional + 32, 0x1000, 4)
        put(optional + 36, 0x200, 4)
        put(optional + 56, 0x2000, 4)
        put(optional + 60, 0x200, 4)
        put(optional + 68, 3, 2)
        put(optional + 108, 16, 4)
        let section = optional + 240
        put(section, 0x7865_742e, 4)
        put(section + 8, 0x200, 4)
        put(section + 12, 0x1000, 4)
        put(section + 16, 0x200, 4)
        put(section + 20, 0x200, 4)
        put(section + 36, 0x6000_0020, 4)
        for index in 0x200..<0x400 { image[index] = UInt8(truncatingIfNeeded: index &* 7) }
        return image
    }()
}

/// A cabinet with one stored member ([MS-CAB] 2).
enum SampleCabinet {
    static let bytes: [UInt8] = {
        let name = Array("member.txt".utf8) + [0]
        let data = (0..<200).map { UInt8(truncatingIfNeeded: $0) }
        func number(_ value: Int, _ count: Int) -> [UInt8] { (0..<count).map { UInt8(truncatingIfNeeded: value >> (8 * $0)) } }
        let files = 36 + 8
        let start = files + 16 + name.count
        let size = start + 8 + data.count
        var cabinet = Array("MSCF".utf8) + number(0, 4) + number(size, 4) + number(0, 4) + number(files, 4) + number(0, 4) + [3, 1]
        cabinet += number(1, 2) + number(1, 2) + number(0, 2) + number(7, 2) + number(0, 2)
        cabinet += number(start, 4) + number(1, 2) + number(0, 2)
        cabinet += number(data.count, 4) + number(0, 4) + number(0, 2) + number(0x5921, 2) + number(0, 2) + number(0x20, 2) + name
        cabinet += number(0, 4) + number(data.count, 2) + number(data.count, 2) + data
        return cabinet
    }()
}
