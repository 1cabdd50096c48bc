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
        /// The Core fragment; empty in ``Response/changedUpdates``.
        public var core: [UInt8]

        public init(id: RevisionID, deployment: Deployment, isLeaf: Bool, core: [UInt8] = []) {
            self.id = id
            self.deployment = deployment
            self.isLeaf = isLeaf
            self.core = core
        }
    }

    /// `core` appends the Core fragment of each new update; a driver pass or an empty page has none. `capacity` is a hint, in bytes.
    public static func encodeResponse(
        _ answer: ScanAnswer, cookie: CookieElement, capacity: Int = 0, core: (RevisionID, inout XMLBytes) throws -> Void
    ) rethrows -> [UInt8] {
        try SOAPEnvelope.response(.syncUpdates, capacity: capacity) {
            try $0.element("SyncUpdatesResult") {
                try $0.list("NewUpdates", answer.newUpdates) { xml, update in
                    try encode(update, into: &xml) { xml in
                        try xml.element("Xml") { try core(update.id, &$0) }
                    }
                }
                $0.list("OutOfScopeRevisionIDs", answer.outOfScope) { $0.element("int", $1.rawValue) }
                $0.list("ChangedUpdates", answer.changedUpdates) { encode($1, into: &$0) { _ in } }
                $0.element("Truncated", answer.isTruncated)
                $0.element("NewCookie") { cookie.encode(into: &$0) }
                $0.list("DeployedOutOfScopeRevisionIds", answer.deployedOutOfScope) { $0.element("int", $1.rawValue) }
                $0.element("DriverSyncNotNeeded", answer.isDriverSyncNotNeeded)
            }
        }
    }

    /// One `UpdateInfo`, as it stands in ``encodeResponse(_:cookie:capacity:core:)``: for those who keep the encoded form.
    public static func encode(_ update: ScannedUpdate, into xml: inout XMLBytes, xml fragment: (inout XMLBytes) throws -> Void) rethrows {
        try xml.element("UpdateInfo") {
            $0.element("ID", update.id.rawValue)
            $0.element("Deployment") { update.deployment.encode(into: &$0) }
            $0.element("IsLeaf", update.isLeaf)
            try fragment(&$0)
        }
    }

    /// Throws ``ResponseError`` where an update lacks its id, its Deployment or, in NewUpdates, its fragment: a native agent gives the whole scan up.
    public static func decodeResponse(_ body: [UInt8]) throws(ResponseError) -> Response {
        try SOAPResponseReader.decodeResult(body, .syncUpdates) { (elements) throws(SOAPFault) in
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
            var isLeaf = true
            var core: [UInt8]?
            let level = elements.level
            while let name = try elements.child(of: level) {
                switch name {
                case "ID": id = RevisionID(rawValue: try elements.int32("UpdateInfo.ID"))
                case "Deployment": deployment = try Deployment(from: &elements)
                case "IsLeaf": isLeaf = try elements.boolean("UpdateInfo.IsLeaf")
                case "Xml": core = Array(try elements.text())
                default: break
                }
            }
            guard let id else { throw SOAPFault(.invalidParameters, "UpdateInfo.ID") }
            guard let deployment else { throw SOAPFault(.invalidParameters, "UpdateInfo.Deployment") }
            guard core != nil || !needsCore else { throw SOAPFault(.invalidParameters, "UpdateInfo.Xml") }
            updates.append(UpdateInfo(id: id, deployment: deployment, isLeaf: isLeaf, core: core ?? []))
        }
        return updates
    }
}
