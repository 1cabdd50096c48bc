import NIOCore
import NIOHTTP1
import TestSupport
import Testing
import TrustedTransport
import UpdateProtocols
import Updates

@testable import UpdateEngine
@testable import UpdateServer

@Suite struct DeviceEndpointTests {
    /// One endpoint and its log.
    struct Fixture {
        let operations: ScriptedOperations
        let log = LogRecorder()
        let endpoint: DeviceEndpoint

        init(_ script: ScriptedOperations.Script = .init()) throws {
            operations = ScriptedOperations(script)
            let names = try ["updates.example", "localhost", "127.0.0.1", "2001:db8::1"].map { try ServerName($0) }
            endpoint = DeviceEndpoint(operations: operations, address: PublicAddress(names: names, port: 8531), log: BoundedLog(log.logger))
        }

        func ask(
            _ path: String, _ body: [UInt8], method: HTTPMethod = .POST, headers: [(String, String)] = [("Host", "updates.example:8531")]
        ) async throws -> HTTPAnswer {
            let request = HTTPRequest(
                method: method, target: path, headers: HTTPHeaders(headers), body: ByteBuffer(bytes: body), peer: "192.0.2.7")
            return await (try #require(endpoint.answer(request, path: path))).settled
        }
    }

    static let client = DeviceService.client.path
    static let cookie = ScriptedOperations.cookie
    static let config = GetConfig.encodeRequest(.init(protocolVersion: "2.90"))

    static var digest: SHA1Digest {
        get throws { try #require(SHA1Digest(bytes: [UInt8](repeating: 7, count: 20))) }
    }

    @Test func `each operation is decoded, carried out and answered`() async throws {
        let fixture = try Fixture()
        let id = try #require(UpdateID("5c9376ab-8ce6-464a-b136-22113dd69801"))
        let digest = try Self.digest

        let config = try await fixture.ask(Self.client, Self.config)
        #expect(try GetConfig.decodeResponse(config.bytes).isRegistrationRequired)
        let authorization = try await fixture.ask(
            DeviceService.simpleAuth.path, GetAuthorizationCookie.encodeRequest(.init(clientID: "c-1", targetGroupName: nil, dnsName: "pc")))
        #expect(try GetAuthorizationCookie.decodeResponse(authorization.bytes).cookieData == [9])
        let cookie = try await fixture.ask(
            Self.client,
            GetCookie.encodeRequest(
                .init(
                    authorizationCookies: [.init(plugInID: "SimpleTargeting", cookieData: [9])], oldCookie: nil,
                    lastChange: Timestamp(millisecondsSince1970: 0), currentTime: Timestamp(millisecondsSince1970: 0), protocolVersion: "2.90")))
        #expect(try GetCookie.decodeResponse(cookie.bytes) == Self.cookie)
        let facts = DeviceFacts(dnsName: "pc.example", processorArchitecture: "AMD64")
        let registration = try await fixture.ask(Self.client, RegisterComputer.encodeRequest(.init(facts: facts), cookie: Self.cookie))
        #expect(registration.status == .ok)
        let category = try await fixture.ask(Self.client, StartCategoryScan.encodeRequest(.init(categories: [.init(andGroup: 0, id: id)])))
        #expect(try StartCategoryScan.decodeResponse(category.bytes).preferred == [id])
        let scan = try await fixture.ask(
            Self.client, SyncUpdates.encodeRequest(.init(installedNonLeaf: [RevisionID(rawValue: 5)]), cookie: Self.cookie))
        let scanned = try SyncUpdates.decodeResponse(scan.bytes)
        #expect(scanned.newUpdates.map(\.id.rawValue) == [1, 2, 3])
        #expect(scanned.newUpdates.first.map { String(decoding: $0.core, as: UTF8.self) } == "<Core id=\"1\">cccccccccc</Core>")
        let extended = try await fixture.ask(
            Self.client,
            GetExtendedUpdateInfo.encodeRequest(
                .init(revisionIDs: [RevisionID(rawValue: 3)], infoTypes: [.extended], locales: ["en"]), cookie: Self.cookie))
        #expect(try GetExtendedUpdateInfo.decodeResponse(extended.bytes).outOfScope == [RevisionID(rawValue: 77)])
        let locations = try await fixture.ask(Self.client, GetFileLocations.encodeRequest(.init(digests: [digest]), cookie: Self.cookie))
        #expect(try GetFileLocations.decodeResponse(locations.bytes).fileLocations.map(\.digest) == [digest])
        let report = try await fixture.ask(
            DeviceService.reporting.path,
            ReportEventBatch.encodeRequest(
                clientTime: Timestamp(millisecondsSince1970: 0), events: [], computer: ReportingComputer(), cookie: Self.cookie))
        #expect(try ReportEventBatch.decodeResponse(report.bytes))

        #expect(
            fixture.operations.calls == [
                "configuration", "authorize c-1", "issueCookie 2.90", "register device-1 pc.example from 192.0.2.7", "startCategoryScan 1",
                "scan device-1 [5]", "extended [3] https://updates.example:8531", "locations 1 https://updates.example:8531", "report device-1 0",
            ])
        for answer in [config, authorization, cookie, registration, category, scan, extended, locations, report] {
            #expect(answer.status == .ok)
            #expect(!answer.isLast)
            #expect(answer.header("Content-Type") == "text/xml; charset=utf-8")
            #expect(answer.header("Content-Encoding") == nil)
        }
        #expect(scan.header("Cache-Control") == "private")
        #expect(authorization.header("Cache-Control") == "private, max-age=0")
        #expect(report.header("Cache-Control") == "private, max-age=0")
        #expect(fixture.log.lines.isEmpty)
    }

    @Test func `the driver pass has no fragments and is answered on the event loop`() async throws {
        let fixture = try Fixture()
        let body = SyncUpdates.encodeRequest(.init(system: SystemSpec(), skipSoftwareSync: true), cookie: Self.cookie)
        let request = HTTPRequest(method: .POST, target: Self.client, headers: [:], body: ByteBuffer(bytes: body))
        guard case .ready(let answer) = try #require(fixture.endpoint.answer(request, path: Self.client)) else {
            Issue.record("it was put off")
            return
        }
        #expect(try SyncUpdates.decodeResponse(answer.bytes).newUpdates.isEmpty)
    }

    @Test(arguments: [(DeviceEndpoint.bytesOnEventLoop, true), (DeviceEndpoint.bytesOnEventLoop + 1, false)])
    func `a long request is read on a thread`(count: Int, isReadAtOnce: Bool) async throws {
        let fixture = try Fixture()
        let body = Self.config + [UInt8](repeating: UInt8(ascii: " "), count: count - Self.config.count)
        let outcome = try #require(
            fixture.endpoint.answer(HTTPRequest(method: .POST, target: "", headers: [:], body: ByteBuffer(bytes: body)), path: Self.client))
        if case .ready = outcome { #expect(isReadAtOnce) } else { #expect(!isReadAtOnce) }
        #expect(await outcome.settled.status == .ok)
    }

    // MARK: - HTTP

    @Test(arguments: [
        "/clientwebservice/CLIENT.ASMX", "/ClientWebService/client.asmx", "/ReportingWebService/ReportingWebService.asmx",
        "/reportingwebservice/webservice.asmx", "/SimpleAuthWebService/SimpleAuth.asmx",
    ])
    func `every path of a service is served`(path: String) async throws {
        let fixture = try Fixture()
        let answer = try await fixture.ask(path, [])
        #expect(answer.status == .internalServerError)
        for method in [HTTPMethod.GET, .HEAD, .PUT, .OPTIONS, .RAW(value: "BREW")] {
            let answer = try await fixture.ask(path, Self.config, method: method)
            #expect(answer.status == .methodNotAllowed)
            #expect(answer.header("Allow") == "POST")
        }
        #expect(fixture.operations.calls.isEmpty)
    }

    @Test(arguments: [
        "/", "/Content/AB/x", "/ClientWebService", "/ServerSyncWebService/ServerSyncWebService.asmx", "/ClientWebService/client.asmx/",
    ])
    func `other paths are not the endpoint's`(path: String) throws {
        let fixture = try Fixture()
        #expect(fixture.endpoint.answer(HTTPRequest(method: .POST, target: path, headers: [:]), path: path) == nil)
    }

    @Test(
        arguments: [
            ("none", [], true), ("another type", [("Content-Type", "application/json")], true),
            ("a type", [("Content-Type", "Text/XML ; charset=x")], true),
            ("its own action", [("SOAPAction", "\"\(DeviceOperation.getConfig.soapAction)\"")], true),
            ("its own action without quotes", [("SOAPAction", DeviceOperation.getConfig.soapAction)], true),
            ("an empty action", [("SOAPAction", "\"\"")], true), ("an unknown action", [("SOAPAction", "\"http://tempuri.org/x\"")], true),
            ("another operation's action", [("SOAPAction", "\"\(DeviceOperation.syncUpdates.soapAction)\"")], false),
        ] as [(String, [(String, String)], Bool)])
    func `headers that say nothing are not needed, and one that contradicts is refused`(
        name: String, headers: [(String, String)], isAnswered: Bool
    ) async throws {
        let fixture = try Fixture()
        let answer = try await fixture.ask(Self.client, Self.config, headers: headers)
        #expect((answer.status == .ok) == isAnswered)
        if !isAnswered { #expect(SOAPFault.decode(answer.bytes) == SOAPFault(.invalidParameters, "SOAPAction")) }
    }

    // MARK: - Xpress

    @Test(arguments: [
        ("xpress", true), ("XPRESS", true), ("gzip, xpress", true), ("xpress;q=0.5", true), ("xpress; q=1", true), ("xpress;q=0", false),
        ("xpress; q=0.000", false), ("gzip", false), ("xpress2", false), ("", false),
    ])
    func `an answer is compressed for who asks`(accepted: String, isCompressed: Bool) async throws {
        var script = ScriptedOperations.Script()
        script.fragmentBytes = 5000
        let fixture = try Fixture(script)
        let body = SyncUpdates.encodeRequest(.init(), cookie: Self.cookie)
        let plain = try await fixture.ask(Self.client, body)
        let answer = try await fixture.ask(Self.client, body, headers: [("Host", "h"), ("Accept-Encoding", accepted)])
        #expect(answer.header("Vary") == "Accept-Encoding")
        #expect(answer.header("Content-Encoding") == (isCompressed ? "xpress" : nil))
        if isCompressed {
            #expect(answer.bytes.count < plain.bytes.count / 4)
            #expect(try Xpress.decompress(answer.bytes, limit: 1 << 20) == plain.bytes)
        } else {
            #expect(answer.bytes == plain.bytes)
        }
    }

    @Test func `an answer that would not shrink goes as it is`() async throws {
        let fixture = try Fixture()
        let facts = DeviceFacts(dnsName: "pc", processorArchitecture: "AMD64")
        let bodies = [
            Self.config, RegisterComputer.encodeRequest(.init(facts: facts), cookie: Self.cookie),
            GetFileLocations.encodeRequest(.init(digests: [try Self.digest]), cookie: Self.cookie),
        ]
        for body in bodies {
            let plain = try await fixture.ask(Self.client, body)
            let answer = try await fixture.ask(Self.client, body, headers: [("Host", "updates.example"), ("Accept-Encoding", "xpress")])
            let isSmaller = Xpress.compress(plain.bytes).count < plain.bytes.count
            #expect(answer.header("Content-Encoding") == (isSmaller ? "xpress" : nil))
            #expect(isSmaller ? answer.bytes.count < plain.bytes.count : answer.bytes == plain.bytes)
        }
    }

    // MARK: - Faults

    @Test(arguments: SOAPFault.ErrorCode.allCases)
    func `a fault is a 500 that ends the connection, with its line in the log`(code: SOAPFault.ErrorCode) async throws {
        var script = ScriptedOperations.Script()
        script.fault = SOAPFault(code, "parameters.\u{202e}x")
        let fixture = try Fixture(script)
        let answer = try await fixture.ask(
            Self.client, SyncUpdates.encodeRequest(.init(), cookie: Self.cookie), headers: [("Host", "h"), ("Accept-Encoding", "xpress")])
        #expect(answer.status == .internalServerError)
        #expect(answer.isLast)
        #expect(answer.header("Content-Type") == "text/xml; charset=utf-8")
        #expect(answer.header("Content-Encoding") == nil)
        #expect(SOAPFault.decode(answer.bytes) == SOAPFault(code, "parameters.\u{202e}x"))
        let text = String(decoding: answer.bytes, as: UTF8.self)
        #expect(text.contains("<Method>\"\(DeviceOperation.syncUpdates.soapAction)\"</Method>"))
        let id = try #require(text.firstMatch(of: /<ID>([0-9a-f-]{36})<\/ID>/)).1
        #expect(fixture.log.lines.count == 1)
        let line = try #require(fixture.log.lines.first)
        for part in [
            "refused", "request=\(id)", "peer=192.0.2.7", "operation=SyncUpdates", "code=\(code.rawValue)", "message=parameters.\\u{202E}x",
        ] {
            #expect(line.contains(part), "\(part) in \(line)")
        }
    }

    @Test func `each fault has an id of its own`() async throws {
        let fixture = try Fixture()
        let first = try await fixture.ask(Self.client, [])
        let second = try await fixture.ask(Self.client, [])
        #expect(first.bytes != second.bytes)
    }

    @Test(arguments: [
        ("nothing", ""), ("no XML", "hello"), ("no envelope", "<a/>"),
        ("cut short", "<s:Envelope xmlns:s=\"http://schemas.xmlsoap.org/soap/envelope/\"><s:Bo"),
        ("a document type", "<!DOCTYPE a [<!ENTITY b \"c\">]><a>&b;</a>"), ("bytes that are no UTF-8", "\u{0}\u{1}"),
    ])
    func `a malformed body is InvalidParameters`(name: String, body: String) async throws {
        let fixture = try Fixture()
        let answer = try await fixture.ask(Self.client, Array(body.utf8))
        #expect(SOAPFault.decode(answer.bytes)?.code == .invalidParameters)
        #expect(fixture.operations.calls.isEmpty)
        #expect(fixture.log.lines.count == 1)
    }

    @Test func `a native request cut anywhere is InvalidParameters or InvalidCookie, never an answer`() async throws {
        let fixture = try Fixture()
        let body = SyncUpdates.encodeRequest(.init(installedNonLeaf: [RevisionID(rawValue: 5)]), cookie: Self.cookie)
        for end in body.indices {
            let fault = SOAPFault.decode(try await fixture.ask(Self.client, Array(body[..<end])).bytes)
            #expect(fault?.code == .invalidParameters || fault?.code == .invalidCookie, "cut at \(end)")
        }
    }

    @Test func `an operation at another service's path is refused`() async throws {
        let fixture = try Fixture()
        let answer = try await fixture.ask(DeviceService.reporting.path, Self.config)
        #expect(SOAPFault.decode(answer.bytes) == SOAPFault(.invalidParameters, "operation"))
        #expect(fixture.operations.calls.isEmpty)
    }

    @Test func `no byte of a cookie is in the log`() async throws {
        let fixture = try Fixture()
        let secret = CookieElement(expiration: nil, encryptedData: Array("secretsecretsecret".utf8))
        let answer = try await fixture.ask(Self.client, SyncUpdates.encodeRequest(.init(), cookie: secret))
        #expect(SOAPFault.decode(answer.bytes)?.code == .invalidCookie)
        let encoded = String(decoding: Base64.encode(secret.encryptedData ?? []), as: UTF8.self)
        for line in fixture.log.lines { #expect(!line.contains("secret") && !line.contains(encoded)) }
        #expect(fixture.log.lines.count == 1)
    }

    @Test func `a fragment that cannot be read is an InternalServerError`() async throws {
        var script = ScriptedOperations.Script()
        script.isFragmentCorrupt = true
        let fixture = try Fixture(script)
        for body in [
            SyncUpdates.encodeRequest(.init(), cookie: Self.cookie),
            GetExtendedUpdateInfo.encodeRequest(
                .init(revisionIDs: [RevisionID(rawValue: 1)], infoTypes: [.extended], locales: ["en"]), cookie: Self.cookie),
        ] {
            let answer = try await fixture.ask(Self.client, body)
            #expect(SOAPFault.decode(answer.bytes)?.code == .internalServerError)
        }
        #expect(fixture.log.lines.filter { $0.hasPrefix("error") }.count == 2)
    }

    @Test func `a full report queue is a 503 with its time`() async throws {
        var script = ScriptedOperations.Script()
        script.refusal = .busy(retryAfterSeconds: 17)
        let fixture = try Fixture(script)
        let answer = try await fixture.ask(
            DeviceService.reporting.path,
            ReportEventBatch.encodeRequest(
                clientTime: Timestamp(millisecondsSince1970: 0), events: [], computer: ReportingComputer(), cookie: Self.cookie))
        #expect(answer.status == .serviceUnavailable)
        #expect(answer.header("Retry-After") == "17")
        #expect(!answer.isLast)
    }

    @Test func `a report that is refused is a fault`() async throws {
        var script = ScriptedOperations.Script()
        script.refusal = .fault(SOAPFault(.invalidParameters, "eventBatch"))
        let fixture = try Fixture(script)
        let answer = try await fixture.ask(
            DeviceService.reporting.path,
            ReportEventBatch.encodeRequest(
                clientTime: Timestamp(millisecondsSince1970: 0), events: [], computer: ReportingComputer(), cookie: Self.cookie))
        #expect(SOAPFault.decode(answer.bytes) == SOAPFault(.invalidParameters, "eventBatch"))
    }
}

extension Outcome {
    /// What it comes to in the end.
    var settled: HTTPAnswer {
        get async {
            switch self {
            case .ready(let answer): answer
            case .work(let work): await work().settled
            case .costly(_, let work): work()
            case .pending(let work): await work()
            }
        }
    }
}

extension HTTPAnswer {
    var bytes: [UInt8] {
        switch body {
        case .bytes(let bytes): bytes
        case .pieces(let body): (try? body.joined()) ?? []
        case .file, .length, .none: []
        }
    }

    func header(_ name: String) -> String? {
        let values = headers.filter { $0.name.lowercased() == name.lowercased() }
        return values.count == 1 ? values[0].value : nil
    }
}
