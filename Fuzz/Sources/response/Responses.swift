import FuzzTarget
import UpdateProtocols
import Updates

func getConfig(_ body: [UInt8]) throws(ResponseError) {
    let response = try GetConfig.decodeResponse(body)
    check(response, GetConfig.encodeResponse(response), GetConfig.decodeResponse)
}

func getAuthorizationCookie(_ body: [UInt8]) throws(ResponseError) {
    let response = try GetAuthorizationCookie.decodeResponse(body)
    check(response, GetAuthorizationCookie.encodeResponse(response), GetAuthorizationCookie.decodeResponse)
}

func getCookie(_ body: [UInt8]) throws(ResponseError) {
    let response = try GetCookie.decodeResponse(body)
    check(response, GetCookie.encodeResponse(response), GetCookie.decodeResponse)
}

func registerComputer(_ body: [UInt8]) throws(ResponseError) {
    try RegisterComputer.decodeResponse(body)
}

func startCategoryScan(_ body: [UInt8]) throws(ResponseError) {
    let response = try StartCategoryScan.decodeResponse(body)
    check(response, StartCategoryScan.encodeResponse(response), StartCategoryScan.decodeResponse)
}

func syncUpdates(_ body: [UInt8]) throws(ResponseError) {
    let (response, answer, cookie) = written(try SyncUpdates.decodeResponse(body))
    var cores = response.newUpdates.map(\.core)[...]
    let encoded = SyncUpdates.encodeResponse(answer, cookie: cookie) { _, xml in xml.appendEscaped(cores.popFirst() ?? []) }
    check(response, encoded, SyncUpdates.decodeResponse)
}

func syncPrinterCatalog(_ body: [UInt8]) throws(ResponseError) {
    let (response, answer, cookie) = written(try SyncPrinterCatalog.decodeResponse(body))
    var cores = response.newUpdates.map(\.core)[...]
    let encoded = SyncPrinterCatalog.encodeResponse(answer, cookie: cookie, soap: .v12) { _, xml in xml.appendEscaped(cores.popFirst() ?? []) }
    check(response, encoded, SyncPrinterCatalog.decodeResponse)
}

/// A page with what a server always says, and without what it never does.
private func written(_ page: SyncUpdates.Response) -> (SyncUpdates.Response, ScanAnswer, CookieElement) {
    var page = page
    let cookie = readable(page.newCookie) ?? CookieElement()
    page.newCookie = cookie
    page.isDriverSyncNotNeeded = page.isDriverSyncNotNeeded ?? false
    for index in page.newUpdates.indices { page.newUpdates[index].deployment = written(page.newUpdates[index].deployment) }
    for index in page.changedUpdates.indices {
        page.changedUpdates[index].core = []
        page.changedUpdates[index].deployment = written(page.changedUpdates[index].deployment)
    }
    let scanned = { (update: SyncUpdates.UpdateInfo) in
        ScannedUpdate(id: update.id, deployment: update.deployment, isLeaf: update.isLeaf, hardwareIDs: update.hardwareIDs)
    }
    let answer = ScanAnswer(
        newUpdates: page.newUpdates.map(scanned), changedUpdates: page.changedUpdates.map(scanned), outOfScope: page.outOfScope,
        deployedOutOfScope: page.deployedOutOfScope, isTruncated: page.isTruncated, isDriverSyncNotNeeded: page.isDriverSyncNotNeeded ?? false,
        generation: .zero)
    return (page, answer, cookie)
}

func refreshCache(_ body: [UInt8]) throws(ResponseError) {
    let response = try RefreshCache.decodeResponse(body).map {
        RefreshedRevision(id: $0.id, identity: $0.identity, isLeaf: $0.isLeaf, deployment: written($0.deployment))
    }
    check(response, RefreshCache.encodeResponse(response), RefreshCache.decodeResponse)
}

func getExtendedUpdateInfo2(_ body: [UInt8]) throws(ResponseError) {
    let response = try GetExtendedUpdateInfo2.decodeResponse(body)
    var texts = response.updates.map(\.xml)[...]
    let encoded = GetExtendedUpdateInfo2.encodeResponse(
        response.updates.map { GetExtendedUpdateInfo.Piece(id: $0.id, kind: .extended) }, fileLocations: response.fileLocations,
        encryptionDetails: response.encryptionDetails
    ) { _, xml in
        xml.appendEscaped(texts.popFirst() ?? [])
    }
    check(response, encoded, GetExtendedUpdateInfo2.decodeResponse)
}

func furtherReports(_ body: [UInt8]) throws(ResponseError) {
    let isAccepted = try ReportEventBatch2.decodeResponse(body)
    check(isAccepted, ReportEventBatch2.encodeResponse(isAccepted), ReportEventBatch2.decodeResponse)
}

func requiredInventoryType(_ body: [UInt8]) throws(ResponseError) {
    let type = try GetRequiredInventoryType.decodeResponse(body)
    check(type, GetRequiredInventoryType.encodeResponse(type), GetRequiredInventoryType.decodeResponse)
}

func reportInventory(_ body: [UInt8]) throws(ResponseError) {
    let isAccepted = try ReportInventory.decodeResponse(body)
    check(isAccepted, ReportInventory.encodeResponse(isAccepted), ReportInventory.decodeResponse)
}

func ping(_ body: [UInt8]) throws(ResponseError) {
    let response = try Ping.decodeResponse(body)
    check(response, Ping.encodeResponse(response), Ping.decodeResponse)
}

func getExtendedUpdateInfo(_ body: [UInt8]) throws(ResponseError) {
    let response = try GetExtendedUpdateInfo.decodeResponse(body)
    var texts = response.updates.map(\.xml)[...]
    let encoded = GetExtendedUpdateInfo.encodeResponse(
        response.updates.map { GetExtendedUpdateInfo.Piece(id: $0.id, kind: .extended) }, fileLocations: response.fileLocations,
        outOfScope: response.outOfScope
    ) { _, xml in
        xml.appendEscaped(texts.popFirst() ?? [])
    }
    check(response, encoded, GetExtendedUpdateInfo.decodeResponse)
}

func getFileLocations(_ body: [UInt8]) throws(ResponseError) {
    var response = try GetFileLocations.decodeResponse(body)
    response.newCookie = readable(response.newCookie)
    check(response, GetFileLocations.encodeResponse(response), GetFileLocations.decodeResponse)
}

func reportEventBatch(_ body: [UInt8]) throws(ResponseError) {
    let isAccepted = try ReportEventBatch.decodeResponse(body)
    check(isAccepted, ReportEventBatch.encodeResponse(isAccepted), ReportEventBatch.decodeResponse)
}

private func check<Response: Equatable>(
    _ response: Response, _ encoded: [UInt8], _ decode: ([UInt8]) throws(ResponseError) -> Response
) {
    do throws(ResponseError) {
        let again = try decode(encoded)
        require(again == response, "written anew it reads \(again), not \(response)")
    } catch {
        require(false, "written anew \(response) is refused: \(error)")
    }
}

/// Data that was no base64 is empty, and empty data is none when it is read.
private func readable(_ cookie: CookieElement?) -> CookieElement? {
    cookie.map { CookieElement(expiration: $0.expiration, encryptedData: $0.encryptedData?.isEmpty == true ? nil : $0.encryptedData) }
}

/// With times as they are written: a day, and whole seconds.
private func written(_ deployment: Deployment) -> Deployment {
    Deployment(
        id: deployment.id, action: deployment.action, deadline: deployment.deadline.map { Timestamp($0.text(.seconds)) ?? $0 },
        lastChange: Timestamp(deployment.lastChange.text(.date)) ?? deployment.lastChange)
}
