import NIOCore
import Testing
import UpdateProtocols
import Updates

@testable import UpdateAgent

/// Requests made from templates are those that a single device encodes.
@Suite struct RequestTemplateTests {
    private let templates: StormTemplates
    private let lastChange = Timestamp(millisecondsSince1970: 1_790_000_000_590)

    init() throws {
        var profile = DeviceProfile(name: "test")
        profile.installed = [RevisionID(rawValue: 1), RevisionID(rawValue: 2)]
        profile.cached = [RevisionID(rawValue: 30)]
        profile.pages = [.init(installed: [], cached: [], isDriverPass: false), .init(installed: profile.installed, cached: [], isDriverPass: true)]
        profile.details = [[RevisionID(rawValue: 30)]]
        profile.needed = [UpdateID(high: 1, low: 2)]
        templates = try #require(StormTemplates(host: "h:1", profiles: [profile], lastChange: lastChange))
    }

    /// The body of a rendered request, whose header must be right.
    private func body(_ template: RequestTemplate) throws -> [UInt8] {
        var buffer = ByteBuffer()
        template.write(into: &buffer) { slot in
            switch slot {
            case .cookie: Array("AQID".utf8)
            case .authorization: Array("BAUG".utf8)
            case .deviceID: Array("00000000-0000-4000-8000-000000000009".utf8)
            case .dnsName: Array("name".utf8)
            case .eventID: Array("00000000-0000-4000-8000-000000000007".utf8)
            case .time: Array("2031-02-03T04:05:06.007Z".utf8)
            }
        }
        let bytes = Array(buffer.readableBytesView)
        let end = try #require(ByteSearch.first(Array("\r\n\r\n".utf8), in: bytes[...]))
        let head = String(decoding: bytes[..<end], as: UTF8.self).split(separator: "\r\n")
        let body = Array(bytes[(end + 4)...])
        #expect(head.first == "POST \(template.operation.service.path) HTTP/1.1")
        #expect(head.contains("SOAPAction: \"\(template.operation.soapAction)\""))
        #expect(head.contains("Content-Length: \(body.count)"))
        #expect(head.contains("Host: h:1"))
        return body
    }

    private func reader(_ template: RequestTemplate) throws -> SOAPRequestReader {
        var reader = SOAPRequestReader(try body(template))
        #expect(try reader.operation() == template.operation)
        return reader
    }

    @Test func `every gap is filled`() throws {
        let kind = templates.kinds[0]
        for template in [
            templates.config, templates.authorization, templates.firstCookie, templates.renewedCookie, templates.registration, kind.delta,
            kind.report,
        ] + kind.pages + kind.details {
            let body = try body(template)
            for slot in RequestTemplate.Slot.allCases {
                #expect(ByteSearch.first(RequestTemplate.Marker.bytes(of: slot), in: body[...]) == nil, "\(template.operation) \(slot)")
            }
        }
    }

    @Test func `a check-in sends the lists of its kind under the device's cookie`() throws {
        var reader = try reader(templates.kinds[0].delta)
        let (cookie, request) = try SyncUpdates.decode(&reader) { $0 }
        #expect(cookie?.encryptedData == [1, 2, 3])
        #expect(request.installedNonLeaf.map(\.rawValue) == [1, 2])
        #expect(request.otherCached.map(\.rawValue) == [30])
        #expect(!request.skipSoftwareSync)
    }

    @Test func `a cookie is asked for with the old one where there is one`() throws {
        var reader = try reader(templates.firstCookie)
        let first = try GetCookie.decode(&reader)
        #expect(first.authorizationCookies.map(\.cookieData) == [[4, 5, 6]])
        #expect(first.oldCookie?.encryptedData == nil)
        #expect(first.lastChange == lastChange)
        reader = try self.reader(templates.renewedCookie)
        #expect(try GetCookie.decode(&reader).oldCookie?.encryptedData == [1, 2, 3])
    }

    @Test func `a registration is the device's own`() throws {
        var reader = try reader(templates.authorization)
        let authorization = try GetAuthorizationCookie.decode(&reader)
        #expect(authorization.clientID == "00000000-0000-4000-8000-000000000009")
        #expect(authorization.dnsName == "name")
        reader = try self.reader(templates.registration)
        let (cookie, registration) = try RegisterComputer.decode(&reader) { $0 }
        #expect(cookie?.encryptedData == [1, 2, 3])
        #expect(registration.facts.dnsName == "name")
    }

    @Test func `a report has the device's id, new events and the time of now`() throws {
        var reader = try reader(templates.kinds[0].report)
        let (cookie, report) = try ReportEventBatch.decode(&reader) { $0 }
        #expect(cookie?.encryptedData == [1, 2, 3])
        #expect(report.clientTime == Timestamp("2031-02-03T04:05:06.007Z"))
        #expect(report.events.map(\.eventID) == [.detectionFinished, .clientStatus])
        for event in report.events {
            #expect(event.deviceID.text == "00000000-0000-4000-8000-000000000009")
            #expect(event.instanceID == UpdateID("00000000-0000-4000-8000-000000000007"))
            #expect(event.timeAtTarget == Timestamp("2031-02-03T04:05:06.007Z"))
        }
        #expect(report.events[1].miscData.contains("U=00000000-0000-0001-0000-000000000002"))
    }

    @Test func `a driver pass and details are asked as recorded`() throws {
        var reader = try reader(templates.kinds[0].pages[1])
        #expect(try SyncUpdates.decode(&reader) { $0 }.1.skipSoftwareSync)
        reader = try self.reader(templates.kinds[0].details[0])
        #expect(try GetExtendedUpdateInfo.decode(&reader) { $0 }.1.revisionIDs.map(\.rawValue) == [30])
    }

    @Test func `a changed configuration changes what GetCookie names`() throws {
        var templates = templates
        templates.setLastChange(Timestamp(millisecondsSince1970: 5000))
        var reader = try reader(templates.renewedCookie)
        #expect(try GetCookie.decode(&reader).lastChange == Timestamp(millisecondsSince1970: 5000))
    }
}

/// The little that is read of answers.
@Suite struct AnswerScanTests {
    private func answer(_ body: [UInt8], isXpress: Bool, status: Int = 200) -> HTTPAnswer {
        HTTPAnswer(status: status, isXpress: isXpress, body: isXpress ? Xpress.compress(body) : body)
    }

    @Test(arguments: [false, true])
    func `the new cookie of a page is found, short or long, compressed or not`(isXpress: Bool) {
        for count in [0, 1, 3, 500] {
            let page = Told.page((0..<count).map { ToldUpdate(id: Int32($0)) }, cookie: 200)
            #expect(AnswerScan.cookie(answer(page, isXpress: isXpress)) == Array(Base64Text.encode([200]).utf8))
            #expect(AnswerScan.hasUpdates(page) == (count > 0))
        }
    }

    @Test func `a list after the cookie that fills the last blocks does not hide it`() {
        let page =
            Array("<NewCookie><EncryptedData>QUJD</EncryptedData></NewCookie>".utf8)
            + Array((0..<10_000).map { "<int>\($0)</int>" }.joined().utf8)
        #expect(AnswerScan.cookie(answer(page, isXpress: true)) == Array("QUJD".utf8))
    }

    @Test func `cookies, configuration and faults are read`() {
        #expect(AnswerScan.authorization(Told.authorization) == Array(Base64Text.encode([7, 7]).utf8))
        #expect(AnswerScan.lastChange(Told.config()).flatMap { Timestamp($0) } == Told.lastChange)
        #expect(AnswerScan.expiration(Told.cookie(1)).flatMap { Timestamp($0) } == Dialogue.start.adding(seconds: 3600))
        for code in SOAPFault.ErrorCode.allCases {
            for isXpress in [false, true] {
                #expect(AnswerScan.fault(answer(Told.fault(code, in: .syncUpdates), isXpress: isXpress, status: 500)) == code)
            }
        }
        #expect(AnswerScan.fault(answer(Array("<html>".utf8), isXpress: false, status: 500)) == nil)
    }

    @Test func `a body that lies about its blocks gives nothing`() {
        #expect(AnswerScan.cookie(HTTPAnswer(status: 200, isXpress: true, body: [1, 2, 3])) == nil)
        #expect(AnswerScan.cookie(HTTPAnswer(status: 200, isXpress: true, body: Array(repeating: 0, count: 64))) == nil)
    }
}
