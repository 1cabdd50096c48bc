import UpdateProtocols
import Updates

/// Any request of a device.
enum Request: Hashable {
    case getConfig(GetConfig.Request)
    case getAuthorizationCookie(GetAuthorizationCookie.Request)
    case getCookie(GetCookie.Request)
    case registerComputer(CookieElement, RegisterComputer.Request)
    case startCategoryScan(StartCategoryScan.Request)
    case syncUpdates(CookieElement, SyncUpdates.Request)
    case getExtendedUpdateInfo(CookieElement, GetExtendedUpdateInfo.Request)
    case refreshCache(CookieElement, RefreshCache.Request)
    case syncPrinterCatalog(CookieElement, SyncPrinterCatalog.Request)
    case getExtendedUpdateInfo2(CookieElement, GetExtendedUpdateInfo2.Request)
    case getFileLocations(CookieElement, GetFileLocations.Request)
    case reportEventBatch(CookieElement, ReportEventBatch.Request)
    case reportEventBatch2(ReportEventBatch2.Request)
    case getRequiredInventoryType(CookieElement, GetRequiredInventoryType.Request)
    case reportInventory(CookieElement, ReportInventory.Request)
    case ping(Ping.Request)

    init(_ reader: inout SOAPRequestReader) throws(SOAPFault) {
        let open = { (cookie: CookieElement?) throws(SOAPFault) -> CookieElement in
            guard let cookie, cookie.encryptedData?.isEmpty == false else { throw SOAPFault(.invalidCookie) }
            return cookie
        }
        switch try reader.operation() {
        case .getConfig: self = .getConfig(try GetConfig.decode(&reader))
        case .getAuthorizationCookie: self = .getAuthorizationCookie(try GetAuthorizationCookie.decode(&reader))
        case .getCookie:
            var request = try GetCookie.decode(&reader)
            // Data that was no base64 is empty, and empty data is none when it is read.
            if request.oldCookie?.encryptedData?.isEmpty == true { request.oldCookie?.encryptedData = nil }
            self = .getCookie(request)
        case .registerComputer:
            let (cookie, request) = try RegisterComputer.decode(&reader, open: open)
            self = .registerComputer(cookie, request)
        case .startCategoryScan: self = .startCategoryScan(try StartCategoryScan.decode(&reader))
        case .syncUpdates:
            let (cookie, request) = try SyncUpdates.decode(&reader, open: open)
            self = .syncUpdates(cookie, request)
        case .getExtendedUpdateInfo:
            let (cookie, request) = try GetExtendedUpdateInfo.decode(&reader, open: open)
            self = .getExtendedUpdateInfo(cookie, request)
        case .refreshCache:
            let (cookie, request) = try RefreshCache.decode(&reader, open: open)
            self = .refreshCache(cookie, request)
        case .syncPrinterCatalog:
            let (cookie, request) = try SyncPrinterCatalog.decode(&reader, open: open)
            self = .syncPrinterCatalog(cookie, request)
        case .getExtendedUpdateInfo2:
            let (cookie, request) = try GetExtendedUpdateInfo2.decode(&reader, open: open)
            self = .getExtendedUpdateInfo2(cookie, request)
        case .getFileLocations:
            let (cookie, request) = try GetFileLocations.decode(&reader, open: open)
            self = .getFileLocations(cookie, request)
        case .reportEventBatch:
            var (cookie, request) = try ReportEventBatch.decode(&reader, open: open)
            // A dropped event is not there to be written.
            request.droppedEvents = 0
            // The schema has a time; an agent always writes it.
            request.clientTime = request.clientTime ?? Timestamp(millisecondsSince1970: 0)
            self = .reportEventBatch(cookie, request)
        case .reportEventBatch2: self = .reportEventBatch2(try ReportEventBatch2.decode(&reader))
        case .getRequiredInventoryType:
            let (cookie, request) = try GetRequiredInventoryType.decode(&reader, open: open)
            self = .getRequiredInventoryType(cookie, request)
        case .reportInventory:
            let (cookie, request) = try ReportInventory.decode(&reader, open: open)
            self = .reportInventory(cookie, request)
        case .ping: self = .ping(try Ping.decode(&reader))
        }
    }

    /// As an agent writes it.
    var encoded: [UInt8] {
        switch self {
        case .getConfig(let request): GetConfig.encodeRequest(request)
        case .getAuthorizationCookie(let request): GetAuthorizationCookie.encodeRequest(request)
        case .getCookie(let request): GetCookie.encodeRequest(request)
        case .registerComputer(let cookie, let request): RegisterComputer.encodeRequest(request, cookie: cookie)
        case .startCategoryScan(let request): StartCategoryScan.encodeRequest(request)
        case .syncUpdates(let cookie, let request): SyncUpdates.encodeRequest(request, cookie: cookie)
        case .getExtendedUpdateInfo(let cookie, let request): GetExtendedUpdateInfo.encodeRequest(request, cookie: cookie)
        case .refreshCache(let cookie, let request): RefreshCache.encodeRequest(request, cookie: cookie)
        case .syncPrinterCatalog(let cookie, let request): SyncPrinterCatalog.encodeRequest(request, cookie: cookie)
        case .getExtendedUpdateInfo2(let cookie, let request): GetExtendedUpdateInfo2.encodeRequest(request, cookie: cookie)
        case .getFileLocations(let cookie, let request): GetFileLocations.encodeRequest(request, cookie: cookie)
        case .reportEventBatch(let cookie, let request):
            ReportEventBatch.encodeRequest(
                clientTime: request.clientTime ?? Timestamp(millisecondsSince1970: 0), events: request.events, computer: ReportingComputer(),
                cookie: cookie)
        case .reportEventBatch2(let request): ReportEventBatch2.encodeRequest(request)
        case .getRequiredInventoryType(let cookie, let request): GetRequiredInventoryType.encodeRequest(request, cookie: cookie)
        case .reportInventory(let cookie, let request): ReportInventory.encodeRequest(request, cookie: cookie)
        case .ping(let request): Ping.encodeRequest(request)
        }
    }
}
