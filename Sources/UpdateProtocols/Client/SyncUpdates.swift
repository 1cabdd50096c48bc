public import Updates
import XMLStream

/// One round of a scan ([MS-WUSP] 3.1.5.7; observed.md section 3).
public enum SyncUpdates {
    public struct Request: Hashable, Sendable {
        /// What a device found installed, of what is not a leaf. An id this server never gave, a negative one too, is unknown like any other.
        public var installedNonLeaf: [RevisionID]
        public var otherCached: [RevisionID]
        public var cachedDrivers: [RevisionID]
        /// The device's hardware, in the driver pass. Nothing where the request has no `SystemSpec`, whatever else it says of the computer.
        public var system: SystemSpec?
        /// The driver pass asks for no software.
        public var skipSoftwareSync: Bool
        /// Nothing for a whole scan; an empty list counts as none.
        public var filterCategories: [UpdateID]?
        public var needsTwoGroupsOutOfScope: Bool

        public init(
            installedNonLeaf: [RevisionID] = [], otherCached: [RevisionID] = [], cachedDrivers: [RevisionID] = [], system: SystemSpec? = nil,
            skipSoftwareSync: Bool = false, filterCategories: [UpdateID]? = nil, needsTwoGroupsOutOfScope: Bool = true
        ) {
            self.installedNonLeaf = installedNonLeaf
            self.otherCached = otherCached
            self.cachedDrivers = cachedDrivers
            self.system = system
            self.skipSoftwareSync = skipSoftwareSync
            self.filterCategories = filterCategories
            self.needsTwoGroupsOutOfScope = needsTwoGroupsOutOfScope
        }
    }

    /// The cookie is opened before the rest is looked at. InvalidParameters where `parameters` is missing, a list is beyond ``RequestedLimits``,
    /// a value is not of its type, or hardware is listed in a software pass.
    public static func decode<Session>(
        _ reader: inout SOAPRequestReader, open: (CookieElement?) throws(SOAPFault) -> Session
    ) throws(SOAPFault) -> (Session, Request) {
        let session = try reader.session(open)
        var request: Request?
        while let parameter = try reader.parameter() {
            if "parameters" ~= parameter { request = try parameters(&reader.elements) }
        }
        try reader.finish()
        guard let request else { throw SOAPFault(.invalidParameters, "parameters") }
        guard request.skipSoftwareSync || request.system == nil else { throw SOAPFault(.invalidParameters, "parameters.SystemSpec") }
        return (session, request)
    }

    /// A device's side: the request of either pass.
    public static func encodeRequest(_ request: Request, cookie: CookieElement) -> [UInt8] {
        SOAPEnvelope.request(.syncUpdates) {
            $0.element("cookie") { cookie.encode(into: &$0) }
            $0.element("parameters") {
                $0.element("ExpressQuery", false)
                $0.list("InstalledNonLeafUpdateIDs", request.installedNonLeaf) { $0.element("int", $1.rawValue) }
                $0.list("OtherCachedUpdateIDs", request.otherCached) { $0.element("int", $1.rawValue) }
                if let system = request.system { $0.element("SystemSpec") { xml in for device in system.devices { device.encode(into: &xml) } } }
                $0.list("CachedDriverIDs", request.cachedDrivers) { $0.element("int", $1.rawValue) }
                $0.element("SkipSoftwareSync", request.skipSoftwareSync)
                $0.list("FilterCategoryIds", request.filterCategories ?? []) { xml, id in
                    xml.element("CategoryIdentifier") { $0.element("Id", id.description) }
                }
                $0.element("NeedTwoGroupOutOfScopeUpdates", request.needsTwoGroupsOutOfScope)
                request.system?.encodeComputer(into: &$0)
            }
        }
    }

    private static func parameters(_ elements: inout ElementReader) throws(SOAPFault) -> Request {
        var request = Request(needsTwoGroupsOutOfScope: false)
        var system = SystemSpec()
        var hasDevices = false
        let level = elements.level
        while let name = try elements.child(of: level) {
            switch name {
            case "InstalledNonLeafUpdateIDs":
                try elements.revisionIDs(
                    "parameters.InstalledNonLeafUpdateIDs", limit: RequestedLimits.installedNonLeafUpdateIDs, into: &request.installedNonLeaf)
            case "OtherCachedUpdateIDs":
                try elements.revisionIDs(
                    "parameters.OtherCachedUpdateIDs", limit: RequestedLimits.otherCachedUpdateIDs, into: &request.otherCached)
            case "CachedDriverIDs":
                try elements.revisionIDs("parameters.CachedDriverIDs", limit: RequestedLimits.otherCachedUpdateIDs, into: &request.cachedDrivers)
            case "SystemSpec":
                hasDevices = true
                try system.decodeDevices(&elements)
            case "ComputerSpec": try system.decodeComputer(&elements)
            case "FeatureScoreMatchingKey":
                system.featureScoreMatchingKey = try elements.string("parameters.FeatureScoreMatchingKey", limit: RequestedLimits.textBytes)
            case "SkipSoftwareSync": request.skipSoftwareSync = try elements.boolean("parameters.SkipSoftwareSync")
            case "NeedTwoGroupOutOfScopeUpdates":
                request.needsTwoGroupsOutOfScope = try elements.boolean("parameters.NeedTwoGroupOutOfScopeUpdates")
            case "FilterCategoryIds": request.filterCategories = try categories(&elements, after: request.filterCategories)
            default: break
            }
        }
        if hasDevices { request.system = system }
        return request
    }

    private static func categories(_ elements: inout ElementReader, after earlier: [UpdateID]?) throws(SOAPFault) -> [UpdateID]? {
        let parameter = "parameters.FilterCategoryIds"
        var ids = earlier ?? []
        let level = elements.level
        while let name = try elements.child(of: level) {
            guard "CategoryIdentifier" ~= name else { continue }
            let level = elements.level
            while let name = try elements.child(of: level) {
                guard "Id" ~= name else { continue }
                guard ids.count < RequestedLimits.categories else { throw SOAPFault(.invalidParameters, parameter) }
                ids.append(try elements.guid(parameter))
            }
        }
        return ids.isEmpty ? nil : ids
    }
}
