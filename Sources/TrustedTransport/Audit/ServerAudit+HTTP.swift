import NIOCore
import ScanPolicy

extension ServerAudit {
    /// Everything that is asked over HTTP, and nothing else is.
    func answers(of port: UInt16, over tls: ProbeTLS?) async -> [AuditAnswer] {
        var answers: [AuditAnswer] = []
        answers.append(await ask(.control, of: nil, port, tls))
        for service in AuditService.allCases {
            let request: AuditRequest = service == .content || service == .selfUpdate ? .head : .get
            answers.append(await ask(request, of: service, port, tls))
        }
        // What is not there is not called.
        for (request, service) in [(AuditRequest.getConfig, AuditService.client), (.getAuthConfig, .serverSync)] {
            guard let status = answers.first(where: { $0.service == service })?.status, status != 404, status != 410 else { continue }
            answers.append(await ask(request, of: service, port, tls))
        }
        return answers
    }

    private func ask(_ request: AuditRequest, of service: AuditService?, _ port: UInt16, _ tls: ProbeTLS?) async -> AuditAnswer {
        var answer = AuditAnswer(service: service, request: request)
        let path = service?.path ?? "/martlet-audit-asks-for-nothing"
        let call = AuditCall(request)
        let host = observation.host.contains(":") ? "[\(observation.host)]" : observation.host
        let bytes = Self.request(call == nil ? (request == .head ? "HEAD" : "GET") : "POST", path, host: "\(host):\(port)", call)
        switch await probe(port, bytes, AnswerHead(lookingFor: call?.answer ?? ""), over: tls) {
        case .failure(let refusal):
            answer.failure = refusal.reason
            note("\(request.rawValue) \(path) on port \(port): \(refusal.reason)")
        case .success(let outcome):
            let head = outcome.reader
            answer.status = head.status
            answer.location = head.status.flatMap { 300..<400 ~= $0 ? head.headers["location"].map { String($0.prefix(200)) } : nil }
            answer.isTheCallsAnswer = head.status == 200 && head.hasWords
            answer.server = head.headers["server"].map { String($0.prefix(100)) }
            answer.clockOffset = head.headers["date"].flatMap(Self.date).map { $0 - observation.asOf - elapsed }
            if head.status == nil { answer.failure = Self.words(outcome.ending, limits) }
        }
        return answer
    }

    private static func words(_ ending: ProbeEnding, _ limits: Limits) -> String {
        switch ending {
        case .closed: "it closed the connection without an answer"
        case .broken(let reason), .unreadable(let reason): reason
        case .refused: "it no longer takes connections"
        case .silent: "no answer in \(limits.probe) seconds"
        case .finished: "no answer"
        }
    }

    private static func request(_ method: String, _ path: String, host: String, _ call: AuditCall?) -> [UInt8] {
        var lines = ["\(method) \(path) HTTP/1.1", "Host: \(host)", "User-Agent: martlet-audit", "Accept: */*", "Connection: close"]
        if let call {
            lines += ["Content-Type: text/xml; charset=utf-8", "SOAPAction: \"\(call.action)\"", "Content-Length: \(call.body.utf8.count)"]
        }
        return Array((lines.joined(separator: "\r\n") + "\r\n\r\n" + (call?.body ?? "")).utf8)
    }

    /// `Mon, 23 Nov 2026 13:04:00 GMT` (RFC 9110 section 5.6.7), in seconds since 1970.
    static func date(_ text: String) -> Int? {
        let words = text.split(separator: " ")
        guard words.count == 6, words[5] == "GMT", let day = Int(words[1]), let year = Int(words[3]), 1970...9999 ~= year, 1...31 ~= day,
            let month = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"].firstIndex(of: String(words[2]))
        else { return nil }
        let time = words[4].split(separator: ":").compactMap { Int($0) }
        guard time.count == 3, 0...23 ~= time[0], 0...59 ~= time[1], 0...60 ~= time[2] else { return nil }
        return CertificateReading.days(year, month + 1, day) * 86_400 + time[0] * 3_600 + time[1] * 60 + time[2]
    }
}

/// A SOAP call that reads settings and changes nothing.
struct AuditCall: Equatable {
    let action: String
    let body: String
    /// What an answer to it has.
    let answer: String

    init?(_ request: AuditRequest) {
        let namespace = "http://www.microsoft.com/SoftwareDistribution"
        switch request {
        case .getConfig:
            action = namespace + "/Server/ClientWebService/GetConfig"
            body = Self.envelope("<GetConfig xmlns=\"\(namespace)/Server/ClientWebService\"><protocolVersion>1.20</protocolVersion></GetConfig>")
            answer = "GetConfigResponse"
        case .getAuthConfig:
            action = namespace + "/GetAuthConfig"
            body = Self.envelope("<GetAuthConfig xmlns=\"\(namespace)\" />")
            answer = "GetAuthConfigResponse"
        case .get, .head, .control: return nil
        }
    }

    private static func envelope(_ operation: String) -> String {
        "<?xml version=\"1.0\" encoding=\"utf-8\"?><soap:Envelope xmlns:soap=\"http://schemas.xmlsoap.org/soap/envelope/\"><soap:Body>"
            + operation + "</soap:Body></soap:Envelope>"
    }
}
