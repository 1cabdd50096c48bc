import TestSupport
import Testing
import Updates

@testable import Storage

struct CodingTests {
    static let full: RevisionMetadata = {
        var metadata = StoreFixture.metadata(1, revision: -7, title: "Ein Titel – 更新")
        metadata.type = .driver
        metadata.publicationState = .expired
        metadata.isExplicitlyDeployable = true
        metadata.categoryType = .updateClassification
        metadata.prerequisites = [PrerequisiteClause(anyOf: [StoreFixture.update(2), StoreFixture.update(3)]), PrerequisiteClause(anyOf: [])]
        metadata.bundledUpdates = [BundleGroup(anyOf: [StoreFixture.metadata(4).identity, StoreFixture.metadata(5).identity])]
        metadata.supersededUpdates = [StoreFixture.update(6)]
        if let sha1 = SHA1Digest(bytes: 0..<20) {
            metadata.files = [
                UpdateFile(sha1: sha1, sha256: SHA256Digest(bytes: 0..<32), name: "a.cab", size: 14_800_000_000, patchingType: "SelfContained"),
                UpdateFile(sha1: sha1, sha256: nil, name: "", size: 0),
            ]
            metadata.eulaFiles = [UpdateFile(sha1: sha1, sha256: nil, name: "eula.txt", size: 1)]
        }
        metadata.files[1].isEncrypted = true
        metadata.eulaID = "e1"
        metadata.localizedTexts.append(LocalizedText(language: "pt-br", title: "", description: "Descrição"))
        metadata.defaultLanguage = "en"
        metadata.securityBulletinIDs = ["MS26-001"]
        metadata.msrcSeverity = "Critical"
        metadata.creationDate = Timestamp(millisecondsSince1970: -62_135_596_800_000)
        metadata.handler = "http://schemas.microsoft.com/msus/2002/12/UpdateHandlers/Cbs"
        metadata.drivers = [
            DriverMetadata(
                hardwareID: #"PCI\VEN_8086&DEV_15F3"#, date: Timestamp(millisecondsSince1970: 1), version: DriverVersion(rawValue: .max),
                driverClass: "Net", manufacturer: "M", provider: "P", model: "O", whqlDriverID: "7",
                featureScores: [DriverMetadata.FeatureScore(operatingSystem: "AMD64.10.0", score: 255)],
                distributionComputerHardwareIDs: [StoreFixture.update(7)], targetComputerHardwareIDs: [StoreFixture.update(8)]),
            DriverMetadata(hardwareID: "", date: Timestamp(millisecondsSince1970: 0), version: DriverVersion(rawValue: 0)),
        ]
        return metadata
    }()

    static let facts = DeviceFacts(
        dnsName: "pc-1.example.test", osMajorVersion: 10, osMinorVersion: 1, osBuildNumber: .max, osServicePackMajorNumber: .min,
        osServicePackMinorNumber: -1, osLocale: "en-US", manufacturer: "M", model: "O", biosVersion: "B", processorArchitecture: "AMD64",
        osDescription: "D", clientVersion: "1507.2601.30012.0")

    @Test(arguments: [full, StoreFixture.metadata(1)])
    func `metadata reads back as it was written`(metadata: RevisionMetadata) throws {
        #expect(try metadata.encoded.bytes.withUnsafeBytes { try RevisionMetadata(encoded: $0) } == metadata)
    }

    @Test func `without texts everything else reads the same`() throws {
        var bare = Self.full
        (bare.eulaID, bare.defaultLanguage, bare.msrcSeverity, bare.handler) = (nil, nil, nil, nil)
        (bare.localizedTexts, bare.kbArticleIDs, bare.securityBulletinIDs) = ([], [], [])
        #expect(bare != Self.full)
        #expect(try Self.full.encoded.bytes.withUnsafeBytes { try RevisionMetadata(encoded: $0, hasTexts: false) } == bare)
    }

    @Test func `metadata from before drivers, or commands, were kept is read`() throws {
        let metadata = StoreFixture.metadata(1)
        // The version, twice itself; at the end the empty lists of drivers, of encrypted files and of commands.
        for (version, lists) in [(UInt8(1), 3), (2, 1), (3, 0)] {
            var bytes = metadata.encoded.bytes
            bytes[0] = version * 2
            bytes.removeLast(lists)
            #expect(try bytes.withUnsafeBytes { try RevisionMetadata(encoded: $0) } == metadata)
        }
    }

    @Test func `facts read back as they were written`() throws {
        #expect(try Self.facts.encoded.bytes.withUnsafeBytes { try DeviceFacts(encoded: $0) } == Self.facts)
    }

    @Test func `metadata that is cut at any byte, or has one more, is corrupt`() {
        let bytes = Self.full.encoded.bytes
        for broken in (0..<bytes.count).map({ Array(bytes.prefix($0)) }) + [bytes + [0]] {
            for hasTexts in [true, false] {
                let error = #expect(throws: StorageError.self) {
                    try broken.withUnsafeBytes { _ = try RevisionMetadata(encoded: $0, hasTexts: hasTexts) }
                }
                #expect(error?.code == .corrupt)
            }
        }
    }

    @Test func `facts that are cut at any byte, or have one more, are corrupt`() {
        let bytes = Self.facts.encoded.bytes
        for broken in (0..<bytes.count).map({ Array(bytes.prefix($0)) }) + [bytes + [0]] {
            #expect(throws: StorageError.self) { try broken.withUnsafeBytes { _ = try DeviceFacts(encoded: $0) } }
        }
    }

    @Test(arguments: [0, 1, -1, 63, 64, -64, -65, .max, .min] as [Int64])
    func `a number reads back`(number: Int64) throws {
        var writer = ByteWriter()
        writer.number(number)
        #expect(
            try writer.bytes.withUnsafeBytes { bytes in
                var reader = ByteReader(bytes)
                return try reader.number()
            } == number)
    }

    @Test func `a number of more than ten bytes is corrupt`() {
        let bytes = [UInt8](repeating: 0x80, count: 11)
        #expect(throws: StorageError.self) {
            try bytes.withUnsafeBytes { bytes in
                var reader = ByteReader(bytes)
                _ = try reader.number()
            }
        }
    }
}
