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

    private func request(_ operation: DeviceOperation) throws -> [UInt8] {
        try #require(Samples.requests.first { $0.operation == operation }).body
    }

    private func response(_ operation: DeviceOperation) throws -> [UInt8] {
        try #require(Samples.responses.first { $0.operation == operation }).body
    }

    private func keep(_ cookie: CookieElement?) throws(SOAPFault) -> CookieElement? { cookie }

    @Test func `requests are read as they were written`() throws {
        var reader = SOAPRequestReader(try request(.registerComputer))
        #expect(try reader.operation() == .registerComputer)
        let (cookie, computer) = try RegisterComputer.decode(&reader) { (cookie) throws(SOAPFault) in cookie }
        #expect(cookie == Samples.cookie)
        #expect(computer.facts == Samples.facts)

        reader = SOAPRequestReader(try request(.syncUpdates))
        #expect(try reader.operation() == .syncUpdates)
        #expect(try SyncUpdates.decode(&reader) { (cookie) throws(SOAPFault) in cookie }.1 == Samples.scan)

        reader = SOAPRequestReader(try request(.getExtendedUpdateInfo))
        #expect(try reader.operation() == .getExtendedUpdateInfo)
        #expect(try GetExtendedUpdateInfo.decode(&reader) { (cookie) throws(SOAPFault) in cookie }.1 == Samples.extended)

        reader = SOAPRequestReader(try request(.reportEventBatch))
        #expect(try reader.operation() == .reportEventBatch)
        let report = try ReportEventBatch.decode(&reader) { (cookie) throws(SOAPFault) in cookie }.1
        #expect(report.events == [Samples.event(), Samples.event(.installationFailed)])
        #expect(report.droppedEvents == 0)
    }

    @Test func `further requests are read as they were written`() throws {
        var reader = SOAPRequestReader(SyncUpdates.encodeRequest(Samples.driverScan, cookie: Samples.cookie))
        #expect(try reader.operation() == .syncUpdates)
        #expect(try SyncUpdates.decode(&reader, open: keep).1 == Samples.driverScan)

        reader = SOAPRequestReader(try request(.refreshCache))
        #expect(try reader.operation() == .refreshCache)
        #expect(try RefreshCache.decode(&reader, open: keep).1.globalIDs == Samples.identities)

        reader = SOAPRequestReader(try request(.syncPrinterCatalog))
        #expect(try reader.operation() == .syncPrinterCatalog)
        let printers = try SyncPrinterCatalog.decode(&reader, open: keep).1
        #expect(printers == .init(installedNonLeaf: Samples.scan.installedNonLeaf, printerUpdates: Samples.scan.cachedDrivers))

        reader = SOAPRequestReader(try request(.getExtendedUpdateInfo2))
        #expect(try reader.operation() == .getExtendedUpdateInfo2)
        #expect(try GetExtendedUpdateInfo2.decode(&reader, open: keep).1 == Samples.extended2)

        reader = SOAPRequestReader(try request(.getRequiredInventoryType))
        #expect(try reader.operation() == .getRequiredInventoryType)
        #expect(try GetRequiredInventoryType.decode(&reader, open: keep).1 == .init(rulesID: Samples.update, rulesVersion: "1.0"))
    }

    @Test func `further responses are read as they were written`() throws {
        let refreshed = try RefreshCache.decodeResponse(response(.refreshCache))
        #expect(refreshed.map(\.identity) == Samples.identities)
        #expect(refreshed.map(\.id) == [21, 21].map(RevisionID.init(rawValue:)))
        #expect(refreshed.map(\.deployment.action) == [.preDeploymentCheck, .preDeploymentCheck])
        #expect(refreshed.map(\.isLeaf) == [false, false])
        #expect(try RefreshCache.decodeResponse(RefreshCache.encodeResponse([])) == [])
        #expect(try SyncPrinterCatalog.decodeResponse(response(.syncPrinterCatalog)) == SyncUpdates.decodeResponse(response(.syncUpdates)))
        let extended = try GetExtendedUpdateInfo2.decodeResponse(response(.getExtendedUpdateInfo2))
        #expect(extended.updates.map { String(decoding: $0.xml, as: UTF8.self) } == ["<ExtendedProperties/>"])
        #expect(extended.fileLocations == Samples.locations)
        #expect(extended.encryptionDetails.map(\.update) == Samples.identities)
        #expect(extended.encryptionDetails.map(\.hasEncryptedFiles) == [true, false])
        #expect(try ReportEventBatch2.decodeResponse(response(.reportEventBatch2)) == false)
        #expect(try GetRequiredInventoryType.decodeResponse(response(.getRequiredInventoryType)) == 0)
        #expect(try ReportInventory.decodeResponse(response(.reportInventory)) == false)
        #expect(try Ping.decodeResponse(response(.ping)) == .init(isSuccessful: true, time: Timestamp(millisecondsSince1970: 1_791_119_827_590)))
    }

    @Test func `an answer in SOAP 1.2 differs by the namespace of its envelope and is read as well`() throws {
        let old = GetConfig.encodeResponse(Samples.config)
        let new = GetConfig.encodeResponse(Samples.config, soap: .v12)
        #expect(
            String(decoding: new, as: UTF8.self)
                == String(decoding: old, as: UTF8.self).replacing(SOAPVersion.v11.namespace, with: SOAPVersion.v12.namespace))
        #expect(try GetConfig.decodeResponse(new) == Samples.config)
        let page = SyncUpdates.encodeResponse(Samples.scanAnswer, cookie: Samples.cookie, soap: .v12) { $1.appendEscaped(Samples.core($0)) }
        #expect(try SyncUpdates.decodeResponse(page) == SyncUpdates.decodeResponse(response(.syncUpdates)))
        #expect(try ReportEventBatch.decodeResponse(ReportEventBatch.encodeResponse(true, soap: .v12)))
    }

    @Test func `a ping is answered with what the schema must have and nothing of the server`() throws {
        let text = String(decoding: try response(.ping), as: UTF8.self)
        let expected = [
            "<PingResponse xmlns=\"http://www.microsoft.com/SoftwareDistribution/Server/IMonitorable\"><PingResult><SuccessFlag>true</SuccessFlag>",
            "<ServicesTime>2026-10-04T13:17:07.590Z</ServicesTime><IsHttps>true</IsHttps>",
            "<ConfigFileLastModifiedTime>0001-01-01T00:00:00Z</ConfigFileLastModifiedTime>",
            "<ConfigFileNextExpirationTime>9999-12-31T23:59:59Z</ConfigFileNextExpirationTime>",
            "<ConfigFileExpirationModuloInMinutes>0</ConfigFileExpirationModuloInMinutes></PingResult></PingResponse>",
        ].joined()
        #expect(text.contains(expected))
    }

    @Test(arguments: [
        ("1.5", false, false), ("1.6", true, false), ("1.7", true, false), ("1.8", true, true), ("2.0", true, true), ("2.90", true, true),
    ])
    func `a deployment has what its reader knows`(version: String, hasHardwareIDs: Bool, hasAutomation: Bool) throws {
        let client = try #require(ProtocolVersion(version))
        var answer = Samples.scanAnswer
        answer.newUpdates = [
            ScannedUpdate(id: RevisionID(rawValue: 2), deployment: answer.newUpdates[1].deployment, isLeaf: true, hardwareIDs: ["PCI\\A&B", "C"])
        ]
        let body = SyncUpdates.encodeResponse(answer, cookie: Samples.cookie, for: client) { $1.appendEscaped(Samples.core($0)) }
        let automation = "<AutoSelect>0</AutoSelect><AutoDownload>0</AutoDownload><SupersedenceBehavior>0</SupersedenceBehavior>"
        let expected = [
            "<LastChangeTime>2026-10-04</LastChangeTime>",
            hasHardwareIDs ? "<HardwareIds><string>PCI\\A&amp;B</string><string>C</string></HardwareIds>" : "", hasAutomation ? automation : "",
            "</Deployment><IsLeaf>true</IsLeaf><Xml>",
        ].joined()
        #expect(String(decoding: body, as: UTF8.self).contains(expected))
        let read: [String] = hasHardwareIDs ? ["PCI\\A&B", "C"] : []
        #expect(try SyncUpdates.decodeResponse(body).newUpdates[0].hardwareIDs == read)
        let refreshed = String(decoding: RefreshCache.encodeResponse(Samples.refreshed, for: client), as: UTF8.self)
        #expect(refreshed.contains(automation) == hasAutomation)
    }

    @Test(arguments: ["RevisionID", "GlobalID", "UpdateID", "RevisionNumber", "Deployment"])
    func `a refreshed revision that lacks something is an error`(element: String) throws {
        let answer = String(decoding: try response(.refreshCache), as: UTF8.self)
        let renamed = answer.replacing("<\(element)>", with: "<X>").replacing("</\(element)>", with: "</X>")
        #expect(renamed != answer)
        #expect(throws: ResponseError.self) { try RefreshCache.decodeResponse(Array(renamed.utf8)) }
    }

    @Test func `responses are read as they were written`() throws {
        #expect(try GetConfig.decodeResponse(response(.getConfig)) == Samples.config)
        #expect(try GetAuthorizationCookie.decodeResponse(response(.getAuthorizationCookie)).cookieData == [9, 8, 7])
        #expect(try GetCookie.decodeResponse(response(.getCookie)) == Samples.cookie)
        #expect(try StartCategoryScan.decodeResponse(response(.startCategoryScan)) == .init(preferred: [Samples.update], inError: [UpdateID.none]))
        let scan = try SyncUpdates.decodeResponse(response(.syncUpdates))
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
        let extended = try GetExtendedUpdateInfo.decodeResponse(response(.getExtendedUpdateInfo))
        #expect(extended.updates.map { String(decoding: $0.xml, as: UTF8.self) } == ["<ExtendedProperties/>", "<LocalizedProperties/>"])
        #expect(extended.fileLocations == Samples.locations)
        #expect(extended.outOfScope == [RevisionID(rawValue: 9)])
        #expect(
            try GetFileLocations.decodeResponse(response(.getFileLocations)) == .init(fileLocations: Samples.locations, newCookie: Samples.cookie))
        #expect(try ReportEventBatch.decodeResponse(response(.reportEventBatch)))
    }

    @Test func `a page has its lists in the order of the specification, a deadline after the action, and no empty list`() throws {
        let page = String(decoding: try response(.syncUpdates), as: UTF8.self)
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
        let page = String(decoding: try response(.syncUpdates), as: UTF8.self)
        let renamed = page.replacing("<\(element)>", with: "<X>").replacing("</\(element)>", with: "</X>")
        #expect(renamed != page)
        let error = #expect(throws: ResponseError.self) { try SyncUpdates.decodeResponse(Array(renamed.utf8)) }
        #expect(error?.description.contains(element) == true)
    }
}
