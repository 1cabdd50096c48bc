import Updates

/// Metadata as the database keeps it: without names, since all of it is read at every start.
extension RevisionMetadata {
    /// 1 had no drivers and did not say which files are encrypted; 2 had no commands.
    private static let version: Int64 = 3

    var encoded: ByteWriter {
        var writer = ByteWriter()
        writer.number(Self.version)
        Self.write(&writer, identity)
        writer.string(type.rawValue)
        writer.string(publicationState.rawValue)
        writer.flag(isExplicitlyDeployable)
        writer.optional(categoryType) { $0.string($1.rawValue) }
        writer.list(prerequisites) {
            $0.list($1.anyOf) { $0.id($1) }
            $0.flag($1.isCategory)
        }
        writer.list(bundledUpdates) { $0.list($1.anyOf) { Self.write(&$0, $1) } }
        writer.list(supersededUpdates) { $0.id($1) }
        writer.list(files) { Self.write(&$0, $1) }
        writer.list(eulaFiles) { Self.write(&$0, $1) }
        writer.optional(eulaID) { $0.string($1) }
        writer.list(localizedTexts) {
            $0.string($1.language)
            $0.string($1.title)
            $0.optional($1.description) { $0.string($1) }
        }
        writer.optional(defaultLanguage) { $0.string($1) }
        writer.list(kbArticleIDs) { $0.string($1) }
        writer.list(securityBulletinIDs) { $0.string($1) }
        writer.optional(msrcSeverity) { $0.string($1) }
        writer.optional(creationDate) { $0.number($1.millisecondsSince1970) }
        writer.optional(handler) { $0.string($1) }
        writer.list(drivers) { Self.write(&$0, $1) }
        writer.list(files.indices.filter { files[$0].isEncrypted == true }) { $0.number(Int64($1)) }
        writer.list(commands) {
            $0.string($1.kind.rawValue)
            $0.optional($1.file) { $0.string($1) }
            $0.list($1.arguments) { $0.string($1) }
        }
        return writer
    }

    /// - Parameter hasTexts: false leaves out what only people read (titles, descriptions, articles, bulletins, severity, licence, handler).
    init(encoded bytes: UnsafeRawBufferPointer, hasTexts: Bool = true) throws(StorageError) {
        var reader = ByteReader(bytes)
        let version = try reader.number()
        guard (1...Self.version).contains(version) else { throw ByteReader.corrupt }
        let identity = try Self.identity(&reader)
        guard let type = UpdateType(rawValue: try reader.string()), let state = PublicationState(rawValue: try reader.string()) else {
            throw ByteReader.corrupt
        }
        self.init(identity: identity, type: type, publicationState: state)
        isExplicitlyDeployable = try reader.flag()
        categoryType = try reader.optional { reader throws(StorageError) in
            guard let type = CategoryType(rawValue: try reader.string()) else { throw ByteReader.corrupt }
            return type
        }
        prerequisites = try reader.list { reader throws(StorageError) in
            PrerequisiteClause(anyOf: try Self.ids(&reader), isCategory: try reader.flag())
        }
        bundledUpdates = try reader.list { reader throws(StorageError) in
            BundleGroup(anyOf: try reader.list { reader throws(StorageError) in try Self.identity(&reader) })
        }
        supersededUpdates = try Self.ids(&reader)
        files = try reader.list { reader throws(StorageError) in try Self.file(&reader) }
        eulaFiles = try reader.list { reader throws(StorageError) in try Self.file(&reader) }
        reader.skipsStrings = !hasTexts
        eulaID = try Self.text(&reader)
        localizedTexts = try reader.list { reader throws(StorageError) in
            LocalizedText(language: try reader.string(), title: try reader.string(), description: try Self.text(&reader))
        }
        defaultLanguage = try Self.text(&reader)
        kbArticleIDs = try reader.list { reader throws(StorageError) in try reader.string() }
        securityBulletinIDs = try reader.list { reader throws(StorageError) in try reader.string() }
        msrcSeverity = try Self.text(&reader)
        creationDate = try reader.optional { reader throws(StorageError) in Timestamp(millisecondsSince1970: try reader.number()) }
        handler = try Self.text(&reader)
        if !hasTexts { removeTexts() }
        reader.skipsStrings = false
        if version >= 2 {
            drivers = try reader.list { reader throws(StorageError) in try Self.driver(&reader) }
            for index in try reader.list({ reader throws(StorageError) in try reader.number() }) {
                guard let index = Int(exactly: index), files.indices.contains(index) else { throw ByteReader.corrupt }
                files[index].isEncrypted = true
            }
        }
        if version >= 3 {
            commands = try reader.list { reader throws(StorageError) in
                guard let kind = HandlerCommand.Kind(rawValue: try reader.string()) else { throw ByteReader.corrupt }
                return HandlerCommand(
                    kind: kind, file: try Self.text(&reader), arguments: try reader.list { reader throws(StorageError) in try reader.string() })
            }
        }
        guard reader.isAtEnd else { throw ByteReader.corrupt }
    }

    private mutating func removeTexts() {
        (eulaID, defaultLanguage, msrcSeverity, handler) = (nil, nil, nil, nil)
        (localizedTexts, kbArticleIDs, securityBulletinIDs) = ([], [], [])
    }

    private static func write(_ writer: inout ByteWriter, _ identity: UpdateIdentity) {
        writer.id(identity.updateID)
        writer.number(Int64(identity.revisionNumber.rawValue))
    }

    private static func write(_ writer: inout ByteWriter, _ file: UpdateFile) {
        writer.fixed(file.sha1.bytes)
        writer.optional(file.sha256) { $0.fixed($1.bytes) }
        writer.string(file.name)
        writer.number(file.size)
        writer.optional(file.patchingType) { $0.string($1) }
    }

    private static func text(_ reader: inout ByteReader) throws(StorageError) -> String? {
        try reader.optional { reader throws(StorageError) in try reader.string() }
    }

    private static func ids(_ reader: inout ByteReader) throws(StorageError) -> [UpdateID] {
        try reader.list { reader throws(StorageError) in try reader.id() }
    }

    private static func identity(_ reader: inout ByteReader) throws(StorageError) -> UpdateIdentity {
        let id = try reader.id()
        guard let number = Int32(exactly: try reader.number()) else { throw ByteReader.corrupt }
        return UpdateIdentity(updateID: id, revisionNumber: RevisionNumber(rawValue: number))
    }

    private static func file(_ reader: inout ByteReader) throws(StorageError) -> UpdateFile {
        guard let sha1 = SHA1Digest(bytes: try reader.fixed(20)) else { throw ByteReader.corrupt }
        let sha256 = try reader.optional { reader throws(StorageError) in
            guard let digest = SHA256Digest(bytes: try reader.fixed(32)) else { throw ByteReader.corrupt }
            return digest
        }
        return UpdateFile(
            sha1: sha1, sha256: sha256, name: try reader.string(), size: try reader.number(), patchingType: try Self.text(&reader))
    }

    private static func write(_ writer: inout ByteWriter, _ driver: DriverMetadata) {
        writer.string(driver.hardwareID)
        writer.number(driver.date.millisecondsSince1970)
        writer.number(Int64(bitPattern: driver.version.rawValue))
        writer.string(driver.driverClass)
        writer.string(driver.manufacturer)
        writer.string(driver.provider)
        writer.string(driver.model)
        writer.optional(driver.whqlDriverID) { $0.string($1) }
        writer.list(driver.featureScores) {
            $0.string($1.operatingSystem)
            $0.number(Int64($1.score))
        }
        writer.list(driver.distributionComputerHardwareIDs) { $0.id($1) }
        writer.list(driver.targetComputerHardwareIDs) { $0.id($1) }
    }

    private static func driver(_ reader: inout ByteReader) throws(StorageError) -> DriverMetadata {
        DriverMetadata(
            hardwareID: try reader.string(), date: Timestamp(millisecondsSince1970: try reader.number()),
            version: DriverVersion(rawValue: UInt64(bitPattern: try reader.number())), driverClass: try reader.string(),
            manufacturer: try reader.string(), provider: try reader.string(), model: try reader.string(), whqlDriverID: try text(&reader),
            featureScores: try reader.list { reader throws(StorageError) in
                let system = try reader.string()
                guard let score = UInt8(exactly: try reader.number()) else { throw ByteReader.corrupt }
                return DriverMetadata.FeatureScore(operatingSystem: system, score: score)
            },
            distributionComputerHardwareIDs: try ids(&reader), targetComputerHardwareIDs: try ids(&reader))
    }
}
