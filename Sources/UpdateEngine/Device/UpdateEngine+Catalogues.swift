import UpdateCatalog
public import UpdateProtocols
import Updates

/// What a device asks beside its scan.
extension UpdateEngine {
    /// After ServerChanged or InvalidCookie: this server's ids for what the device holds ([MS-WUSP] 3.1.5.8).
    public func refreshCache(_ session: DeviceSession, _ request: RefreshCache.Request) throws(SOAPFault) -> RefreshCache.Response {
        let (catalog, _, device) = try registered(session)
        return catalog.refresh(request.globalIDs, in: catalog.view(of: device.groups))
    }

    public func printerCatalog(_ session: DeviceSession, _ request: SyncPrinterCatalog.Request) throws(SOAPFault) -> DeviceScan {
        let (catalog, _, device) = try registered(session)
        let answer = catalog.scan(
            ScanRequest(
                installedNonLeaf: request.installedNonLeaf, cachedDrivers: request.printerUpdates, anchor: session.anchor,
                groupsGeneration: device.groupsGeneration, pass: .printerCatalog),
            in: catalog.view(of: device.groups))
        return DeviceScan(.syncPrinterCatalog, answer: answer, cookie: cookie(of: session, anchor: answer.generation), pages: pages)
    }

    /// Of the updates asked for, those whose revision is the one delivered to the device; the others are left out, as in a scan.
    public func extendedUpdateInfo2(
        _ session: DeviceSession, _ request: GetExtendedUpdateInfo2.Request, baseURL: String
    ) throws(SOAPFault) -> DeviceExtendedInfo2 {
        let (catalog, files, device) = try registered(session)
        let view = catalog.view(of: device.groups)
        var seen: Set<UpdateIdentity> = []
        let delivered = request.updateIDs.filter { seen.insert($0).inserted }.compactMap { asked in
            catalog.current(asked.updateID).flatMap { $0.identity == asked && catalog.isDelivered($0.id, in: view) ? $0 : nil }
        }
        let pieces = request.infoTypes.flatMap { type in
            delivered.flatMap { revision in
                kinds(type, of: revision.id, locales: request.locales, geoID: nil).map { GetExtendedUpdateInfo.Piece(id: revision.id, kind: $0) }
            }
        }
        let wantsLocations = !Set(request.infoTypes).isDisjoint(with: [.extended, .fileUrl])
        let details = delivered.map { revision in
            GetExtendedUpdateInfo2.EncryptionDetail(
                update: revision.identity, hasEncryptedFiles: files.files(of: revision.id).contains { $0.isEncrypted == true })
        }
        return DeviceExtendedInfo2(
            pieces: pieces, fileLocations: wantsLocations ? locations(of: delivered.map(\.id), in: files, at: baseURL) : [],
            encryptionDetails: details, pages: pages)
    }

    /// Where the files of revisions are, each file once.
    func locations(of revisions: [RevisionID], in files: FileIndex, at baseURL: String) -> [FileLocation] {
        var located: Set<SHA1Digest> = []
        return revisions.flatMap { files.files(of: $0) }.filter { located.insert($0.sha1).inserted }.map {
            FileLocation(digest: $0.sha1, url: ContentPath.url(of: $0.sha1, named: $0.name, at: baseURL))
        }
    }

    /// Never: nothing in it proves who sends it, and without proof nothing may change (docs/divergences.md).
    public func report(_ request: ReportEventBatch2.Request) -> Bool { false }

    /// None, as the configuration says (`IsInventoryRequired` 0).
    public func requiredInventoryType(_ session: DeviceSession, _ request: GetRequiredInventoryType.Request) throws(SOAPFault) -> Int32 {
        _ = try registered(session)
        return 0
    }

    /// Never: none was asked for.
    public func reportInventory(_ session: DeviceSession, _ request: ReportInventory.Request) throws(SOAPFault) -> Bool {
        _ = try registered(session)
        return false
    }

    public func ping() -> Ping.Response { Ping.Response(isSuccessful: true, time: clock()) }
}
