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
    var response = try SyncUpdates.decodeResponse(body)
    // What a server always says, and what it never does.
    response.newCookie = readable(response.newCookie) ?? CookieElement()
    response.isDriverSyncNotNeeded = response.isDriverSyncNotNeeded ?? false
    for index in response.newUpdates.indices { response.newUpdates[index].deployment = written(response.newUpdates[index].deployment) }
    for index in response.changedUpdates.indices {
        response.changedUpdates[index].core = []
        response.changedUpdates[index].deployment = written(response.changedUpdates[index].deployment)
    }
    let scanned = { (update: SyncUpdates.UpdateInfo) in ScannedUpdate(id: update.id, deployment: update.deployment, isLeaf: update.isLeaf) }
    let answer = ScanAnswer(
        newUpdates: response.newUpdates.map(scanned), changedUpdates: response.changedUpdates.map(scanned), outOfScope: response.outOfScope,
        deployedOutOfScope: response.deployedOutOfScope, isTruncated: response.isTruncated,
        isDriverSyncNotNeeded: response.isDriverSyncNotNeeded ?? false, generation: .zero)
    var cores = response.newUpdates.map(\.core)[...]
    let encoded = SyncUpdates.encodeResponse(answer, cookie: response.newCookie ?? CookieElement()) { _, xml in
        xml.appendEscaped(cores.popFirst() ?? [])
    }
    check(response, encoded, SyncUpdates.decodeResponse)
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
