import Updates

/// Writes the whole `upd:Update` document of a planned update: our own text, in the shape and with the redundancy of real ones.
struct DocumentWriter {
    private static let root = "http://schemas.microsoft.com/msus/2002/12"
    private let update: PlannedUpdate
    private let files: [UpdateFile]
    private var random: SplitMix
    private(set) var bytes: [UInt8] = []
    /// What of ``bytes`` comes back in the Core fragment, about.
    private var coreBytes = 0

    /// - Parameter files: the payloads there are; where none are named, some are announced that there are not.
    static func document(_ update: PlannedUpdate, files: [UpdateFile] = []) -> [UInt8] {
        var writer = DocumentWriter(update, files)
        writer.write()
        return writer.bytes
    }

    private init(_ update: PlannedUpdate, _ files: [UpdateFile]) {
        self.update = update
        self.files = files
        random = SplitMix(seed: 0x0d0c_0000 &+ UInt64(update.number))
        bytes.reserveCapacity(update.coreBytes + 4096)
    }

    private mutating func append(_ text: String) { bytes.append(contentsOf: text.utf8) }

    /// Text that comes back in the Core fragment, `prefixes` bytes shorter.
    private mutating func appendCore(_ text: String, prefixes: Int = 0) {
        append(text)
        coreBytes += text.utf8.count - prefixes
    }

    private mutating func write() {
        append(
            """
            <upd:Update xmlns:pub="\(Self.root)/Publishing" xmlns:lar="\(Self.root)/LogicalApplicabilityRules" \
            xmlns:bar="\(Self.root)/BaseApplicabilityRules" xmlns:upd="\(Self.root)/Update">
            """)
        appendCore("<upd:UpdateIdentity UpdateID=\"\(update.id)\" RevisionNumber=\"200\" />", prefixes: 4)
        writeProperties()
        writeTexts()
        writeRelationships()
        writeRules()
        writeFiles()
        writeCategory()
        append("</upd:Update>")
    }

    // MARK: - Properties and texts

    private var type: UpdateType {
        switch update.kind {
        case .company, .productFamily, .product, .classification: .category
        case .detectoid: .detectoid
        case .bundle, .rules, .manifest: .software
        }
    }

    /// Every second one; what bundles are made of is not deployed by itself.
    private var isDeployable: Bool { type == .software && !update.number.isMultiple(of: 2) }

    private var handler: String {
        switch update.kind {
        case .manifest: "Cbs"
        case .bundle, .rules: "CommandLineInstallation"
        default: "Category"
        }
    }

    private mutating func writeProperties() {
        append("<upd:Properties DefaultPropertiesLanguage=\"en\" ")
        let type = type
        append("UpdateType=\"\(type.rawValue)\" ExplicitlyDeployable=\"\(isDeployable)\" ")
        coreBytes += 70
        if type == .software { append("AutoSelectOnWebSites=\"false\" ") }
        append(
            """
            PerUser="false" IsPublic="true" Handler="\(Self.root)/UpdateHandlers/\(handler)" PublicationState="Published" \
            CreationDate="\(date)T\(two(24)):\(two(60)):\(two(60)).\(100 + random.below(900))Z" PublisherID="395392a0-0000-48b7-a927-f7c15066d905"
            """)
        guard type == .software else { return append("></upd:Properties>") }
        append(" MaxDownloadSize=\"\(1 << (16 + random.below(12)) + random.below(50_000))\" MinDownloadSize=\"0\">")
        append("<upd:InstallationBehavior RebootBehavior=\"CanRequestReboot\" /><upd:UninstallationBehavior RebootBehavior=\"CanRequestReboot\" />")
        append("<upd:KBArticleID>\(2_000_000 + random.below(3_999_999))</upd:KBArticleID></upd:Properties>")
    }

    private var date: String {
        mutating get { "20\(14 + random.below(13))-\(pad(1 + random.below(12)))-\(pad(1 + random.below(28)))" }
    }

    private mutating func two(_ limit: Int) -> String { pad(random.below(limit)) }

    private func pad(_ number: Int) -> String { number < 10 ? "0\(number)" : "\(number)" }

    private mutating func writeTexts() {
        append("<upd:LocalizedPropertiesCollection>")
        let others = type == .software ? random.some(random.below(3) / 2, of: Words.languages) : []
        for language in ["en"] + others {
            append("<upd:LocalizedProperties><upd:Language>\(language)</upd:Language><upd:Title>\(title)</upd:Title>")
            append("<upd:Description>\(sentence(4 + random.below(4)))</upd:Description>")
            append("</upd:LocalizedProperties>")
        }
        append("</upd:LocalizedPropertiesCollection>")
    }

    private var title: String {
        mutating get {
            let bird = random.pick(Words.birds)
            return switch update.kind {
            case .company: "\(bird) Works"
            case .productFamily: "\(bird) family"
            case .product: "\(bird) \(random.pick(Words.things)) \(2014 + random.below(13))"
            case .classification: "\(random.pick(Words.kinds)) updates \(update.number)"
            case .detectoid: "\(bird) \(random.pick(Words.things)) \(random.pick(Words.things)) detectoid"
            default: "\(date) \(random.pick(Words.kinds)) update for \(bird) \(random.pick(Words.things)) \(update.number), x64"
            }
        }
    }

    private mutating func sentence(_ words: Int) -> String { (0..<words).map { _ in random.pick(Words.things) }.joined(separator: " ") + "." }

    // MARK: - Relationships

    private mutating func writeRelationships() {
        if update.prerequisites.isEmpty && update.members.isEmpty && update.superseded.isEmpty { return }
        var text = "<upd:Relationships>"
        func identities(_ ids: [UpdateID]) -> String { ids.map { "<upd:UpdateIdentity UpdateID=\"\($0)\" />" }.joined() }
        if !update.superseded.isEmpty {
            text += "<upd:SupersededUpdates>\(identities(update.superseded.map(PlannedUpdate.id)))</upd:SupersededUpdates>"
        }
        if !update.prerequisites.isEmpty {
            text += "<upd:Prerequisites>"
            for clause in update.prerequisites {
                if clause.isCategory {
                    text += "<upd:AtLeastOne IsCategory=\"true\">\(identities(clause.anyOf))</upd:AtLeastOne>"
                } else if clause.anyOf.count > 1 {
                    text += "<upd:AtLeastOne>\(identities(clause.anyOf))</upd:AtLeastOne>"
                } else {
                    text += identities(clause.anyOf)
                }
            }
            text += "</upd:Prerequisites>"
        }
        if !update.members.isEmpty {
            let members = update.members.map { "<upd:UpdateIdentity UpdateID=\"\(PlannedUpdate.id($0))\" RevisionNumber=\"200\" />" }
            text += "<upd:BundledUpdates>\(members.joined())</upd:BundledUpdates>"
        }
        text += "</upd:Relationships>"
        appendCore(text, prefixes: 4 * text.utf8.count / 70)
    }

    // MARK: - Rules

    private mutating func writeRules() {
        switch update.kind {
        case .bundle: return
        case .company, .productFamily, .classification:
            appendCore("<upd:ApplicabilityRules><upd:IsInstalled><lar:True /></upd:IsInstalled></upd:ApplicabilityRules>", prefixes: 20)
        case .product, .detectoid:
            append("<upd:ApplicabilityRules><upd:IsInstalled>")
            writeConditions(until: update.coreBytes - 75)
            append("</upd:IsInstalled></upd:ApplicabilityRules>")
        case .rules:
            append("<upd:ApplicabilityRules><upd:IsInstalled>")
            let isShort = update.coreBytes - coreBytes < 300
            writeConditions(until: isShort ? update.coreBytes - 75 : (update.coreBytes - 120 + coreBytes) / 2)
            append("</upd:IsInstalled>")
            if !isShort {
                append("<upd:IsInstallable>")
                writeConditions(until: update.coreBytes - 120)
                append("</upd:IsInstallable>")
            }
            append("</upd:ApplicabilityRules>")
        case .manifest:
            append("<upd:ApplicabilityRules><upd:IsInstalled><lar:CbsPackageInstalled /></upd:IsInstalled>")
            append("<upd:IsInstallable><lar:CbsPackageInstallable /></upd:IsInstallable><upd:Metadata><lar:CbsPackageApplicabilityMetadata>")
            writeManifest(until: update.coreBytes - 300)
            append("</lar:CbsPackageApplicabilityMetadata></upd:Metadata></upd:ApplicabilityRules>")
        }
    }

    private mutating func writeConditions(until limit: Int) {
        let isList = limit - coreBytes > 250
        if isList { append("<lar:And>") }
        repeat { writeCondition(inNot: isList && random.chance(0.25)) } while isList && coreBytes < limit
        if isList { append("</lar:And>") }
    }

    private mutating func writeCondition(inNot: Bool) {
        if inNot { appendCore("<lar:Not>", prefixes: 4) }
        // A rule that is all there is, is a short one more often than not.
        let (name, attributes) = condition(isShort: update.coreBytes - coreBytes < 200 && random.chance(0.7))
        append("<bar:\(name) \(attributes) xmlns:bar=\"\(Self.root)/BaseApplicabilityRules\" />")
        coreBytes += name.utf8.count + attributes.utf8.count + 7
        if inNot { appendCore("</lar:Not>", prefixes: 4) }
    }

    private mutating func condition(isShort: Bool) -> (name: String, attributes: String) {
        let thing = random.pick(Words.things)
        let key = "SOFTWARE\\\(random.pick(Words.birds))\\\(thing)\\\(random.pick(Words.things))"
        let version = "\(1 + random.below(20)).\(random.below(10)).\(random.below(30_000)).\(random.below(5000))"
        let comparison = random.pick(["EqualTo", "GreaterThanOrEqualTo", "LessThan"])
        switch isShort ? 6 + random.below(4) : random.below(9) {
        case 0, 1:
            return (
                "RegDword", "Key=\"HKEY_LOCAL_MACHINE\" Subkey=\"\(key)\" Value=\"\(thing)\" Comparison=\"\(comparison)\" Data=\"\(random.below(9))\""
            )
        case 2, 3:
            return (
                "FileVersionPrependRegSz",
                """
                Path="\(thing).dll" Comparison="\(comparison)" Version="\(version)" Key="HKEY_LOCAL_MACHINE" Subkey="\(key)" Value="Path"
                """
            )
        case 4: return ("RegValueExists", "Key=\"HKEY_LOCAL_MACHINE\" Subkey=\"\(key)\" Value=\"\(version)\" Type=\"REG_SZ\"")
        case 5: return ("RegSz", "Key=\"HKEY_LOCAL_MACHINE\" Subkey=\"\(key)\" Value=\"Version\" Comparison=\"EqualTo\" Data=\"\(version)\"")
        case 6:
            return (
                "WindowsVersion",
                "Comparison=\"\(comparison)\" MajorVersion=\"10\" MinorVersion=\"0\" BuildNumber=\"\(10_000 + random.below(17_000))\""
            )
        default: return ("MsiProductInstalled", "ProductCode=\"{\(UpdateID(high: random.next(), low: random.next()))}\"")
        }
    }

    /// A package's manifest: a line for each of many components, most of them like the one before.
    private mutating func writeManifest(until limit: Int) {
        let build = 20_000 + random.below(7000)
        appendCore("<assembly xmlns=\"urn:martlet-benchmarks:package\" manifestVersion=\"1.0\" displayName=\"default\">")
        var base = ""
        while coreBytes < limit {
            if base.isEmpty || random.chance(0.5) {
                base = "\(random.pick(Words.things))-\(random.pick(Words.things))"
                appendCore("<update name=\"\(build)-\(random.below(9999))_\(Hexadecimal.lowercase(noise(12)))\" />")
            }
            appendCore(
                """
                <component><assemblyIdentity name="\(random.pick(Words.birds))-\(base)-\(random.pick(Words.things))" \
                version="10.0.\(build).\(random.below(6000))" \
                processorArchitecture="\(random.chance(0.7) ? "amd64" : "wow64")" language="neutral" buildType="release" \
                publicKeyToken="4d6172746c657430" versionScope="nonSxS" /></component>
                """)
        }
        appendCore("</assembly>")
    }

    // MARK: - Files

    private mutating func writeFiles() {
        guard type == .software, update.kind != .bundle else { return }
        append("<upd:Files>")
        for file in files {
            writeFile(file.sha1.bytes, file.sha256?.bytes ?? [], file.name, file.size)
        }
        // Of no file there is: its content is announced and not held.
        for file in 0..<(files.isEmpty ? 1 + random.below(2) : 0) {
            writeFile(noise(20), noise(32), "update-\(update.number)-\(file).cab", Int64(50_000 + random.below(90_000_000)))
        }
        append("</upd:Files>")
    }

    private mutating func writeFile(_ sha1: [UInt8], _ sha256: [UInt8], _ name: String, _ size: Int64) {
        func text(_ bytes: [UInt8]) -> String { String(decoding: Base64.encode(bytes), as: UTF8.self) }
        append("<upd:File Digest=\"\(text(sha1))\" DigestAlgorithm=\"SHA1\" FileName=\"\(name)\" ")
        append("Size=\"\(size)\" Modified=\"\(date)T00:00:00Z\">")
        append("<upd:AdditionalDigest Algorithm=\"SHA256\">\(text(sha256))</upd:AdditionalDigest></upd:File>")
    }

    private mutating func noise(_ count: Int) -> [UInt8] { (0..<count).map { _ in UInt8(truncatingIfNeeded: random.next()) } }

    private mutating func writeCategory() {
        let name: CategoryType
        switch update.kind {
        case .company: name = .company
        case .productFamily: name = .productFamily
        case .product: name = .product
        case .classification: name = .updateClassification
        default: return
        }
        append(
            """
            <upd:HandlerSpecificData xsi:type="cat:Category" xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance"><cat:CategoryInformation \
            CategoryType="\(name.rawValue)" xmlns:cat="\(Self.root)/UpdateHandlers/Category" /></upd:HandlerSpecificData>
            """)
    }
}
