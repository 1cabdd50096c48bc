public import Updates
import XMLStream

extension SyncUpdates {
    /// What a device is answered ([MS-WUSP] `SyncInfo`).
    public struct Response: Hashable, Sendable {
        public var newUpdates: [UpdateInfo]
        /// Without Core fragments.
        public var changedUpdates: [UpdateInfo]
        public var outOfScope: [RevisionID]
        public var deployedOutOfScope: [RevisionID]
        public var isTruncated: Bool
        /// Replaces the cookie sent.
        public var newCookie: CookieElement?
        public var isDriverSyncNotNeeded: Bool?

        public init(
            newUpdates: [UpdateInfo] = [], changedUpdates: [UpdateInfo] = [], outOfScope: [RevisionID] = [], deployedOutOfScope: [RevisionID] = [],
            isTruncated: Bool = false, newCookie: CookieElement? = nil, isDriverSyncNotNeeded: Bool? = nil
        ) {
            self.newUpdates = newUpdates
            self.changedUpdates = changedUpdates
            self.outOfScope = outOfScope
            self.deployedOutOfScope = deployedOutOfScope
            self.isTruncated = isTruncated
            self.newCookie = newCookie
            self.isDriverSyncNotNeeded = isDriverSyncNotNeeded
        }
    }

    public struct UpdateInfo: Hashable, Sendable {
        public var id: RevisionID
        public var deployment: Deployment
        public var isLeaf: Bool
        /// The device's hardware ids that a driver matched.
        public var hardwareIDs: [String]
        /// The Core fragment; empty in ``Response/changedUpdates``.
        public var core: [UInt8]

        public init(id: RevisionID, deployment: Deployment, isLeaf: Bool, hardwareIDs: [String] = [], core: [UInt8] = []) {
            self.id = id
            self.deployment = deployment
            self.isLeaf = isLeaf
            self.hardwareIDs = hardwareIDs
            self.core = core
        }
    }

    /// `core` appends the Core fragment of each new update; an empty page has none. `client` is who reads it.
    public static func encodeResponse(
        _ answer: ScanAnswer, cookie: CookieElement, for client: ProtocolVersion = .native, soap version: SOAPVersion = .v11,
        core: (RevisionID, inout XMLBytes) throws -> Void
    ) rethrows -> [UInt8] {
        try encodeResponse(.syncUpdates, answer, cookie: cookie, for: client, soap: version, core: core)
    }

    /// The `SyncInfo` of either operation that answers one.
    static func encodeResponse(
        _ operation: DeviceOperation, _ answer: ScanAnswer, cookie: CookieElement, for client: ProtocolVersion, soap version: SOAPVersion,
        core: (RevisionID, inout XMLBytes) throws -> Void
    ) rethrows -> [UInt8] {
        let form = AnswerForm(.identity, soap: version, client: client)
        var writer = AnswerWriter(.identity)
        try encodeNewUpdates(operation, answer.newUpdates, form, into: &writer) { try core($0, &$1.xml) }
        encodeRest(operation, of: answer, cookie: cookie, form, into: &writer.xml)
        return writer.finish().bytes
    }

    /// The first part of an answer, up to the end of its new updates: alike for devices that are given the same.
    public static func encodeNewUpdates(
        _ operation: DeviceOperation, _ updates: [ScannedUpdate], _ form: AnswerForm, into writer: inout AnswerWriter,
        core: (RevisionID, inout AnswerWriter) throws -> Void
    ) rethrows {
        SOAPEnvelope.openResponse(operation, form.soap, &writer.xml)
        writer.xml.open("\(operation.name)Result")
        if updates.isEmpty { return }
        writer.xml.open("NewUpdates")
        for update in updates {
            writer.xml.open("UpdateInfo")
            encodeFields(of: update, form, into: &writer.xml)
            writer.xml.open("Xml")
            try core(update.id, &writer)
            writer.xml.close("Xml")
            writer.xml.close("UpdateInfo")
            writer.flush()
        }
        writer.xml.close("NewUpdates")
    }

    /// What follows ``encodeNewUpdates(_:_:_:into:core:)``: a device's own.
    public static func encodeRest(
        _ operation: DeviceOperation, of answer: ScanAnswer, cookie: CookieElement, _ form: AnswerForm, into xml: inout XMLBytes
    ) {
        xml.list("OutOfScopeRevisionIDs", answer.outOfScope) { $0.element("int", $1.rawValue) }
        xml.list("ChangedUpdates", answer.changedUpdates) { xml, update in
            xml.element("UpdateInfo") { encodeFields(of: update, form, into: &$0) }
        }
        xml.element("Truncated", answer.isTruncated)
        xml.element("NewCookie") { cookie.encode(into: &$0) }
        xml.list("DeployedOutOfScopeRevisionIds", answer.deployedOutOfScope) { $0.element("int", $1.rawValue) }
        xml.element("DriverSyncNotNeeded", answer.isDriverSyncNotNeeded)
        xml.close("\(operation.name)Result")
        SOAPEnvelope.closeResponse(operation, &xml)
    }

    /// The children of an `UpdateInfo` but for its fragment.
    private static func encodeFields(of update: ScannedUpdate, _ form: AnswerForm, into xml: inout XMLBytes) {
        xml.element("ID", update.id.rawValue)
        xml.element("Deployment") { update.deployment.encode(for: form.client, hardwareIDs: update.hardwareIDs, into: &$0) }
        xml.element("IsLeaf", update.isLeaf)
    }

    /// Throws ``ResponseError`` where an update lacks its id, its Deployment or, in NewUpdates, its fragment: a native agent gives the whole scan up.
    public static func decodeResponse(_ body: [UInt8]) throws(ResponseError) -> Response {
        try decodeResponse(.syncUpdates, body)
    }

    static func decodeResponse(_ operation: DeviceOperation, _ body: [UInt8]) throws(ResponseError) -> Response {
        try SOAPResponseReader.decodeResult(body, operation) { (elements) throws(SOAPFault) in
            var response = Response()
            let level = elements.level
            while let name = try elements.child(of: level) {
                switch name {
                case "NewUpdates": response.newUpdates += try updates(&elements, needsCore: true)
                case "ChangedUpdates": response.changedUpdates += try updates(&elements, needsCore: false)
                case "OutOfScopeRevisionIDs": try elements.revisionIDs("OutOfScopeRevisionIDs", limit: .max, into: &response.outOfScope)
                case "DeployedOutOfScopeRevisionIds":
                    try elements.revisionIDs("DeployedOutOfScopeRevisionIds", limit: .max, into: &response.deployedOutOfScope)
                case "Truncated": response.isTruncated = try elements.boolean("Truncated")
                case "NewCookie": response.newCookie = try CookieElement(from: &elements)
                case "DriverSyncNotNeeded": response.isDriverSyncNotNeeded = try elements.boolean("DriverSyncNotNeeded")
                default: break
                }
            }
            return response
        }
    }

    private static func updates(_ elements: inout ElementReader, needsCore: Bool) throws(SOAPFault) -> [UpdateInfo] {
        var updates: [UpdateInfo] = []
        let level = elements.level
        while let name = try elements.child(of: level) {
            guard "UpdateInfo" ~= name else { continue }
            var id: RevisionID?
            var deployment: Deployment?
            var hardwareIDs: [String] = []
            var isLeaf = true
            var core: [UInt8]?
            let level = elements.level
            while let name = try elements.child(of: level) {
                switch name {
                case "ID": id = RevisionID(rawValue: try elements.int32("UpdateInfo.ID"))
                case "Deployment": deployment = try Deployment(from: &elements, hardwareIDs: &hardwareIDs)
                case "IsLeaf": isLeaf = try elements.boolean("UpdateInfo.IsLeaf")
                case "Xml": core = Array(try elements.text())
                default: break
                }
            }
            guard let id else { throw SOAPFault(.invalidParameters, "UpdateInfo.ID") }
            guard let deployment else { throw SOAPFault(.invalidParameters, "UpdateInfo.Deployment") }
            guard core != nil || !needsCore else { throw SOAPFault(.invalidParameters, "UpdateInfo.Xml") }
            updates.append(UpdateInfo(id: id, deployment: deployment, isLeaf: isLeaf, hardwareIDs: hardwareIDs, core: core ?? []))
        }
        return updates
    }
}
