import UpdateProtocols
import Updates

/// One request and one response of each operation, with values of every kind.
enum Samples {
    static let cookie = CookieElement(expiration: Timestamp("2026-10-04T16:03:35.996Z"), encryptedData: Array("open".utf8))
    static let device = DeviceID("5ea4c0de-0000-4000-8000-000000000001")
    static let update = UpdateID(high: 0x0123_4567_89ab_4def, low: 0x8123_4567_89ab_cdef)

    static let facts = DeviceFacts(
        dnsName: "pc-1.example.test", osMajorVersion: 10, osMinorVersion: 0, osBuildNumber: 26200, osLocale: "de-DE", manufacturer: "Maker & Söhne",
        model: "<Model>", biosVersion: "1.2", processorArchitecture: "AMD64", osDescription: "Windows 10 Pro", clientVersion: "1507.2601.30012.0")

    static let scan = SyncUpdates.Request(
        installedNonLeaf: [1, 22, 333].map(RevisionID.init(rawValue:)), otherCached: [4, 5].map(RevisionID.init(rawValue:)),
        cachedDrivers: [6].map(RevisionID.init(rawValue:)), filterCategories: [update])

    static let system = SystemSpec(
        devices: [
            HardwareDevice(
                hardwareIDs: ["PCI\\VEN_8086&DEV_1", "PCI\\VEN_8086"], compatibleIDs: ["PCI\\CC_0200"],
                installedDriver: InstalledDriver(
                    matchingID: "PCI\\VEN_8086", date: Timestamp(millisecondsSince1970: 1_150_848_000_000), version: DriverVersion(rawValue: .max),
                    driverClass: "Net", manufacturer: "Maker & Söhne", provider: "<P>", model: "M", matchingComputerHardwareID: update,
                    rank: 0x8000_2001)),
            HardwareDevice(hardwareIDs: []),
        ], computerHardwareIDs: [update, UpdateID(high: 1, low: 2)], featureScoreMatchingKey: "AMD64.10.0")

    static let driverScan = SyncUpdates.Request(
        installedNonLeaf: scan.installedNonLeaf, cachedDrivers: scan.cachedDrivers, system: system, skipSoftwareSync: true)

    static let identities = [
        UpdateIdentity(updateID: update, revisionNumber: RevisionNumber(rawValue: 200)),
        UpdateIdentity(updateID: UpdateID(high: 3, low: 4), revisionNumber: RevisionNumber(rawValue: 1)),
    ]

    static let extended = GetExtendedUpdateInfo.Request(
        revisionIDs: [7, 8].map(RevisionID.init(rawValue:)), infoTypes: [.extended, .localizedProperties], locales: ["de-DE", "en"], geoID: "DEU")

    static let extended2 = GetExtendedUpdateInfo2.Request(updateIDs: identities, infoTypes: [.fileUrl, .fileDecryption], locales: ["en"])

    static func event(_ id: EventID = .clientStatus, misc: [String] = ["U=\(update)", "G=1"]) -> Event? {
        device.map {
            Event(
                instanceID: UpdateID(high: 7, low: 8), deviceID: $0, timeAtTarget: Timestamp(millisecondsSince1970: 1_791_119_827_590),
                namespaceID: 1, eventID: id, sourceID: 101,
                update: UpdateIdentity(updateID: update, revisionNumber: RevisionNumber(rawValue: 200)), win32HResult: -2_145_123_272,
                appName: "<<PROCESS>>: a & b", replacementStrings: ["0x80240438"], miscData: misc)
        }
    }

    static func digest(_ byte: UInt8) -> SHA1Digest? { SHA1Digest(bytes: [UInt8](repeating: byte, count: 20)) }

    static var requests: [(operation: DeviceOperation, body: [UInt8])] {
        let time = Timestamp(millisecondsSince1970: 1_791_119_827_590)
        return [
            (.getConfig, GetConfig.encodeRequest(GetConfig.Request(protocolVersion: "2.90"))),
            (
                .getAuthorizationCookie,
                GetAuthorizationCookie.encodeRequest(
                    GetAuthorizationCookie.Request(clientID: device?.text, targetGroupName: "a;b", dnsName: "pc-1.example.test"))
            ),
            (
                .getCookie,
                GetCookie.encodeRequest(
                    GetCookie.Request(
                        authorizationCookies: [AuthorizationCookie(plugInID: "SimpleTargeting", cookieData: [1, 2, 3])],
                        oldCookie: CookieElement(expiration: time), lastChange: time, currentTime: time, protocolVersion: "2.90"))
            ),
            (.registerComputer, RegisterComputer.encodeRequest(RegisterComputer.Request(facts: facts), cookie: cookie)),
            (
                .startCategoryScan,
                StartCategoryScan.encodeRequest(
                    StartCategoryScan.Request(categories: [.init(andGroup: 0, id: update), .init(andGroup: 1, id: update)]))
            ),
            (.syncUpdates, SyncUpdates.encodeRequest(scan, cookie: cookie)),
            (.refreshCache, RefreshCache.encodeRequest(.init(globalIDs: identities), cookie: cookie)),
            (
                .syncPrinterCatalog,
                SyncPrinterCatalog.encodeRequest(.init(installedNonLeaf: scan.installedNonLeaf, printerUpdates: scan.cachedDrivers), cookie: cookie)
            ),
            (.getExtendedUpdateInfo, GetExtendedUpdateInfo.encodeRequest(extended, cookie: cookie)),
            (.getExtendedUpdateInfo2, GetExtendedUpdateInfo2.encodeRequest(extended2, cookie: cookie)),
            (
                .getFileLocations,
                GetFileLocations.encodeRequest(GetFileLocations.Request(digests: [digest(1), digest(0xff)].compactMap { $0 }), cookie: cookie)
            ),
            (
                .reportEventBatch,
                ReportEventBatch.encodeRequest(
                    clientTime: time, events: [event(), event(.installationFailed)].compactMap { $0 }, computer: ReportingComputer(brand: "Maker"),
                    cookie: cookie)
            ),
            (.reportEventBatch2, ReportEventBatch2.encodeRequest(.init(computerID: device?.text, clientTime: time))),
            (.getRequiredInventoryType, GetRequiredInventoryType.encodeRequest(.init(rulesID: update, rulesVersion: "1.0"), cookie: cookie)),
            (.reportInventory, ReportInventory.encodeRequest(.init(clientTime: time), cookie: cookie)),
            (.ping, Ping.encodeRequest(.init(level: 1))),
        ]
    }

    static let scanAnswer: ScanAnswer = {
        let day = Timestamp(millisecondsSince1970: 1_791_119_827_590)
        let deployment = { (id: Int32, action: DeploymentAction, deadline: Timestamp?) in
            Deployment(id: DeploymentID(rawValue: id), action: action, deadline: deadline, lastChange: day)
        }
        return ScanAnswer(
            newUpdates: [
                ScannedUpdate(id: RevisionID(rawValue: 1), deployment: deployment(11, .evaluate, nil), isLeaf: false),
                ScannedUpdate(id: RevisionID(rawValue: 2), deployment: deployment(12, .install, day), isLeaf: true),
            ],
            changedUpdates: [ScannedUpdate(id: RevisionID(rawValue: 3), deployment: deployment(13, .preDeploymentCheck, nil), isLeaf: true)],
            outOfScope: [RevisionID(rawValue: 4), RevisionID(rawValue: 5)], deployedOutOfScope: [RevisionID(rawValue: 6)], isTruncated: true,
            isDriverSyncNotNeeded: true, generation: .zero)
    }()

    static func core(_ id: RevisionID) -> [UInt8] { Array("<UpdateIdentity UpdateID=\"\(update)\" RevisionNumber=\"\(id.rawValue)\" />".utf8) }

    static var locations: [FileLocation] {
        digest(0xab).map { [FileLocation(digest: $0, url: "https://pc-1.example.test:8531/Content/AB/\($0).cab?a=1&b=2")] } ?? []
    }

    static let pieces = [
        GetExtendedUpdateInfo.Piece(id: RevisionID(rawValue: 1), kind: .extended),
        GetExtendedUpdateInfo.Piece(id: RevisionID(rawValue: 1), kind: .localizedProperties(language: "en")),
    ]

    static let config = GetConfig.Response(
        lastChange: Timestamp(millisecondsSince1970: 1_791_119_827_590), isRegistrationRequired: true,
        properties: [.init(name: "PackageServerShare", value: "\\\\A\\B & C"), .init(name: "ProtocolVersion", value: "3.2")])

    static let refreshed = identities.map {
        RefreshedRevision(id: RevisionID(rawValue: 21), identity: $0, isLeaf: false, deployment: scanAnswer.changedUpdates[0].deployment)
    }

    static var responses: [(operation: DeviceOperation, body: [UInt8])] {
        [
            (.getConfig, GetConfig.encodeResponse(config)),
            (
                .getAuthorizationCookie,
                GetAuthorizationCookie.encodeResponse(AuthorizationCookie(plugInID: "SimpleTargeting", cookieData: [9, 8, 7]))
            ),
            (.getCookie, GetCookie.encodeResponse(cookie)),
            (.registerComputer, RegisterComputer.encodeResponse()),
            (.startCategoryScan, StartCategoryScan.encodeResponse(StartCategoryScan.Response(preferred: [update], inError: [UpdateID.none]))),
            (.syncUpdates, SyncUpdates.encodeResponse(scanAnswer, cookie: cookie) { $1.appendEscaped(core($0)) }),
            (.refreshCache, RefreshCache.encodeResponse(refreshed)),
            (.syncPrinterCatalog, SyncPrinterCatalog.encodeResponse(scanAnswer, cookie: cookie) { $1.appendEscaped(core($0)) }),
            (
                .getExtendedUpdateInfo,
                GetExtendedUpdateInfo.encodeResponse(pieces, fileLocations: locations, outOfScope: [RevisionID(rawValue: 9)]) {
                    $1.appendEscaped(ChunkedBytes("<\($0.kind == .extended ? "ExtendedProperties" : "LocalizedProperties")/>".utf8))
                }
            ),
            (
                .getExtendedUpdateInfo2,
                GetExtendedUpdateInfo2.encodeResponse(
                    [pieces[0]], fileLocations: locations,
                    encryptionDetails: [
                        .init(update: identities[0], hasEncryptedFiles: true), .init(update: identities[1], hasEncryptedFiles: false),
                    ]
                ) { $1.appendEscaped("<ExtendedProperties/>") }
            ),
            (.getFileLocations, GetFileLocations.encodeResponse(GetFileLocations.Response(fileLocations: locations, newCookie: cookie))),
            (.reportEventBatch, ReportEventBatch.encodeResponse(true)),
            (.reportEventBatch2, ReportEventBatch2.encodeResponse(false)),
            (.getRequiredInventoryType, GetRequiredInventoryType.encodeResponse(0)),
            (.reportInventory, ReportInventory.encodeResponse(false)),
            (.ping, Ping.encodeResponse(.init(isSuccessful: true, time: Timestamp(millisecondsSince1970: 1_791_119_827_590)))),
        ]
    }

    /// Decodes a response and says only whether that went well.
    static func decodeResponse(_ operation: DeviceOperation, _ body: [UInt8]) throws(ResponseError) {
        switch operation {
        case .getConfig: _ = try GetConfig.decodeResponse(body)
        case .getAuthorizationCookie: _ = try GetAuthorizationCookie.decodeResponse(body)
        case .getCookie: _ = try GetCookie.decodeResponse(body)
        case .registerComputer: try RegisterComputer.decodeResponse(body)
        case .startCategoryScan: _ = try StartCategoryScan.decodeResponse(body)
        case .syncUpdates: _ = try SyncUpdates.decodeResponse(body)
        case .refreshCache: _ = try RefreshCache.decodeResponse(body)
        case .syncPrinterCatalog: _ = try SyncPrinterCatalog.decodeResponse(body)
        case .getExtendedUpdateInfo: _ = try GetExtendedUpdateInfo.decodeResponse(body)
        case .getExtendedUpdateInfo2: _ = try GetExtendedUpdateInfo2.decodeResponse(body)
        case .getFileLocations: _ = try GetFileLocations.decodeResponse(body)
        case .reportEventBatch: _ = try ReportEventBatch.decodeResponse(body)
        case .reportEventBatch2: _ = try ReportEventBatch2.decodeResponse(body)
        case .getRequiredInventoryType: _ = try GetRequiredInventoryType.decodeResponse(body)
        case .reportInventory: _ = try ReportInventory.decodeResponse(body)
        case .ping: _ = try Ping.decodeResponse(body)
        }
    }
}
