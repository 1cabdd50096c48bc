import Logging
import NIOCore
import NIOHTTP1
import UpdateEngine
import UpdateProtocols
import Updates

/// The device services: bytes to an operation, the operation carried out, its answer to bytes.
struct DeviceEndpoint: Sendable {
    /// A request of more bytes is read on a thread: decoding it would keep the event loop's other connections waiting.
    static let bytesOnEventLoop = 256 << 10

    let operations: any DeviceOperations
    let address: PublicAddress
    let log: BoundedLog

    /// Nothing for a path that is no device service.
    func answer(_ request: HTTPRequest, path: String) -> Outcome? {
        guard let service = DeviceService.service(forPath: path) else { return nil }
        guard request.method == .POST else { return .ready(.refusal(.methodNotAllowed, "device service", headers: [("Allow", "POST")])) }
        let exchange = Exchange(service: service, request: request, log: log)
        if request.body.readableBytes > Self.bytesOnEventLoop { return .work { answer(exchange) } }
        return answer(exchange)
    }

    private func answer(_ exchange: Exchange) -> Outcome {
        var exchange = exchange
        var reader = SOAPRequestReader(Array(exchange.request.body.readableBytesView))
        exchange.request.body.clear()
        do throws(SOAPFault) {
            let operation = try reader.operation()
            exchange.operation = operation
            exchange.version = reader.version ?? exchange.version
            guard exchange.isMediaTypeConsistent else { throw SOAPFault(.invalidParameters, "Content-Type") }
            guard operation.service == exchange.service else { throw SOAPFault(.invalidParameters, "operation") }
            guard exchange.isActionConsistent else { throw SOAPFault(.invalidParameters, "SOAPAction") }
            return try carryOut(operation, &reader, exchange)
        } catch {
            exchange.version = reader.version ?? exchange.version
            return .ready(exchange.refusal(error, detail: reader.malformation.map { "\($0)" }))
        }
    }

    private func carryOut(
        _ operation: DeviceOperation, _ reader: inout SOAPRequestReader, _ exchange: Exchange
    ) throws(SOAPFault) -> Outcome {
        let open = { (cookie: CookieElement?) throws(SOAPFault) in
            try operations.open(cookie, from: exchange.request.peer, over: exchange.request.transport)
        }
        switch operation {
        case .getConfig:
            _ = try GetConfig.decode(&reader)
            return .ready(exchange.answer(GetConfig.encodeResponse(operations.deviceConfiguration(), soap: exchange.version)))
        case .getAuthorizationCookie:
            let response = try operations.authorize(try GetAuthorizationCookie.decode(&reader), from: exchange.request.peer)
            return .ready(exchange.answer(GetAuthorizationCookie.encodeResponse(response, soap: exchange.version)))
        case .getCookie:
            let cookie = try operations.issueCookie(try GetCookie.decode(&reader), from: exchange.request.peer)
            return .ready(exchange.answer(GetCookie.encodeResponse(cookie, soap: exchange.version)))
        case .startCategoryScan:
            let response = try operations.startCategoryScan(try StartCategoryScan.decode(&reader))
            return .ready(exchange.answer(StartCategoryScan.encodeResponse(response, soap: exchange.version)))
        case .registerComputer:
            let (session, request) = try RegisterComputer.decode(&reader, open: open)
            return .pending { await register(session, request, exchange) }
        case .syncUpdates:
            let (session, request) = try SyncUpdates.decode(&reader, open: open)
            let scan = try operations.scan(session, request)
            return page(scan, session, exchange)
        case .refreshCache:
            let (session, request) = try RefreshCache.decode(&reader, open: open)
            let response = try operations.refreshCache(session, request)
            return .ready(exchange.answer(RefreshCache.encodeResponse(response, for: session.clientProtocol, soap: exchange.version)))
        case .syncPrinterCatalog:
            let (session, request) = try SyncPrinterCatalog.decode(&reader, open: open)
            let scan = try operations.printerCatalog(session, request)
            return page(scan, session, exchange)
        case .getExtendedUpdateInfo:
            let (session, request) = try GetExtendedUpdateInfo.decode(&reader, open: open)
            let info = try operations.extendedUpdateInfo(session, request, baseURL: address.baseURL(for: exchange.host))
            return page(info, session, exchange)
        case .getExtendedUpdateInfo2:
            let (session, request) = try GetExtendedUpdateInfo2.decode(&reader, open: open)
            let info = try operations.extendedUpdateInfo2(session, request, baseURL: address.baseURL(for: exchange.host))
            return page(info, session, exchange)
        case .getFileLocations:
            let (session, request) = try GetFileLocations.decode(&reader, open: open)
            let response = try operations.fileLocations(session, request, baseURL: address.baseURL(for: exchange.host))
            return .ready(exchange.answer(GetFileLocations.encodeResponse(response, soap: exchange.version)))
        case .reportEventBatch:
            let (session, request) = try ReportEventBatch.decode(&reader, open: open)
            return .pending { await report(session, request, exchange) }
        case .reportEventBatch2:
            let isAccepted = operations.report(try ReportEventBatch2.decode(&reader))
            return .ready(exchange.answer(ReportEventBatch2.encodeResponse(isAccepted, soap: exchange.version)))
        case .getRequiredInventoryType:
            let (session, request) = try GetRequiredInventoryType.decode(&reader, open: open)
            let type = try operations.requiredInventoryType(session, request)
            return .ready(exchange.answer(GetRequiredInventoryType.encodeResponse(type, soap: exchange.version)))
        case .reportInventory:
            let (session, request) = try ReportInventory.decode(&reader, open: open)
            let isAccepted = try operations.reportInventory(session, request)
            return .ready(exchange.answer(ReportInventory.encodeResponse(isAccepted, soap: exchange.version)))
        case .ping:
            _ = try Ping.decode(&reader)
            return .ready(exchange.answer(Ping.encodeResponse(operations.ping(), soap: exchange.version)))
        }
    }

    /// Fragments are read from a mapped file and may have to come from disk, and compressing them takes milliseconds: no work for an event loop,
    /// unless the page is kept from an earlier device.
    private func page(_ answer: some PagedAnswer, _ session: DeviceSession, _ exchange: Exchange) -> Outcome {
        let form = AnswerForm(exchange.coding, soap: exchange.version, client: session.clientProtocol)
        if let body = answer.bodyAtHand(form) { return .ready(exchange.answer(body)) }
        return .costly(device: session.deviceID.text) { exchange.answer { () throws in try answer.body(form) } }
    }

    private func register(_ session: DeviceSession, _ request: RegisterComputer.Request, _ exchange: Exchange) async -> HTTPAnswer {
        do throws(SOAPFault) {
            try await operations.register(session, request, from: exchange.request.peer)
            return exchange.answer(RegisterComputer.encodeResponse(soap: exchange.version))
        } catch {
            return exchange.refusal(error)
        }
    }

    private func report(_ session: DeviceSession, _ request: ReportEventBatch.Request, _ exchange: Exchange) async -> HTTPAnswer {
        do throws(ReportRefusal) {
            try await operations.report(session, request)
            return exchange.answer(ReportEventBatch.encodeResponse(true, soap: exchange.version))
        } catch {
            switch error {
            case .fault(let fault): return exchange.refusal(fault)
            case .busy(let seconds): return .refusal(.serviceUnavailable, "report queue", headers: [("Retry-After", String(seconds))])
            }
        }
    }
}

/// One request and what its answer depends on.
private struct Exchange: Sendable {
    let service: DeviceService
    var request: HTTPRequest
    let log: BoundedLog
    var operation: DeviceOperation?
    /// Of the request's envelope; what the media type says until that is read.
    var version: SOAPVersion
    /// What Content-Type says of SOAP; nothing for another media type or none.
    private let mediaType: (version: SOAPVersion, action: String?)?
    let coding: AnswerWriter.Coding

    init(service: DeviceService, request: HTTPRequest, log: BoundedLog) {
        self.service = service
        self.request = request
        self.log = log
        mediaType = Self.mediaType(of: request)
        version = mediaType?.version ?? .v11
        coding = Self.acceptsXpress(request) ? .xpress : .identity
    }

    var host: String? { request.headers.first(name: "Host") }

    /// A real server needs no SOAPAction; one that names another operation than the body does is refused. SOAP 1.2 has it in the media type.
    var isActionConsistent: Bool {
        let named = version == .v11 ? request.headers.first(name: "SOAPAction") : mediaType?.action
        guard let operation, let action = named.map({ String(decoding: $0.utf8.filter { $0 != UInt8(ascii: "\"") }, as: UTF8.self) }) else {
            return true
        }
        return operation.soapAction == action || !DeviceOperation.allCases.contains { $0.soapAction == action }
    }

    /// The media type is that of the envelope's version, or of neither version.
    var isMediaTypeConsistent: Bool { (mediaType?.version ?? version) == version }

    /// The version, and the action that SOAP 1.2 has there (RFC 3902).
    private static func mediaType(of request: HTTPRequest) -> (version: SOAPVersion, action: String?)? {
        guard let text = request.headers.first(name: "Content-Type") else { return nil }
        // As agents write it.
        if text == "text/xml; charset=utf-8" { return (.v11, nil) }
        let parts = text.split(separator: ";")
        let words = parts.map { $0.trimming(while: \.isWhitespace) }
        guard let version = SOAPVersion.allCases.first(where: { $0.mediaType == words.first?.lowercased() }) else { return nil }
        let action = words.first { $0.lowercased().hasPrefix("action=") }?.dropFirst("action=".count)
        return (version, action.map(String.init))
    }

    func answer(_ body: [UInt8]) -> HTTPAnswer { answer(AnswerBody(body, coding)) }

    func answer(_ body: AnswerBody) -> HTTPAnswer {
        HTTPAnswer(status: .ok, headers: body.isXpress ? headers + [("Content-Encoding", "xpress")] : headers, body: .pieces(body))
    }

    /// What cannot be encoded for want of an intact fragment is an InternalServerError.
    func answer(_ encode: () throws -> AnswerBody) -> HTTPAnswer {
        do { return answer(try encode()) } catch { return refusal(SOAPFault(.internalServerError), detail: "\(error)") }
    }

    /// A fault, never compressed, and its line in the log: both have the same id.
    func refusal(_ fault: SOAPFault, detail: String? = nil) -> HTTPAnswer {
        let id = UpdateID.random()
        // Expired cookies and the like are a device's daily life; what is malformed or ours deserves a look.
        let level: Logger.Level =
            switch fault.code {
            case .internalServerError: .error
            case .invalidParameters, .invalidCookie, .invalidAuthorizationCookie, .serverBusy: .notice
            default: .info
            }
        log.record(
            "fault \(fault.code.rawValue)", level: level, "refused",
            metadata: [
                "request": "\(id)", "peer": "\(request.peer)", "operation": "\(operation?.name ?? "-")", "code": "\(fault.code.rawValue)",
                "message": "\(DisplayText.escaped([fault.message, detail ?? ""].filter { !$0.isEmpty }.joined(separator: ": ")))",
            ])
        return HTTPAnswer(
            status: .internalServerError, headers: headers, body: .bytes(fault.encode(id: id, service: service, operation: operation, soap: version)),
            isLast: true)
    }

    private var headers: [(name: String, value: String)] {
        [
            ("Content-Type", "\(version.mediaType); charset=utf-8"), ("Cache-Control", service == .client ? "private" : "private, max-age=0"),
            ("Vary", "Accept-Encoding"),
        ]
    }

    private static func acceptsXpress(_ request: HTTPRequest) -> Bool {
        request.headers[canonicalForm: "Accept-Encoding"].contains { coding in
            if coding == "xpress" { return true }
            let parts = coding.lowercased().filter { $0 != " " }.split(separator: ";")
            return parts.first == "xpress" && !parts.dropFirst().contains { $0.hasPrefix("q=0") && $0.allSatisfy { "q=0.".contains($0) } }
        }
    }
}

extension Substring {
    fileprivate func trimming(while isTrimmed: (Character) -> Bool) -> Substring {
        var text = drop(while: isTrimmed)
        while let last = text.last, isTrimmed(last) { text.removeLast() }
        return text
    }
}
