import NIOHTTP1
import Testing
import UpdateProtocols
import Updates

@testable import UpdateServer

/// The operations beside a scan, and both versions of SOAP, at the endpoint.
@Suite struct FurtherOperationsTests {
    private typealias Fixture = DeviceEndpointTests.Fixture

    private static let client = DeviceService.client.path
    private static let reporting = DeviceService.reporting.path
    private static let cookie = ScriptedOperations.cookie
    private static let epoch = Timestamp(millisecondsSince1970: 0)
    private static let update = UpdateIdentity(updateID: UpdateID(high: 1, low: 2), revisionNumber: RevisionNumber(rawValue: 200))

    @Test func `each further operation is decoded, carried out and answered`() async throws {
        let fixture = try Fixture()
        let refreshed = try await fixture.ask(Self.client, RefreshCache.encodeRequest(.init(globalIDs: [Self.update]), cookie: Self.cookie))
        #expect(try RefreshCache.decodeResponse(refreshed.bytes).isEmpty)
        let printers = try await fixture.ask(
            Self.client,
            SyncPrinterCatalog.encodeRequest(
                .init(installedNonLeaf: [RevisionID(rawValue: 4)], printerUpdates: [RevisionID(rawValue: 6)]), cookie: Self.cookie))
        #expect(try SyncPrinterCatalog.decodeResponse(printers.bytes).newCookie == Self.cookie)
        let extended = try await fixture.ask(
            Self.client,
            GetExtendedUpdateInfo2.encodeRequest(.init(updateIDs: [Self.update], infoTypes: [.fileUrl], locales: []), cookie: Self.cookie))
        #expect(try GetExtendedUpdateInfo2.decodeResponse(extended.bytes).encryptionDetails.map(\.update) == [Self.update])
        let report = try await fixture.ask(Self.reporting, ReportEventBatch2.encodeRequest(.init(computerID: "pc", clientTime: Self.epoch)))
        #expect(try ReportEventBatch2.decodeResponse(report.bytes) == false)
        let type = try await fixture.ask(
            Self.reporting, GetRequiredInventoryType.encodeRequest(.init(rulesID: Self.update.updateID, rulesVersion: nil), cookie: Self.cookie))
        #expect(try GetRequiredInventoryType.decodeResponse(type.bytes) == 0)
        let inventory = try await fixture.ask(Self.reporting, ReportInventory.encodeRequest(.init(clientTime: Self.epoch), cookie: Self.cookie))
        #expect(try ReportInventory.decodeResponse(inventory.bytes) == false)
        let ping = try await fixture.ask(Self.reporting, Ping.encodeRequest(.init(level: 0)))
        #expect(try Ping.decodeResponse(ping.bytes).isSuccessful)
        #expect(
            fixture.operations.calls == [
                "refresh 1", "printers [4] [6]", "extended2 1 https://updates.example:8531", "report of pc",
                "inventory type \(Self.update.updateID)", "inventory",
            ])
        #expect([refreshed, printers, extended, report, type, inventory, ping].allSatisfy { $0.status == .ok })
    }

    @Test func `each further operation that has a cookie needs one`() async throws {
        let fixture = try Fixture()
        let stolen = CookieElement(encryptedData: [7])
        let requests: [(String, [UInt8])] = [
            (Self.client, RefreshCache.encodeRequest(.init(globalIDs: []), cookie: stolen)),
            (Self.client, SyncPrinterCatalog.encodeRequest(.init(), cookie: stolen)),
            (Self.client, GetExtendedUpdateInfo2.encodeRequest(.init(updateIDs: [], infoTypes: [], locales: []), cookie: stolen)),
            (Self.reporting, GetRequiredInventoryType.encodeRequest(.init(rulesID: .none, rulesVersion: nil), cookie: stolen)),
            (Self.reporting, ReportInventory.encodeRequest(.init(clientTime: Self.epoch), cookie: stolen)),
        ]
        for (path, body) in requests {
            let answer = try await fixture.ask(path, body)
            #expect(SOAPFault.decode(answer.bytes)?.code == .invalidCookie, "\(String(decoding: body, as: UTF8.self))")
        }
        #expect(fixture.operations.calls.isEmpty)
    }

    @Test func `a ping is answered where it is bound, and nowhere else`() async throws {
        let fixture = try Fixture()
        for path in [Self.client, DeviceService.simpleAuth.path] {
            let answer = try await fixture.ask(path, Ping.encodeRequest(.init(level: 0)))
            #expect(SOAPFault.decode(answer.bytes) == SOAPFault(.invalidParameters, "operation"))
        }
    }

    // MARK: - SOAP 1.2

    private static func twelve(_ body: [UInt8]) -> [UInt8] {
        Array(String(decoding: body, as: UTF8.self).replacing(SOAPVersion.v11.namespace, with: SOAPVersion.v12.namespace).utf8)
    }

    private static let config = GetConfig.encodeRequest(.init(protocolVersion: "2.90"))
    private static let type = "application/soap+xml; charset=utf-8"

    @Test func `a request in SOAP 1.2 is answered in it`() async throws {
        let fixture = try Fixture()
        let requests: [(String, [UInt8])] = [
            (Self.client, Self.config),
            (DeviceService.simpleAuth.path, GetAuthorizationCookie.encodeRequest(.init(clientID: "c-1", targetGroupName: nil, dnsName: "pc"))),
            (Self.client, SyncUpdates.encodeRequest(.init(), cookie: Self.cookie)),
            (Self.client, RefreshCache.encodeRequest(.init(globalIDs: []), cookie: Self.cookie)),
            (Self.client, RegisterComputer.encodeRequest(.init(facts: DeviceFacts(dnsName: "pc")), cookie: Self.cookie)),
            (
                Self.reporting,
                ReportEventBatch.encodeRequest(clientTime: Self.epoch, events: [], computer: ReportingComputer(), cookie: Self.cookie)
            ),
            (Self.reporting, Ping.encodeRequest(.init(level: 0))),
        ]
        for (path, body) in requests {
            let old = try await fixture.ask(path, body, headers: [("Content-Type", "text/xml")])
            let new = try await fixture.ask(path, Self.twelve(body), headers: [("Content-Type", Self.type)])
            #expect(new.status == .ok)
            #expect(new.header("Content-Type") == Self.type)
            #expect(new.bytes == Self.twelve(old.bytes))
        }
    }

    @Test(arguments: SOAPFault.ErrorCode.allCases)
    func `a fault is in the version of its request`(code: SOAPFault.ErrorCode) async throws {
        var script = ScriptedOperations.Script()
        script.fault = SOAPFault(code, "x")
        let fixture = try Fixture(script)
        let body = SyncUpdates.encodeRequest(.init(), cookie: Self.cookie)
        let answer = try await fixture.ask(Self.client, Self.twelve(body), headers: [("Content-Type", Self.type)])
        #expect(answer.status == .internalServerError)
        #expect(answer.header("Content-Type") == Self.type)
        #expect(SOAPFault.decode(answer.bytes) == SOAPFault(code, "x"))
        #expect(String(decoding: answer.bytes, as: UTF8.self).contains("<s:Envelope xmlns:s=\"\(SOAPVersion.v12.namespace)\">"))
    }

    struct Mixture: CustomTestStringConvertible, Sendable {
        let testDescription: String
        let contentType: String?
        let isTwelve: Bool
        /// Nothing where it is answered.
        let refusal: String?
    }

    @Test(arguments: [
        Mixture(testDescription: "1.1 as 1.2", contentType: Self.type, isTwelve: false, refusal: "Content-Type"),
        Mixture(testDescription: "1.2 as 1.1", contentType: "text/xml; charset=utf-8", isTwelve: true, refusal: "Content-Type"),
        Mixture(testDescription: "1.2 as nothing", contentType: nil, isTwelve: true, refusal: nil),
        Mixture(testDescription: "1.2 as something else", contentType: "text/plain", isTwelve: true, refusal: nil),
        Mixture(
            testDescription: "its own action", contentType: "\(Self.type); action=\"\(DeviceOperation.getConfig.soapAction)\"", isTwelve: true,
            refusal: nil),
        Mixture(
            testDescription: "its own action without quotes", contentType: "application/soap+xml;Action=\(DeviceOperation.getConfig.soapAction)",
            isTwelve: true, refusal: nil),
        Mixture(
            testDescription: "another operation's action", contentType: "\(Self.type); action=\"\(DeviceOperation.getCookie.soapAction)\"",
            isTwelve: true, refusal: "SOAPAction"),
        Mixture(testDescription: "an unknown action", contentType: "application/soap+xml; action=\"urn:x\"", isTwelve: true, refusal: nil),
        Mixture(testDescription: "an empty type", contentType: "", isTwelve: true, refusal: nil),
        Mixture(testDescription: "separators only", contentType: ";;", isTwelve: false, refusal: nil),
    ])
    func `the media type fits the envelope, and its action the body`(mixture: Mixture) async throws {
        let fixture = try Fixture()
        let headers = [("Host", "updates.example")] + (mixture.contentType.map { [("Content-Type", $0)] } ?? [])
        let answer = try await fixture.ask(Self.client, mixture.isTwelve ? Self.twelve(Self.config) : Self.config, headers: headers)
        #expect(SOAPFault.decode(answer.bytes) == mixture.refusal.map { SOAPFault(.invalidParameters, $0) })
        #expect(fixture.operations.calls.isEmpty == (mixture.refusal != nil))
        #expect(answer.header("Content-Type") == (mixture.isTwelve ? Self.type : "text/xml; charset=utf-8"))
    }

    @Test func `a body that is no envelope is refused in the version of its media type`() async throws {
        let fixture = try Fixture()
        let answer = try await fixture.ask(Self.client, Array("<a/>".utf8), headers: [("Content-Type", Self.type)])
        #expect(answer.header("Content-Type") == Self.type)
        #expect(SOAPFault.decode(answer.bytes) == SOAPFault(.invalidParameters, "Envelope"))
    }

    @Test func `an operation that SOAP 1.2 does not bind is refused there`() async throws {
        let fixture = try Fixture()
        let body = GetExtendedUpdateInfo2.encodeRequest(.init(updateIDs: [], infoTypes: [], locales: []), cookie: Self.cookie)
        let answer = try await fixture.ask(Self.client, Self.twelve(body), headers: [("Content-Type", Self.type)])
        #expect(SOAPFault.decode(answer.bytes) == SOAPFault(.invalidParameters, "operation"))
    }
}
