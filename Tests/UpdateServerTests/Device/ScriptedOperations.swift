import Dispatch
import Synchronization
import UpdateProtocols
import Updates

@testable import UpdateEngine

/// Answers devices as it is told, and keeps what it was asked.
final class ScriptedOperations: DeviceOperations {
    struct Script: Sendable {
        var fault: SOAPFault?
        var refusal: ReportRefusal?
        /// Of the answers that hold fragments: how large one is, and whether it can be read.
        var fragmentBytes = 10
        var isFragmentCorrupt = false
        /// What `report` waits for before it returns.
        var reportGate: Gate?
        /// What making a page waits for.
        var pageGate: DispatchGroup?
    }

    struct Corrupt: Error {}

    static let cookie = CookieElement(expiration: Timestamp(millisecondsSince1970: 0), encryptedData: [1, 2, 3])

    private let script: Script
    private let fragments: ScriptedFragments
    private let pages: AnswerPages
    private let kept = Mutex<[String]>([])
    private let seen = Mutex<[DeviceTransport?]>([])

    init(_ script: Script = Script()) {
        self.script = script
        fragments = ScriptedFragments(script: script)
        pages = AnswerPages(texts: fragments)
    }

    /// How often a fragment was asked for.
    var fragmentReads: Int { fragments.begun.count.withLock { $0 } }

    /// How each request with a good cookie came.
    var transports: [DeviceTransport?] { seen.withLock { $0 } }

    var calls: [String] { kept.withLock { $0 } }

    private func keep(_ call: String) throws(SOAPFault) {
        kept.withLock { $0.append(call) }
        if let fault = script.fault { throw fault }
    }

    func deviceConfiguration() -> GetConfig.Response {
        kept.withLock { $0.append("configuration") }
        return GetConfig.Response(lastChange: Timestamp(millisecondsSince1970: 1000), isRegistrationRequired: true, properties: [])
    }

    func authorize(
        _ request: GetAuthorizationCookie.Request, from address: String
    ) throws(SOAPFault) -> GetAuthorizationCookie.Response {
        try keep("authorize \(request.clientID ?? "-")")
        return AuthorizationCookie(plugInID: "SimpleTargeting", cookieData: [9])
    }

    func issueCookie(_ request: GetCookie.Request, from address: String) throws(SOAPFault) -> CookieElement {
        try keep("issueCookie \(request.protocolVersion ?? "-")")
        return Self.cookie
    }

    func open(_ cookie: CookieElement?, from address: String, over transport: DeviceTransport?) throws(SOAPFault) -> DeviceSession {
        guard cookie?.encryptedData == Self.cookie.encryptedData else { throw SOAPFault(.invalidCookie, "cookie") }
        seen.withLock { $0.append(transport) }
        guard let device = DeviceID("device-1"), let digest = SHA256Digest(bytes: [UInt8](repeating: 0, count: 32)) else {
            throw SOAPFault(.internalServerError)
        }
        return DeviceSession(
            deviceID: device, isRegistered: true, anchor: .zero, configurationVersion: Timestamp(millisecondsSince1970: 0), clientProtocolMajor: 2,
            clientProtocolMinor: 90, expires: Timestamp(millisecondsSince1970: 0), dnsNameDigest: digest,
            groupClaimDigest: digest, lineage: SessionLineage(rawValue: 1), address: address, transport: transport)
    }

    func register(_ session: DeviceSession, _ request: RegisterComputer.Request, from address: String) async throws(SOAPFault) {
        try keep("register \(session.deviceID.text) \(request.facts.dnsName) from \(address)")
    }

    func startCategoryScan(_ request: StartCategoryScan.Request) throws(SOAPFault) -> StartCategoryScan.Response {
        try keep("startCategoryScan \(request.categories.count)")
        return StartCategoryScan.Response(preferred: request.categories.map(\.id), inError: [])
    }

    func scan(_ session: DeviceSession, _ request: SyncUpdates.Request) throws(SOAPFault) -> DeviceScan {
        try keep("scan \(session.deviceID.text) \(request.installedNonLeaf.map(\.rawValue))")
        let count = request.skipSoftwareSync ? 0 : 3
        let updates = (0..<count).map {
            ScannedUpdate(
                id: RevisionID(rawValue: Int32($0 + 1)),
                deployment: Deployment(
                    id: DeploymentID(rawValue: Int32($0 + 1)), action: .evaluate, deadline: nil, lastChange: Timestamp(millisecondsSince1970: 0)),
                isLeaf: true)
        }
        return DeviceScan(answer: ScanAnswer(newUpdates: updates, generation: .zero), cookie: Self.cookie, pages: pages)
    }

    func extendedUpdateInfo(
        _ session: DeviceSession, _ request: GetExtendedUpdateInfo.Request, baseURL: String
    ) throws(SOAPFault) -> DeviceExtendedInfo {
        try keep("extended \(request.revisionIDs.map(\.rawValue)) \(baseURL)")
        return DeviceExtendedInfo(
            pieces: request.revisionIDs.map { .init(id: $0, kind: .extended) }, fileLocations: [], outOfScope: [RevisionID(rawValue: 77)],
            pages: pages)
    }

    func refreshCache(_ session: DeviceSession, _ request: RefreshCache.Request) throws(SOAPFault) -> RefreshCache.Response {
        try keep("refresh \(request.globalIDs.count)")
        return []
    }

    func printerCatalog(_ session: DeviceSession, _ request: SyncPrinterCatalog.Request) throws(SOAPFault) -> DeviceScan {
        try keep("printers \(request.installedNonLeaf.map(\.rawValue)) \(request.printerUpdates.map(\.rawValue))")
        return DeviceScan(.syncPrinterCatalog, answer: ScanAnswer(generation: .zero), cookie: Self.cookie, pages: pages)
    }

    func extendedUpdateInfo2(
        _ session: DeviceSession, _ request: GetExtendedUpdateInfo2.Request, baseURL: String
    ) throws(SOAPFault) -> DeviceExtendedInfo2 {
        try keep("extended2 \(request.updateIDs.count) \(baseURL)")
        return DeviceExtendedInfo2(
            pieces: [.init(id: RevisionID(rawValue: 1), kind: .extended)], fileLocations: [],
            encryptionDetails: request.updateIDs.map { .init(update: $0, hasEncryptedFiles: false) }, pages: pages)
    }

    func fileLocations(
        _ session: DeviceSession, _ request: GetFileLocations.Request, baseURL: String
    ) throws(SOAPFault) -> GetFileLocations.Response {
        try keep("locations \(request.digests.count) \(baseURL)")
        return GetFileLocations.Response(fileLocations: request.digests.map { FileLocation(digest: $0, url: baseURL + "/Content/x") }, newCookie: nil)
    }

    func report(_ session: DeviceSession, _ request: ReportEventBatch.Request) async throws(ReportRefusal) {
        kept.withLock { $0.append("report \(session.deviceID.text) \(request.events.count)") }
        await script.reportGate?.wait()
        if let refusal = script.refusal { throw refusal }
    }

    func report(_ request: ReportEventBatch2.Request) -> Bool {
        kept.withLock { $0.append("report of \(request.computerID ?? "-")") }
        return false
    }

    func requiredInventoryType(_ session: DeviceSession, _ request: GetRequiredInventoryType.Request) throws(SOAPFault) -> Int32 {
        try keep("inventory type \(request.rulesID)")
        return 0
    }

    func reportInventory(_ session: DeviceSession, _ request: ReportInventory.Request) throws(SOAPFault) -> Bool {
        try keep("inventory")
        return false
    }

    func ping() -> Ping.Response { Ping.Response(isSuccessful: true, time: Timestamp(millisecondsSince1970: 0)) }
}

/// Fragments of one size.
struct ScriptedFragments: FragmentTexts {
    final class Begun: Sendable {
        let count = Mutex(0)
    }

    let script: ScriptedOperations.Script
    let begun = Begun()
    let version = 0

    private func bytes(_ id: RevisionID, _ kind: FragmentKind) throws -> [UInt8] {
        if script.isFragmentCorrupt { throw ScriptedOperations.Corrupt() }
        begun.count.withLock { $0 += 1 }
        script.pageGate?.wait()
        guard kind == .core else { return Array("<Extended/>".utf8) }
        return Array("<Core id=\"\(id.rawValue)\">\(String(repeating: "c", count: script.fragmentBytes))</Core>".utf8)
    }

    func size(of id: RevisionID, _ kind: FragmentKind) throws -> Int { try bytes(id, kind).count }

    func append(_ id: RevisionID, _ kind: FragmentKind, to xml: inout XMLBytes) throws { xml.appendEscaped(try bytes(id, kind)) }

    func text(of id: RevisionID, _ kind: FragmentKind) throws -> DeferredBytes {
        let bytes = try bytes(id, kind)
        return DeferredBytes(escaping: bytes.count) { range, give in bytes.withUnsafeBytes { give(UnsafeRawBufferPointer(rebasing: $0[range])) } }
    }

    func blocks(of id: RevisionID, _ kind: FragmentKind) throws -> AnswerBody.Piece {
        var blocks: [UInt8] = []
        _ = try bytes(id, kind).withUnsafeBytes { Xpress.compressText($0) { blocks.append(contentsOf: $0) } }
        return .deferred(
            DeferredBytes(blocks.count) { [blocks] range, give in blocks.withUnsafeBytes { give(UnsafeRawBufferPointer(rebasing: $0[range])) } })
    }
}

/// Holds those who come until it is opened.
final class Gate: Sendable {
    private struct Contents {
        var isOpen = false
        var waiting: [CheckedContinuation<Void, Never>] = []
    }

    private let contents = Mutex(Contents())

    func wait() async {
        await withCheckedContinuation { continuation in
            let isOpen = contents.withLock { contents in
                if !contents.isOpen { contents.waiting.append(continuation) }
                return contents.isOpen
            }
            if isOpen { continuation.resume() }
        }
    }

    func open() {
        let waiting = contents.withLock { contents in
            contents.isOpen = true
            defer { contents.waiting = [] }
            return contents.waiting
        }
        for continuation in waiting { continuation.resume() }
    }
}
