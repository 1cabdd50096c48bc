import Testing
import UpdateProtocols
import Updates

/// What one side writes the other reads, and a body that breaks off is read by neither.
struct RoundTripTests {
    @Test func `there is a sample of every operation`() {
        #expect(Samples.requests.map(\.operation) == DeviceOperation.allCases)
        #expect(Samples.responses.map(\.operation) == DeviceOperation.allCases)
    }

    @Test(arguments: DeviceOperation.allCases)
    func `a request that breaks off anywhere is a fault`(operation: DeviceOperation) throws {
        let body = try #require(Samples.requests.first { $0.operation == operation }).body
        #expect(throws: Never.self) { try RequestOutline.read(body, opensAny: true) }
        for length in 0..<body.count {
            #expect(throws: SOAPFault.self, "\(length) bytes") { try RequestOutline.read(Array(body[..<length]), opensAny: true) }
        }
    }

    @Test(arguments: DeviceOperation.allCases)
    func `a response that breaks off anywhere is an error`(operation: DeviceOperation) throws {
        let body = try #require(Samples.responses.first { $0.operation == operation }).body
        #expect(throws: Never.self) { try Samples.decodeResponse(operation, body) }
        for length in 0..<body.count {
            #expect(throws: ResponseError.self, "\(length) bytes") { try Samples.decodeResponse(operation, Array(body[..<length])) }
        }
    }

    @Test(arguments: DeviceOperation.allCases)
    func `a response to something else is an error`(operation: DeviceOperation) throws {
        for (other, body) in Samples.responses where other != operation {
            #expect(throws: ResponseError(.unexpected("Body"), operation: operation.name)) { try Samples.decodeResponse(operation, body) }
        }
        let fault = SOAPFault(.serverBusy, "later").encode(id: .none, service: operation.service, operation: operation)
        #expect(throws: ResponseError(.fault(SOAPFault(.serverBusy, "later")), operation: operation.name)) {
            try Samples.decodeResponse(operation, fault)
        }
    }

    @Test func `requests are read as they were written`() throws {
        var reader = SOAPRequestReader(Samples.requests[3].body)
        #expect(try reader.operation() == .registerComputer)
        let (cookie, computer) = try RegisterComputer.decode(&reader) { (cookie) throws(SOAPFault) in cookie }
        #expect(cookie == Samples.cookie)
        #expect(computer.facts == Samples.facts)

        reader = SOAPRequestReader(Samples.requests[5].body)
        #expect(try reader.operation() == .syncUpdates)
        #expect(try SyncUpdates.decode(&reader) { (cookie) throws(SOAPFault) in cookie }.1 == Samples.scan)

        reader = SOAPRequestReader(Samples.requests[6].body)
        #expect(try reader.operation() == .getExtendedUpdateInfo)
        #expect(try GetExtendedUpdateInfo.decode(&reader) { (cookie) throws(SOAPFault) in cookie }.1 == Samples.extended)

        reader = SOAPRequestReader(Samples.requests[8].body)
        #expect(try reader.operation() == .reportEventBatch)
        let report = try ReportEventBatch.decode(&reader) { (cookie) throws(SOAPFault) in cookie }.1
        #expect(report.events == [Samples.event(), Samples.event(.installationFailed)])
        #expect(report.droppedEvents == 0)
    }

    @Test func `responses are read as they were written`() throws {
        #expect(try GetConfig.decodeResponse(Samples.responses[0].body) == Samples.config)
        #expect(try GetAuthorizationCookie.decodeResponse(Samples.responses[1].body).cookieData == [9, 8, 7])
        #expect(try GetCookie.decodeResponse(Samples.responses[2].body) == Samples.cookie)
        #expect(try StartCategoryScan.decodeResponse(Samples.responses[4].body) == .init(preferred: [Samples.update], inError: [UpdateID.none]))
        let scan = try SyncUpdates.decodeResponse(Samples.responses[5].body)
        let answer = Samples.scanAnswer
        #expect(scan.newUpdates.map(\.id) == answer.newUpdates.map(\.id))
        #expect(scan.newUpdates.map(\.core) == answer.newUpdates.map { Samples.core($0.id) })
        #expect(scan.newUpdates.map(\.isLeaf) == [false, true])
        #expect(scan.newUpdates.map(\.deployment.action) == [.evaluate, .install])
        #expect(scan.newUpdates.map(\.deployment.deadline) == [nil, Timestamp("2026-10-04T13:17:07Z")])
        #expect(scan.newUpdates.map(\.deployment.lastChange) == [Timestamp("2026-10-04"), Timestamp("2026-10-04")])
        #expect(scan.changedUpdates.map(\.deployment.id) == [DeploymentID(rawValue: 13)])
        #expect(scan.changedUpdates.map(\.core) == [[]])
        #expect(scan.outOfScope == answer.outOfScope)
        #expect(scan.deployedOutOfScope == answer.deployedOutOfScope)
        #expect(scan.isTruncated)
        #expect(scan.newCookie == Samples.cookie)
        #expect(scan.isDriverSyncNotNeeded == true)
        let extended = try GetExtendedUpdateInfo.decodeResponse(Samples.responses[6].body)
        #expect(extended.updates.map { String(decoding: $0.xml, as: UTF8.self) } == ["<ExtendedProperties/>", "<LocalizedProperties/>"])
        #expect(extended.fileLocations == Samples.locations)
        #expect(extended.outOfScope == [RevisionID(rawValue: 9)])
        #expect(try GetFileLocations.decodeResponse(Samples.responses[7].body) == .init(fileLocations: Samples.locations, newCookie: Samples.cookie))
        #expect(try ReportEventBatch.decodeResponse(Samples.responses[8].body))
    }

    @Test func `a page has its lists in the order of the specification, a deadline after the action, and no empty list`() {
        let page = String(decoding: Samples.responses[5].body, as: UTF8.self)
        let order = [
            "<NewUpdates><UpdateInfo><ID>1</ID><Deployment>", "</Deployment><IsLeaf>false</IsLeaf><Xml>&lt;UpdateIdentity UpdateID=\"",
            "<Deployment><ID>12</ID><Action>Install</Action><Deadline>2026-10-04T13:17:07Z</Deadline><IsAssigned>true</IsAssigned>"
                + "<LastChangeTime>2026-10-04</LastChangeTime><AutoSelect>0</AutoSelect><AutoDownload>0</AutoDownload>"
                + "<SupersedenceBehavior>0</SupersedenceBehavior></Deployment><IsLeaf>true</IsLeaf>",
            "<OutOfScopeRevisionIDs><int>4</int><int>5</int></OutOfScopeRevisionIDs>", "<ChangedUpdates><UpdateInfo><ID>3</ID>",
            "<IsLeaf>true</IsLeaf></UpdateInfo></ChangedUpdates><Truncated>true</Truncated><NewCookie><Expiration>",
            "<DeployedOutOfScopeRevisionIds><int>6</int></DeployedOutOfScopeRevisionIds><DriverSyncNotNeeded>true</DriverSyncNotNeeded>",
        ]
        var rest = page[...]
        for part in order {
            let found = rest.firstRange(of: part)
            #expect(found != nil, "\(part)")
            if let found { rest = rest[found.upperBound...] }
        }
        let empty = SyncUpdates.encodeResponse(ScanAnswer(generation: .zero), cookie: CookieElement(encryptedData: [0])) { _, _ in }
        #expect(
            String(decoding: empty, as: UTF8.self).contains(
                "<SyncUpdatesResult><Truncated>false</Truncated><NewCookie><EncryptedData>AA==</EncryptedData></NewCookie>"
                    + "<DriverSyncNotNeeded>false</DriverSyncNotNeeded></SyncUpdatesResult>"))
    }

    @Test func `an error of the store under the fragments comes through`() {
        struct Broken: Error {}
        #expect(throws: Broken.self) { try SyncUpdates.encodeResponse(Samples.scanAnswer, cookie: Samples.cookie) { _, _ in throw Broken() } }
    }

    @Test(arguments: ["ID", "Deployment", "Action", "LastChangeTime", "Xml"])
    func `a page whose updates lack something is an error`(element: String) throws {
        let page = String(decoding: Samples.responses[5].body, as: UTF8.self)
        let renamed = page.replacing("<\(element)>", with: "<X>").replacing("</\(element)>", with: "</X>")
        #expect(renamed != page)
        let error = #expect(throws: ResponseError.self) { try SyncUpdates.decodeResponse(Array(renamed.utf8)) }
        #expect(error?.description.contains(element) == true)
    }
}
