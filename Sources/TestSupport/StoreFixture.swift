public import Storage
public import Updates

/// Small revisions, devices and events for tests of stores; the same arguments make the same values.
public enum StoreFixture {
    /// Noon of the first of October 2026.
    public static let noon = Timestamp(millisecondsSince1970: 1_790_856_000_000)

    public static func update(_ number: UInt64) -> UpdateID { UpdateID(high: 0x0a0b_0c0d_0102_4304, low: 0x8000_0000_0000_0000 | number) }

    public static func group(_ number: UInt64) -> GroupID { GroupID(guid: UpdateID(high: 0xe0e0, low: number)) }

    /// A device id of letters and digits only, in lower case.
    public static func device(_ number: Int) -> DeviceID { DeviceID("device-\(number)") ?? anyDevice }

    private static let anyDevice: DeviceID = {
        guard let id = DeviceID("device") else { preconditionFailure("a constant") }
        return id
    }()

    public static func metadata(_ number: UInt64, revision: Int32 = 100, title: String = "An update") -> RevisionMetadata {
        RevisionMetadata(
            identity: UpdateIdentity(updateID: update(number), revisionNumber: RevisionNumber(rawValue: revision)), type: .software,
            prerequisites: [PrerequisiteClause(anyOf: [update(9000)], isCategory: true)],
            localizedTexts: [LocalizedText(language: "en", title: title)], kbArticleIDs: ["50\(number)"])
    }

    public static func fragments(_ number: UInt64, core: String = "core", title: String = "An update") -> [Fragment] {
        [
            Fragment(kind: .core, bytes: ChunkedBytes("<\(core) n='\(number)'/>".utf8)),
            Fragment(kind: .extended, bytes: ChunkedBytes("<extended n='\(number)'/>".utf8)),
            Fragment(kind: .localizedProperties(language: "en"), bytes: ChunkedBytes("<title>\(title)</title>".utf8)),
        ]
    }

    public static func documentBytes(_ number: UInt64, core: String = "core") -> [UInt8] {
        Array("<document n='\(number)'><\(core)/>\(String(repeating: "<rule/>", count: 50))</document>".utf8)
    }

    /// A revision made from a document, or with `isDocument` false from fragments only. Another `core` is other content.
    public static func revision(
        _ number: UInt64, revision: Int32 = 100, core: String = "core", title: String = "An update", isDocument: Bool = true,
        source: Provenance.Source = .localImport, isVerified: Bool = true
    ) -> RevisionImport {
        RevisionImport(
            metadata: metadata(number, revision: revision, title: title), fragments: fragments(number, core: core, title: title),
            provenance: Provenance(source: source, isVerified: isVerified),
            document: isDocument ? .bytes(documentBytes(number, core: core)) : nil)
    }

    /// An event of its own instance id; `instance` gives it one on purpose.
    public static func event(
        _ id: EventID, of device: DeviceID, at time: Timestamp, update: UpdateID? = nil, instance: UInt64, misc: [String] = []
    ) -> Event {
        Event(
            instanceID: UpdateID(high: 0x1111, low: instance), deviceID: device, timeAtTarget: time, namespaceID: 1, eventID: id, sourceID: 101,
            update: update.map { UpdateIdentity(updateID: $0, revisionNumber: RevisionNumber(rawValue: 100)) }, win32HResult: -2_145_116_147,
            appName: "UpdateOrchestrator", replacementStrings: ["A title", ""], miscData: misc)
    }

    /// A 156: what is needed and what is installed.
    public static func status(
        of device: DeviceID, at time: Timestamp, needed: [UpdateID] = [], installed: [UpdateID] = [], instance: UInt64
    ) -> Event {
        var misc = ["G=1", "T=2"]
        if !needed.isEmpty { misc.append("U=" + needed.map { $0.description.uppercased() }.joined(separator: ";")) }
        if !installed.isEmpty { misc.append("V=" + installed.map { $0.description.uppercased() }.joined(separator: ";")) }
        return event(.clientStatus, of: device, at: time, instance: instance, misc: misc)
    }
}
