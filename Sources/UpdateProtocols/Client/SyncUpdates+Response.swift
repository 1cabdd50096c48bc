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

    /// `core` appends the Core fragment of each new update; an empty page has none. `client` is who reads it, `capacity` a hint, in bytes.
    public static func encodeResponse(
        _ answer: ScanAnswer, cookie: CookieElement, for client: ProtocolVersion = .native, soap version: SOAPVersion = .v11, capacity: Int = 0,
        core: (RevisionID, inout XMLBytes) throws -> Void
    ) rethrows -> [UInt8] {
        try encodeResponse(.syncUpdates, answer, cookie: cookie, for: client, soap: version, capacity: capacity, core: core)
    }

    /// The `SyncInfo` of either operation that answers one.
    static func encodeResponse(
        _ operation: DeviceOperation, _ answer: ScanAnswer, cookie: CookieElement, for client: ProtocolVersion, soap version: SOAPVersion,
        capacity: Int,
        core: (RevisionID, inout XMLBytes) throws -> Void
    ) rethrows -> [UInt8] {
        try SOAPEnvelope.response(operation, version, capacity: capacity) {
            try $0.element("\(operation.name)Result") {
                try $0.list("NewUpdates", answer.newUpdates) { xml, update in
                    try encode(update, for: client, into: &xml) { xml in
                        try xml.element("Xml") { try core(update.id, &$0) }
                    }
                }
                $0.list("OutOfScopeRevisionIDs", answer.outOfScope) { $0.element("int", $1.rawValue) }
                $0.list("ChangedUpdates", answer.changedUpdates) { encode($1, for: client, into: &$0) { _ in } }
                $0.element("Truncated", answer.isTruncated)
                $0.element("NewCookie") { cookie.encode(into: &$0) }
                $0.list("DeployedOutOfScopeRevisionIds", answer.deployedOutOfScope) { $0.element("int", $1.rawValue) }
                $0.element("DriverSyncNotNeeded", answer.isDriverSyncNotNeeded)
            }
        }
    }

    /// One `UpdateInfo`, as it stands in an answer: for those who keep the encoded form.
    public static func encode(
        _ update: ScannedUpdate, for client: ProtocolVersion = .native, into xml: inout XMLBytes, xml fragment: (inout XMLBytes) throws -> Void
    ) rethrows {
        try xml.element("UpdateInfo") {
            $0.element("ID", update.id.rawValue)
            $0.element("Deployment") { update.deployment.encode(for: client, hardwareIDs: update.hardwareIDs, into: &$0) }
            $0.element("IsLeaf", update.isLeaf)
            try fragment(&$0)
        }
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
