import Updates
import XMLStream

/// Reads what a revision's metadata is made of, from the sections of a document or from fragments: their elements have the same names.
struct MetadataReader {
    /// Where an element stands.
    private enum Place {
        case top
        case ignored
        case updateIdentity, properties
        case relationships, supersededUpdates, prerequisites, prerequisiteGroup, bundledUpdates, bundleGroup
        case files, file, eulaFile, sha256
        case handlerSpecificData, categoryInformation
        case localizedPropertiesCollection, localizedProperties
        case language, title, description
        case applicabilityRules, applicabilityMetadata, driver, featureScore, distributionComputer, targetComputer
        case kbArticleID, securityBulletinID

        /// The text within is read.
        var hasText: Bool {
            switch self {
            case .language, .title, .description, .kbArticleID, .securityBulletinID, .sha256, .distributionComputer, .targetComputer: true
            default: false
            }
        }
    }

    private var places: [Place] = []
    private var text: [UInt8] = []

    private var identity: UpdateIdentity?
    private var type: UpdateType?
    private var publicationState = PublicationState.published
    private var isExplicitlyDeployable = false
    private var categoryType: CategoryType?
    private var prerequisites: [PrerequisiteClause] = []
    private var bundledUpdates: [BundleGroup] = []
    private var supersededUpdates: [UpdateID] = []
    private var files: [UpdateFile] = []
    private var eulaFiles: [UpdateFile] = []
    private var eulaID: String?
    private var localizedTexts: [LocalizedText] = []
    private var defaultLanguage: String?
    private var kbArticleIDs: [String] = []
    private var securityBulletinIDs: [String] = []
    private var msrcSeverity: String?
    private var creationDate: Timestamp?
    private var handler: String?
    private var drivers: [DriverMetadata] = []
    private var commands: [HandlerCommand] = []
    /// How many elements deep in `HandlerSpecificData`; 0 outside.
    private var handlerDepth = 0

    // Of the element that is being read.
    private var isCategory = false
    private var groupIDs: [UpdateID] = []
    private var groupIdentities: [UpdateIdentity] = []
    private var file: UpdateFile?
    private var fileSHA256: SHA256Digest?
    private var eulaKind: FragmentKind?
    private var language: String?
    private var title: String?
    private var details: String?
    private var kinds: Set<FragmentKind> = []
    private var driver: DriverMetadata?

    /// - Parameter isPlain: the element is in no namespace in a fragment; see ``DocumentNamespaces/isPlain(_:)``.
    mutating func start(_ element: XMLStartElement, isPlain: Bool) throws(DocumentError) {
        let parent = places.last ?? .top
        var place = isPlain ? Self.place(of: element.name, in: parent) : .ignored
        if place == .ignored { place = Self.driverPlace(of: element.name, isPlain: isPlain, in: parent) }
        if place == .sha256, element.value("Algorithm")?.value.isEqual(to: "SHA256") != true { place = .ignored }
        places.append(place)
        if handlerDepth > 0 || place == .handlerSpecificData {
            handlerDepth += 1
            commands += HandlerCommand.commands(of: element)
            guard commands.count <= HandlerCommand.mostCommands else {
                throw DocumentError(.tooLarge, at: element.byteOffset, "more commands than an update has")
            }
        }
        if place.hasText { text.removeAll(keepingCapacity: true) }
        switch place {
        case .updateIdentity: try readIdentity(element, in: parent)
        case .properties: try readProperties(element)
        case .prerequisiteGroup:
            isCategory = try element.boolean("IsCategory") ?? false
            groupIDs = []
        case .bundleGroup: groupIdentities = []
        case .file, .eulaFile:
            file = try element.file()
            fileSHA256 = nil
            if place == .eulaFile {
                eulaKind = .eula(language: try element.token("Language"), geoID: element.value("GeoId") == nil ? "" : try element.token("GeoId"))
            }
        case .localizedProperties:
            language = nil
            title = nil
            details = nil
        case .categoryInformation:
            // A word that is not known makes a category of no type, as some have none.
            categoryType = element.value("CategoryType").flatMap { CategoryType(rawValue: $0.text) }
        case .driver: driver = try element.driver()
        case .featureScore: driver?.featureScores.append(try element.featureScore())
        default: break
        }
    }

    mutating func text(_ bytes: UnsafeRawBufferPointer) {
        if places.last?.hasText == true { text.append(contentsOf: bytes) }
    }

    /// Returns the kind of the fragment that the ended element is, where it is LocalizedProperties or EulaFile.
    mutating func end(at byteOffset: Int) throws(DocumentError) -> FragmentKind? {
        if handlerDepth > 0 { handlerDepth -= 1 }
        switch places.popLast() {
        case .prerequisiteGroup:
            if groupIDs.isEmpty { throw DocumentError(.missing, at: byteOffset, "AtLeastOne names no update") }
            prerequisites.append(PrerequisiteClause(anyOf: groupIDs, isCategory: isCategory))
        case .bundleGroup:
            if groupIdentities.isEmpty { throw DocumentError(.missing, at: byteOffset, "AtLeastOne names no update") }
            bundledUpdates.append(BundleGroup(anyOf: groupIdentities))
        case .file: files.append(try finishedFile(at: byteOffset))
        case .eulaFile:
            eulaFiles.append(try finishedFile(at: byteOffset))
            if let eulaKind { return try only(eulaKind, at: byteOffset) }
        case .sha256:
            guard fileSHA256 == nil else { throw DocumentError(.repeated, at: byteOffset, "a second SHA-256 of a file") }
            guard let digest = Base64.decode(text).flatMap({ SHA256Digest(bytes: $0) }) else {
                throw DocumentError(.invalidValue, at: byteOffset, "AdditionalDigest is no SHA-256 in base64")
            }
            fileSHA256 = digest
        case .language: language = try only(trimmedText, insteadOf: language, at: byteOffset)
        case .title: title = try only(String(decoding: text, as: UTF8.self), insteadOf: title, at: byteOffset)
        case .description: details = try only(String(decoding: text, as: UTF8.self), insteadOf: details, at: byteOffset)
        case .localizedProperties: return try finishLocalizedProperties(at: byteOffset)
        case .kbArticleID: kbArticleIDs.append(trimmedText)
        case .securityBulletinID: securityBulletinIDs.append(trimmedText)
        case .driver:
            if let driver { drivers.append(driver) }
        case .distributionComputer:
            let id = try computerHardwareID(at: byteOffset)
            driver?.distributionComputerHardwareIDs.append(id)
        case .targetComputer:
            let id = try computerHardwareID(at: byteOffset)
            driver?.targetComputerHardwareIDs.append(id)
        default: break
        }
        return nil
    }

    /// What was read, at the end of all of it.
    func metadata(at byteOffset: Int) throws(DocumentError) -> RevisionMetadata {
        guard let identity else { throw DocumentError(.missing, at: byteOffset, "no UpdateIdentity") }
        guard let type else { throw DocumentError(.missing, at: byteOffset, "no Properties") }
        return RevisionMetadata(
            identity: identity, type: type, publicationState: publicationState, isExplicitlyDeployable: isExplicitlyDeployable,
            categoryType: categoryType, prerequisites: prerequisites, bundledUpdates: bundledUpdates, supersededUpdates: supersededUpdates,
            files: files, eulaFiles: eulaFiles, eulaID: eulaID, localizedTexts: localizedTexts, defaultLanguage: defaultLanguage,
            kbArticleIDs: kbArticleIDs, securityBulletinIDs: securityBulletinIDs, msrcSeverity: msrcSeverity, creationDate: creationDate,
            handler: handler, drivers: drivers, commands: commands)
    }

    /// What is of the driver schema in a document is called `d.…` in a fragment, and is read under either name (protocol.md section 2.10).
    private static func driverPlace(of name: XMLName, isPlain: Bool, in parent: Place) -> Place {
        guard isPlain || name.namespace == DocumentNamespaces.driver else { return .ignored }
        switch parent {
        case .applicabilityMetadata:
            if name.isLocal(isPlain ? "d.WindowsDriverMetaData" : "WindowsDriverMetaData") { return .driver }
        case .driver:
            if name.isLocal(isPlain ? "d.FeatureScore" : "FeatureScore") { return .featureScore }
            if name.isLocal(isPlain ? "d.DistributionComputerHardwareId" : "DistributionComputerHardwareId") { return .distributionComputer }
            if name.isLocal(isPlain ? "d.TargetComputerHardwareId" : "TargetComputerHardwareId") { return .targetComputer }
        default: break
        }
        return .ignored
    }

    private static func place(of name: XMLName, in parent: Place) -> Place {
        switch parent {
        case .top:
            if name.isLocal("UpdateIdentity") { return .updateIdentity }
            if name.isLocal("Properties") || name.isLocal("ExtendedProperties") { return .properties }
            if name.isLocal("Relationships") { return .relationships }
            if name.isLocal("ApplicabilityRules") { return .applicabilityRules }
            if name.isLocal("Files") { return .files }
            if name.isLocal("HandlerSpecificData") { return .handlerSpecificData }
            if name.isLocal("LocalizedPropertiesCollection") { return .localizedPropertiesCollection }
            if name.isLocal("LocalizedProperties") { return .localizedProperties }
            if name.isLocal("EulaFile") { return .eulaFile }
        case .relationships:
            if name.isLocal("SupersededUpdates") { return .supersededUpdates }
            if name.isLocal("Prerequisites") { return .prerequisites }
            if name.isLocal("BundledUpdates") { return .bundledUpdates }
        case .prerequisites:
            if name.isLocal("UpdateIdentity") { return .updateIdentity }
            if name.isLocal("AtLeastOne") { return .prerequisiteGroup }
        case .bundledUpdates:
            if name.isLocal("UpdateIdentity") { return .updateIdentity }
            if name.isLocal("AtLeastOne") { return .bundleGroup }
        case .supersededUpdates, .prerequisiteGroup, .bundleGroup:
            if name.isLocal("UpdateIdentity") { return .updateIdentity }
        case .files:
            if name.isLocal("File") { return .file }
        case .file, .eulaFile:
            if name.isLocal("AdditionalDigest") { return .sha256 }
        case .localizedPropertiesCollection:
            if name.isLocal("LocalizedProperties") { return .localizedProperties }
            if name.isLocal("EulaFile") { return .eulaFile }
        case .localizedProperties:
            if name.isLocal("Language") { return .language }
            if name.isLocal("Title") { return .title }
            if name.isLocal("Description") { return .description }
        case .properties:
            if name.isLocal("KBArticleID") { return .kbArticleID }
            if name.isLocal("SecurityBulletinID") { return .securityBulletinID }
        case .applicabilityRules:
            if name.isLocal("Metadata") { return .applicabilityMetadata }
        case .handlerSpecificData:
            if name.isLocal("CategoryInformation") { return .categoryInformation }
        default: break
        }
        return .ignored
    }

    private mutating func readIdentity(_ element: XMLStartElement, in parent: Place) throws(DocumentError) {
        let id = try element.updateID()
        switch parent {
        case .top:
            guard identity == nil else { throw DocumentError(.repeated, at: element.byteOffset, "a second UpdateIdentity") }
            identity = try element.identity()
        case .supersededUpdates: supersededUpdates.append(id)
        case .prerequisites: prerequisites.append(PrerequisiteClause(anyOf: [id]))
        case .prerequisiteGroup: groupIDs.append(id)
        case .bundledUpdates: bundledUpdates.append(BundleGroup(anyOf: [try element.identity()]))
        case .bundleGroup: groupIdentities.append(try element.identity())
        default: break
        }
    }

    private mutating func readProperties(_ element: XMLStartElement) throws(DocumentError) {
        if element.name.isLocal("Properties") {
            guard type == nil else { throw DocumentError(.repeated, at: element.byteOffset, "a second Properties") }
            guard let word = element.value("UpdateType") else {
                throw DocumentError(.missing, at: element.byteOffset, "Properties has no UpdateType")
            }
            guard let known = UpdateType(rawValue: word.text) else {
                throw DocumentError(.invalidValue, at: element.byteOffset, "UpdateType is not Software, Driver, Category or Detectoid")
            }
            type = known
            isExplicitlyDeployable = try element.boolean("ExplicitlyDeployable") ?? false
            eulaID = element.value("EulaID")?.text
        }
        if let state = element.value("PublicationState") {
            guard let known = PublicationState(rawValue: state.text) else {
                throw DocumentError(.invalidValue, at: element.byteOffset, "PublicationState is not Published or Expired")
            }
            publicationState = known
        }
        if let date = element.value("CreationDate") {
            guard let moment = Timestamp(date.text) else {
                throw DocumentError(.invalidValue, at: element.byteOffset, "CreationDate is no date and time")
            }
            creationDate = moment
        }
        defaultLanguage = element.value("DefaultPropertiesLanguage")?.text ?? defaultLanguage
        msrcSeverity = element.value("MsrcSeverity")?.text ?? msrcSeverity
        handler = element.value("Handler")?.text ?? handler
    }

    private func finishedFile(at byteOffset: Int) throws(DocumentError) -> UpdateFile {
        guard let file else { throw DocumentError(.missing, at: byteOffset, "no file") }
        return UpdateFile(
            sha1: file.sha1, sha256: fileSHA256, name: file.name, size: file.size, patchingType: file.patchingType, isEncrypted: file.isEncrypted)
    }

    private mutating func finishLocalizedProperties(at byteOffset: Int) throws(DocumentError) -> FragmentKind {
        guard let language else { throw DocumentError(.missing, at: byteOffset, "LocalizedProperties has no Language") }
        guard isToken(language.utf8) else { throw DocumentError(.invalidValue, at: byteOffset, "Language is no language tag") }
        guard let title else { throw DocumentError(.missing, at: byteOffset, "LocalizedProperties has no Title") }
        localizedTexts.append(LocalizedText(language: language, title: title, description: details))
        return try only(.localizedProperties(language: language), at: byteOffset)
    }

    /// Two fragments of one kind could not be told apart by those who ask for one; languages are asked for in any case of letters.
    private mutating func only(_ kind: FragmentKind, at byteOffset: Int) throws(DocumentError) -> FragmentKind {
        let key =
            switch kind {
            case .localizedProperties(let language): FragmentKind.localizedProperties(language: language.lowercased())
            case .eula(let language, let geoID): FragmentKind.eula(language: language.lowercased(), geoID: geoID.lowercased())
            default: kind
            }
        guard kinds.insert(key).inserted else { throw DocumentError(.repeated, at: byteOffset, "a second text in one language") }
        return kind
    }

    private func computerHardwareID(at byteOffset: Int) throws(DocumentError) -> UpdateID {
        guard let id = UpdateID(trimmedText) else { throw DocumentError(.invalidValue, at: byteOffset, "a computer's hardware id is no GUID") }
        return id
    }

    private func only(_ value: String, insteadOf earlier: String?, at byteOffset: Int) throws(DocumentError) -> String {
        guard earlier == nil else { throw DocumentError(.repeated, at: byteOffset, "a second Language, Title or Description") }
        return value
    }

    private var trimmedText: String {
        let isSpace: (UInt8) -> Bool = { $0 == 0x20 || (0x09...0x0d).contains($0) }
        guard let first = text.firstIndex(where: { !isSpace($0) }), let last = text.lastIndex(where: { !isSpace($0) }) else { return "" }
        return String(decoding: text[first...last], as: UTF8.self)
    }
}
