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
    let log: Logger

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
            guard operation.service == exchange.service else { throw SOAPFault(.invalidParameters, "operation") }
            guard exchange.isActionConsistent else { throw SOAPFault(.invalidParameters, "SOAPAction") }
            return try carryOut(operation, &reader, exchange)
        } catch {
            return .ready(exchange.refusal(error, detail: reader.malformation.map { "\($0)" }))
        }
    }

    private func carryOut(
        _ operation: DeviceOperation, _ reader: inout SOAPRequestReader, _ exchange: Exchange
    ) throws(SOAPFault) -> Outcome {
        let open = { (cookie: CookieElement?) throws(SOAPFault) in try operations.open(cookie, from: exchange.request.peer) }
        switch operation {
        case .getConfig:
            _ = try GetConfig.decode(&reader)
            return .ready(exchange.answer(GetConfig.encodeResponse(operations.deviceConfiguration())))
        case .getAuthorizationCookie:
            let response = try operations.authorize(try GetAuthorizationCookie.decode(&reader))
            return .ready(exchange.answer(GetAuthorizationCookie.encodeResponse(response)))
        case .getCookie:
            return .ready(exchange.answer(GetCookie.encodeResponse(try operations.issueCookie(try GetCookie.decode(&reader)))))
        case .startCategoryScan:
            let response = try operations.startCategoryScan(try StartCategoryScan.decode(&reader))
            return .ready(exchange.answer(StartCategoryScan.encodeResponse(response)))
        case .registerComputer:
            let (session, request) = try RegisterComputer.decode(&reader, open: open)
            return .pending { await register(session, request, exchange) }
        case .syncUpdates:
            let (session, request) = try SyncUpdates.decode(&reader, open: open)
            let scan = try operations.scan(session, request)
            let encode = { @Sendable in
                exchange.answer { () throws in
                    try SyncUpdates.encodeResponse(scan.answer, cookie: scan.cookie) { try scan.appendCore($0, &$1) }
                }
            }
            // Fragments are read from a mapped file and may have to come from disk; compressing a page takes tens of milliseconds.
            let isShort = scan.answer.newUpdates.isEmpty && scan.answer.changedUpdates.isEmpty
            return isShort ? .ready(encode()) : .work { .ready(encode()) }
        case .getExtendedUpdateInfo:
            let (session, request) = try GetExtendedUpdateInfo.decode(&reader, open: open)
            let info = try operations.extendedUpdateInfo(session, request, baseURL: address.baseURL(for: exchange.host))
            return .work {
                .ready(
                    exchange.answer { () throws in
                        try GetExtendedUpdateInfo.encodeResponse(
                            info.pieces, fileLocations: info.fileLocations, outOfScope: info.outOfScope
                        ) { try info.appendFragment($0, &$1) }
                    })
            }
        case .getFileLocations:
            let (session, request) = try GetFileLocations.decode(&reader, open: open)
            let response = try operations.fileLocations(session, request, baseURL: address.baseURL(for: exchange.host))
            return .ready(exchange.answer(GetFileLocations.encodeResponse(response)))
        case .reportEventBatch:
            let (session, request) = try ReportEventBatch.decode(&reader, open: open)
            return .pending { await report(session, request, exchange) }
        }
    }

    private func register(_ session: DeviceSession, _ request: RegisterComputer.Request, _ exchange: Exchange) async -> HTTPAnswer {
        do throws(SOAPFault) {
            try await operations.register(session, request, from: exchange.request.peer)
            return exchange.answer(RegisterComputer.encodeResponse())
        } catch {
            return exchange.refusal(error)
        }
    }

    private func report(_ session: DeviceSession, _ request: ReportEventBatch.Request, _ exchange: Exchange) async -> HTTPAnswer {
        do throws(ReportRefusal) {
            try await operations.report(session, request)
            return exchange.answer(ReportEventBatch.encodeResponse(true))
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
    let log: Logger
    var operation: DeviceOperation?

    init(service: DeviceService, request: HTTPRequest, log: Logger) {
        self.service = service
        self.request = request
        self.log = log
    }

    var host: String? { request.headers.first(name: "Host") }

    /// A real server needs no SOAPAction; one that names another operation than the body does is refused.
    var isActionConsistent: Bool {
        guard let operation, let header = request.headers.first(name: "SOAPAction") else { return true }
        let action = header.filter { $0 != "\"" }
        return operation.soapAction == action || !DeviceOperation.allCases.contains { $0.soapAction == action }
    }

    func answer(_ body: [UInt8]) -> HTTPAnswer {
        var headers = headers
        guard acceptsXpress else { return HTTPAnswer(status: .ok, headers: headers, body: .bytes(body)) }
        let compressed = Xpress.compress(body)
        guard compressed.count < body.count else { return HTTPAnswer(status: .ok, headers: headers, body: .bytes(body)) }
        headers.append(("Content-Encoding", "xpress"))
        return HTTPAnswer(status: .ok, headers: headers, body: .bytes(compressed))
    }

    /// What cannot be encoded for want of an intact fragment is an InternalServerError.
    func answer(_ encode: () throws -> [UInt8]) -> HTTPAnswer {
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
        log.log(
            level: level, "refused",
            metadata: [
                "request": "\(id)", "peer": "\(request.peer)", "operation": "\(operation?.name ?? "-")", "code": "\(fault.code.rawValue)",
                "message": "\(DisplayText.escaped([fault.message, detail ?? ""].filter { !$0.isEmpty }.joined(separator: ": ")))",
            ])
        return HTTPAnswer(
            status: .internalServerError, headers: headers, body: .bytes(fault.encode(id: id, service: service, operation: operation)), isLast: true)
    }

    private var headers: [(name: String, value: String)] {
        [
            ("Content-Type", "text/xml; charset=utf-8"), ("Cache-Control", service == .client ? "private" : "private, max-age=0"),
            ("Vary", "Accept-Encoding"),
        ]
    }

    private var acceptsXpress: Bool {
        request.headers[canonicalForm: "Accept-Encoding"].contains { coding in
            let parts = coding.lowercased().filter { $0 != " " }.split(separator: ";")
            return parts.first == "xpress" && !parts.dropFirst().contains { $0.hasPrefix("q=0") && $0.allSatisfy { "q=0.".contains($0) } }
        }
    }
}
