import TestSupport
import Testing
import UpdateProtocols
import Updates

/// Our agent's requests are a native agent's, byte for byte, but for the fractions of times and what the WSDL does not have.
@Suite(.enabled(if: Evidence.isPresent, Comment(rawValue: Evidence.absence)))
struct AgentRequestTests {
    private func text(_ body: [UInt8]) -> String { String(decoding: body, as: UTF8.self) }

    private func captured(_ path: String) throws -> String { text(try Evidence.bytes("soap-wua-native/\(path)/request.body")) }

    private func reader(_ path: String) throws -> SOAPRequestReader {
        var reader = SOAPRequestReader(try Evidence.bytes("soap-wua-native/\(path)/request.body"))
        _ = try reader.operation()
        return reader
    }

    private func keep(_ cookie: CookieElement?) throws(SOAPFault) -> CookieElement { cookie ?? CookieElement() }

    @Test func `our GetConfig is a native one`() throws {
        #expect(text(GetConfig.encodeRequest(GetConfig.Request(protocolVersion: "2.90"))) == (try captured("scan/000001")))
    }

    @Test func `our GetAuthorizationCookie is a native one`() throws {
        let request = GetAuthorizationCookie.Request(
            clientID: "e1da06a3-5601-43c9-bac3-52d5db701494", targetGroupName: nil, dnsName: "REDACTED3")
        #expect(text(GetAuthorizationCookie.encodeRequest(request)) == (try captured("scan/000002")))
    }

    @Test func `our GetCookie is a native one`() throws {
        var reader = try reader("scan/000003")
        #expect(text(GetCookie.encodeRequest(try GetCookie.decode(&reader))) == Captures.inMilliseconds(try captured("scan/000003")))
    }

    @Test func `our RegisterComputer is a native one`() throws {
        var reader = try reader("scan/000004")
        let (cookie, request) = try RegisterComputer.decode(&reader, open: keep)
        let further = RegisterComputer.FurtherFacts(
            biosName: "unknown", biosReleaseDate: try #require(Timestamp("2022-02-02T00:00:00Z")), suiteMask: 256, oldProductType: 1,
            newProductType: 48, systemMetrics: 0, oem: "QEMU", deviceType: "Standard PC (Q35 + ICH9, 2009)", firmwareVersion: "unknown",
            mobileOperator: "Not Present")
        #expect(
            text(RegisterComputer.encodeRequest(request, cookie: cookie, further: further))
                == Captures.inMilliseconds(try captured("scan/000004"), fractionsOnly: true))
    }

    @Test func `our StartCategoryScan is a native one`() throws {
        var reader = try reader("scan/000005")
        #expect(text(StartCategoryScan.encodeRequest(try StartCategoryScan.decode(&reader))) == (try captured("scan/000005")))
    }

    @Test(arguments: ["scan/000006", "scan/000007", "scan/000008"])
    func `our SyncUpdates is a native one without what the WSDL does not have and the empty ComputerSpec`(path: String) throws {
        var reader = try reader(path)
        let (cookie, request) = try SyncUpdates.decode(&reader, open: keep)
        var native = Captures.inMilliseconds(try captured(path), fractionsOnly: true)
        for element in ["AlsoPerformRegularSync", "ComputerSpec", "ProductsParameters"] { native = Captures.without(element, in: native) }
        #expect(text(SyncUpdates.encodeRequest(request, cookie: cookie)) == native)
    }

    @Test func `our GetExtendedUpdateInfo is a native one without the device's and the caller's attributes`() throws {
        var reader = try reader("scan/000010")
        let (cookie, request) = try GetExtendedUpdateInfo.decode(&reader, open: keep)
        var native = Captures.inMilliseconds(try captured("scan/000010"), fractionsOnly: true)
        for element in ["deviceAttributes", "callerAttributes"] { native = Captures.without(element, in: native) }
        #expect(text(GetExtendedUpdateInfo.encodeRequest(request, cookie: cookie)) == native)
    }

    @Test func `our ReportEventBatch is a native one`() throws {
        var reader = try reader("flow/000016")
        let (cookie, request) = try ReportEventBatch.decode(&reader, open: keep)
        let computer = ReportingComputer(
            brand: "QEMU", model: "Standard PC (Q35 + ICH9, 2009)", biosRevision: "unknown", processorArchitecture: "Amd64Compatible",
            osMajorVersion: 10, osMinorVersion: 0, osBuildNumber: 26200, osRevision: 65792, osLocaleID: 1033)
        let body = ReportEventBatch.encodeRequest(
            clientTime: try #require(request.clientTime), events: request.events, computer: computer, cookie: cookie)
        #expect(text(body) == Captures.inMilliseconds(try captured("flow/000016"), fractionsOnly: true))
    }
}
