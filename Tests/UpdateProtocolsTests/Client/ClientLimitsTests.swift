import Testing
import UpdateProtocols
import Updates

/// Each limit of the Client service, at one less, at it and at one more.
struct ClientLimitsTests {
    private func fault(_ operation: DeviceOperation, _ children: String, cookie: Bool = true) -> SOAPFault? {
        let body =
            "<s:Envelope xmlns:s='http://schemas.xmlsoap.org/soap/envelope/'><s:Body><\(operation.name) xmlns='\(operation.namespace)'>"
            + (cookie ? "<cookie/>" : "") + "\(children)</\(operation.name)></s:Body></s:Envelope>"
        do throws(SOAPFault) {
            _ = try RequestOutline.read(Array(body.utf8), opensAny: true)
            return nil
        } catch {
            return error
        }
    }

    struct List: CustomTestStringConvertible, Sendable {
        let operation: DeviceOperation
        let limit: Int
        let before: String
        let item: String
        let after: String
        let message: String
        var hasCookie = true
        var testDescription: String { message }
    }

    @Test(arguments: [
        List(
            operation: .syncUpdates, limit: 400, before: "<parameters><InstalledNonLeafUpdateIDs>", item: "<int>7</int>",
            after: "</InstalledNonLeafUpdateIDs></parameters>", message: "parameters.InstalledNonLeafUpdateIDs"),
        List(
            operation: .syncUpdates, limit: 22_000, before: "<parameters><OtherCachedUpdateIDs>", item: "<int>-7</int>",
            after: "</OtherCachedUpdateIDs></parameters>", message: "parameters.OtherCachedUpdateIDs"),
        List(
            operation: .syncUpdates, limit: 22_000, before: "<parameters><CachedDriverIDs>", item: "<int>7</int>",
            after: "</CachedDriverIDs></parameters>", message: "parameters.CachedDriverIDs"),
        List(
            operation: .syncUpdates, limit: 199, before: "<parameters><FilterCategoryIds>",
            item: "<CategoryIdentifier><Id>\(Samples.update)</Id></CategoryIdentifier>", after: "</FilterCategoryIds></parameters>",
            message: "parameters.FilterCategoryIds"),
        List(
            operation: .getExtendedUpdateInfo, limit: 50, before: "<infoTypes/><revisionIDs>", item: "<int>7</int>", after: "</revisionIDs>",
            message: "revisionIDs"),
        List(
            operation: .getFileLocations, limit: 100, before: "<fileDigests>", item: "<base64Binary>AAAAAAAAAAAAAAAAAAAAAAAAAAA=</base64Binary>",
            after: "</fileDigests>", message: "fileDigests"),
        List(
            operation: .syncUpdates, limit: 1000, before: "<parameters><SkipSoftwareSync>true</SkipSoftwareSync><SystemSpec>", item: "<Device/>",
            after: "</SystemSpec></parameters>", message: "parameters.SystemSpec"),
        List(
            operation: .syncUpdates, limit: 100, before: "<parameters><SkipSoftwareSync>true</SkipSoftwareSync><SystemSpec><Device><HardwareIDs>",
            item: "<string>a</string>", after: "</HardwareIDs></Device></SystemSpec></parameters>", message: "parameters.SystemSpec"),
        List(
            operation: .syncUpdates, limit: 60,
            before: "<parameters><SkipSoftwareSync>true</SkipSoftwareSync><SystemSpec><Device><HardwareIDs>"
                + String(repeating: "<string>a</string>", count: 40) + "</HardwareIDs><CompatibleIDs>",
            item: "<string>a</string>", after: "</CompatibleIDs></Device></SystemSpec></parameters>", message: "parameters.SystemSpec"),
        List(
            operation: .syncUpdates, limit: 100, before: "<parameters><ComputerSpec><HardwareIDs>", item: "<guid>\(Samples.update)</guid>",
            after: "</HardwareIDs></ComputerSpec></parameters>", message: "parameters.ComputerSpec"),
        List(
            operation: .refreshCache, limit: 1000, before: "<globalIDs>",
            item: "<UpdateIdentity><UpdateID>\(Samples.update)</UpdateID><RevisionNumber>1</RevisionNumber></UpdateIdentity>", after: "</globalIDs>",
            message: "globalIDs"),
        List(
            operation: .getExtendedUpdateInfo2, limit: 50, before: "<infoTypes/><updateIDs>",
            item: "<UpdateIdentity><UpdateID>\(Samples.update)</UpdateID><RevisionNumber>1</RevisionNumber></UpdateIdentity>", after: "</updateIDs>",
            message: "updateIDs"),
        List(
            operation: .syncPrinterCatalog, limit: 400, before: "<installedNonLeafUpdateIDs>", item: "<int>7</int>",
            after: "</installedNonLeafUpdateIDs>", message: "installedNonLeafUpdateIDs"),
        List(
            operation: .syncPrinterCatalog, limit: 22_000, before: "<printerUpdateIDs>", item: "<int>7</int>", after: "</printerUpdateIDs>",
            message: "printerUpdateIDs"),
        List(
            operation: .startCategoryScan, limit: 199, before: "<requestedCategories>",
            item: "<CategoryRelationship><IndexOfAndGroup>0</IndexOfAndGroup><CategoryId>\(Samples.update)</CategoryId></CategoryRelationship>",
            after: "</requestedCategories>", message: "requestedCategories", hasCookie: false),
    ])
    func `a list is as long as allowed, and no longer`(list: List) {
        let children = { (count: Int) in list.before + String(repeating: list.item, count: count) + list.after }
        #expect(fault(list.operation, children(list.limit - 1), cookie: list.hasCookie) == nil)
        #expect(fault(list.operation, children(list.limit), cookie: list.hasCookie) == nil)
        #expect(fault(list.operation, children(list.limit + 1), cookie: list.hasCookie) == SOAPFault(.invalidParameters, list.message))
    }

    @Test func `a list sent in two pieces is counted as one`() {
        let half = "<InstalledNonLeafUpdateIDs>" + String(repeating: "<int>7</int>", count: 200) + "</InstalledNonLeafUpdateIDs>"
        let more = "<InstalledNonLeafUpdateIDs><int>7</int></InstalledNonLeafUpdateIDs>"
        #expect(fault(.syncUpdates, "<parameters>\(half)\(half)</parameters>") == nil)
        #expect(
            fault(.syncUpdates, "<parameters>\(half)\(half)\(more)</parameters>")
                == SOAPFault(.invalidParameters, "parameters.InstalledNonLeafUpdateIDs"))
    }

    @Test func `locales are as many as allowed, repeats counted`() {
        let children = { (locales: Range<Int>) in
            "<revisionIDs/><infoTypes/><locales><string>l0</string>" + locales.map { "<string>l\($0 / 2)</string>" }.joined() + "</locales>"
        }
        #expect(fault(.getExtendedUpdateInfo, children(0..<98)) == nil)
        #expect(fault(.getExtendedUpdateInfo, children(0..<99)) == nil)
        #expect(fault(.getExtendedUpdateInfo, children(0..<100)) == SOAPFault(.invalidParameters, "locales"))
    }

    @Test(arguments: [
        (DeviceOperation.getAuthorizationCookie, "clientId", "clientId", 1024),
        (.getAuthorizationCookie, "targetGroupName", "targetGroupName", 1024),
        (.getAuthorizationCookie, "dnsName", "dnsName", 1024),
        (.registerComputer, "computerInfo/DnsName", "computerInfo.DnsName", 1024),
        (.registerComputer, "computerInfo/OSDescription", "computerInfo.OSDescription", 1024),
        (.syncUpdates, "parameters/FeatureScoreMatchingKey", "parameters.FeatureScoreMatchingKey", 1024),
        (.reportEventBatch2, "computerId", "computerId", 1024),
        (.getExtendedUpdateInfo, "GeoId", "GeoId", 16),
        (.getExtendedUpdateInfo, "locales/string", "locales", 64),
    ])
    func `a text to be kept is as long as allowed, and no longer`(operation: DeviceOperation, path: String, message: String, limit: Int) {
        let names = path.split(separator: "/")
        let children = { (length: Int) in
            (operation == .getExtendedUpdateInfo ? "<revisionIDs/><infoTypes/>" : "") + names.map { "<\($0)>" }.joined()
                + String(repeating: "x", count: length) + names.reversed().map { "</\($0)>" }.joined()
        }
        let hasCookie = operation != .getAuthorizationCookie
        #expect(fault(operation, children(limit - 1), cookie: hasCookie) == nil)
        #expect(fault(operation, children(limit), cookie: hasCookie) == nil)
        #expect(fault(operation, children(limit + 1), cookie: hasCookie) == SOAPFault(.invalidParameters, message))
    }

    @Test(arguments: ["HardwareIDs/string", "CompatibleIDs/string", "installedDriver/MatchingID", "installedDriver/Class", "installedDriver/Model"])
    func `a text of a device's hardware is as long as allowed, and no longer`(path: String) {
        let names = path.split(separator: "/")
        let rest = "<DriverVerDate>2006-06-21</DriverVerDate><DriverVerVersion>1</DriverVerVersion><DriverRank>1</DriverRank>"
        let children = { (length: Int) in
            "<parameters><SkipSoftwareSync>1</SkipSoftwareSync><SystemSpec><Device><\(names[0])>\(rest)<\(names[1])>"
                + String(repeating: "x", count: length) + "</\(names[1])></\(names[0])></Device></SystemSpec></parameters>"
        }
        let message = names[0] == "installedDriver" ? "parameters.SystemSpec.installedDriver" : "parameters.SystemSpec"
        #expect(fault(.syncUpdates, children(1023)) == nil)
        #expect(fault(.syncUpdates, children(1024)) == nil)
        #expect(fault(.syncUpdates, children(1025)) == SOAPFault(.invalidParameters, message))
    }

    @Test func `authorization cookies are sixteen at most`() {
        let children = { (count: Int) in "<authCookies>" + String(repeating: "<AuthorizationCookie/>", count: count) + "</authCookies>" }
        #expect(fault(.getCookie, children(16), cookie: false) == nil)
        #expect(fault(.getCookie, children(17), cookie: false) == SOAPFault(.invalidAuthorizationCookie))
    }

    @Test(arguments: [19, 20, 21])
    func `a digest has twenty bytes`(length: Int) {
        let item = String(decoding: Base64.encode([UInt8](repeating: 1, count: length)), as: UTF8.self)
        let expected = length == 20 ? nil : SOAPFault(.invalidParameters, "fileDigests")
        #expect(fault(.getFileLocations, "<fileDigests><base64Binary>\(item)</base64Binary></fileDigests>") == expected)
    }
}

struct ProtocolVersionTests {
    @Test func `versions are two numbers`() throws {
        #expect(ProtocolVersion("2.90") == ProtocolVersion(major: 2, minor: 90))
        #expect(ProtocolVersion("1.8") == ProtocolVersion(major: 1, minor: 8))
        #expect(try #require(ProtocolVersion("2.4")) < #require(ProtocolVersion("2.90")))
        #expect(try #require(ProtocolVersion("1.20")) > #require(ProtocolVersion("1.8")))
        #expect(ProtocolVersion("65535.65535") == ProtocolVersion(major: .max, minor: .max))
    }

    @Test(arguments: ["", "2", "2.", ".9", "2.9.0", "2.x", "-2.9", "+2.9", " 2.9", "2.65536", "2,9", "２.９"])
    func `what is no version is none`(text: String) {
        #expect(ProtocolVersion(text) == nil)
    }
}
