import Testing
import UpdateProtocols
import Updates

@testable import UpdateAgent

/// What becomes of a cache whose ids are those of a server that changed (protocol.md section 2.7).
@Suite struct RefreshDialogueTests {
    /// A device that holds these and has just been told ServerChanged, with a new cookie.
    private func changed(_ updates: [ToldUpdate]) throws -> Dialogue {
        var dialogue = try Dialogue(state: try Dialogue.known(updates))
        try dialogue.fault(.serverChanged)
        try dialogue.shakeHands(cookie: 90)
        return dialogue
    }

    @Test func `ids are exchanged by what the update is, not by its number`() throws {
        var dialogue = try changed([.category(10), ToldUpdate(id: 11, action: .preDeploymentCheck)])
        let request = try dialogue.refreshRequest()
        #expect(request.cookie == [90])
        #expect(request.ids == [10, 11])
        // The other way round, so that each gets the other's number.
        dialogue.answer(Told.refreshed([(11, 10), (10, 11)]))
        let scan = try dialogue.scanRequest()
        #expect(scan.request.installedNonLeaf.numbers == [11])
        #expect(scan.request.otherCached.numbers == [10])
        dialogue.answer(Told.page(outOfScope: [10]))
        #expect(dialogue.machine.state.updates.map(\.identity.updateID) == [ToldUpdate.updateID(10)])
    }

    @Test func `what does not come back is dropped, as members of bundles never do, and comes again as new`() throws {
        var dialogue = try changed([.category(10), ToldUpdate(id: 12, members: [[11]]), ToldUpdate(id: 11, action: .bundle)])
        dialogue.answer(Told.refreshed([(10, 60), (12, 62)]))
        #expect(try dialogue.scanRequest().request.otherCached.numbers == [62])
        #expect(dialogue.machine.result.counts.refreshed == 2)
        #expect(!dialogue.machine.result.isFullScan)
        dialogue.answer(Told.page([ToldUpdate(id: 61, action: .bundle, guid: 11)]))
        #expect(dialogue.machine.state.updates.map(\.revisionID.rawValue) == [60, 62, 61])
    }

    @Test func `leaf, action and deployment are what the server now says`() throws {
        var dialogue = try changed([ToldUpdate(id: 11, action: .preDeploymentCheck)])
        dialogue.answer(Told.refreshed([(11, 61)], isLeaf: true, action: .install))
        let update = try #require(dialogue.machine.state.updates.first)
        #expect(update.action == .install && update.isLeaf && update.deploymentID.rawValue == 5061)
    }

    @Test(arguments: [(1, [1]), (199, [199]), (200, [200]), (201, [200, 1]), (450, [200, 200, 50])])
    func `it asks of at most 200 at a time`(count: Int, sizes: [Int]) throws {
        var dialogue = try changed((1...count).map { ToldUpdate(id: Int32($0), action: .preDeploymentCheck) })
        for size in sizes {
            let ids = try dialogue.refreshRequest().ids
            #expect(ids.count == size)
            dialogue.answer(Told.refreshed(ids.map { ($0, $0 + 1000) }))
        }
        #expect(try dialogue.scanRequest().request.otherCached.numbers == (1...count).map { Int32($0 + 1000) })
    }

    @Test func `entries that were not asked for, and a number given twice, change nothing`() throws {
        var dialogue = try changed([.category(10), .category(11)])
        dialogue.answer(Told.refreshed([(99, 50), (10, 60), (11, 60)]))
        #expect(try dialogue.scanRequest().request.installedNonLeaf.numbers == [60])
        #expect(dialogue.machine.state.updates.count == 1)
    }

    @Test func `a cache of which nothing is left makes the scan a full one`() throws {
        var dialogue = try changed([.category(10)])
        dialogue.answer(Told.refreshed([]))
        #expect(try dialogue.scanRequest().request.installedNonLeaf.isEmpty)
        #expect(dialogue.machine.result.isFullScan)
    }

    @Test func `a device that held nothing does not ask`() throws {
        let dialogue = try changed([])
        #expect(dialogue.operation == .syncUpdates)
    }

    @Test func `a device that was killed in between goes on renumbering`() throws {
        let half = try changed((1...201).map { ToldUpdate(id: Int32($0), action: .preDeploymentCheck) })
        var again = try Dialogue(state: half.machine.state)
        try again.shakeHands()
        let ids = try again.refreshRequest().ids
        #expect(ids.count == 200)
        again.answer(Told.refreshed(ids.map { ($0, $0 + 1000) }))
        #expect(try again.refreshRequest().ids == [201])
        again.answer(Told.refreshed([]))
        #expect(again.operation == .syncUpdates)
        #expect(again.machine.state.isCacheStale == nil)
        #expect(again.machine.takeStateToSave()?.updates.count == 200)
    }

    @Test func `a server that changes again while it is asked is asked again from the start`() throws {
        var dialogue = try changed((1...201).map { ToldUpdate(id: Int32($0), action: .preDeploymentCheck) })
        dialogue.answer(Told.refreshed([(1, 1001)]))
        try dialogue.fault(.serverChanged)
        try dialogue.shakeHands()
        #expect(try dialogue.refreshRequest().ids.count == 200)
        dialogue.answer(Told.refreshed([(2, 2002)]))
        dialogue.answer(Told.refreshed([]))
        #expect(try dialogue.scanRequest().request.otherCached.numbers == [2002])
    }

    @Test func `a server that wants a registration before it renumbers gets one`() throws {
        var dialogue = try changed([.category(10)])
        try dialogue.fault(.registrationRequired)
        #expect(dialogue.operation == .registerComputer)
        dialogue.answer(Told.registered)
        #expect(try dialogue.refreshRequest().ids == [10])
    }

    @Test func `a server that does not renumber costs the device its cache, and it is said`() throws {
        var dialogue = try changed([.category(10)])
        try dialogue.fault(.invalidParameters)
        #expect(try dialogue.scanRequest().request.installedNonLeaf.isEmpty)
        #expect(dialogue.machine.result.warnings.count == 1)
    }

    @Test(arguments: [SOAPFault.ErrorCode.serverChanged, .invalidCookie, .internalServerError, .serverBusy])
    func `a server that never renumbers ends the scan`(code: SOAPFault.ErrorCode) throws {
        var dialogue = try changed([.category(10)])
        var faults = 0
        while dialogue.failure == nil, faults < 100 {
            if case .wait = dialogue.action { try dialogue.wait() }
            try dialogue.shakeHands()
            guard dialogue.operation == .refreshCache else { break }
            try dialogue.fault(code)
            faults += 1
        }
        #expect(dialogue.failure != nil)
        #expect((1...7).contains(faults))
        // What the device holds is not lost by that.
        #expect(dialogue.machine.state.updates.count == 1)
    }

    @Test func `an update that something offered takes the place of is not offered, and still needed`() throws {
        var dialogue = try Dialogue(ScanOptions(isReporting: true))
        try dialogue.shakeHands()
        dialogue.answer(
            Told.page([ToldUpdate(id: 11), ToldUpdate(id: 12, supersedes: [11]), ToldUpdate(id: 13, action: .preDeploymentCheck, supersedes: [12])]))
        #expect(try dialogue.extendedRequest().revisionIDs.numbers == [12])
        dialogue.answer(Told.extended([(12, "Title", [])]))
        #expect(dialogue.machine.result.counts.offered == 1)
        #expect(dialogue.machine.result.counts.needed == 3)
        #expect(dialogue.machine.result.updates.filter(\.isOffered).map(\.revisionID.rawValue) == [12])
        #expect(dialogue.machine.result.updates.filter(\.isSuperseded).map(\.revisionID.rawValue) == [11])
    }

    @Test func `a scan that failed is told of at the next report, once`() throws {
        let options = ScanOptions(isReporting: true)
        var dialogue = try Dialogue(options)
        dialogue.breakConnection(mayPass: false)
        #expect(dialogue.failure != nil)
        dialogue = try Dialogue(options, state: dialogue.machine.state)
        try dialogue.shakeHands()
        dialogue.answer(Told.page([ToldUpdate(id: 11, action: .preDeploymentCheck)]))
        let events = try dialogue.report().events
        #expect(events.map(\.eventID) == [.detectionFailed, .detectionFinished, .clientStatus])
        #expect(events[0].replacementStrings == ["0x80240438"])
        #expect(events[0].win32HResult == Int32(bitPattern: 0x8024_0438))
        dialogue.answer(Told.reported())
        var again = try Dialogue(options, state: dialogue.machine.state)
        again.answer(Told.page())
        #expect(try again.report().events.map(\.eventID) == [.detectionFinished, .clientStatus])
    }

    @Test func `hardware is listed in the driver pass, and what comes for it is in the result`() throws {
        let system = SystemSpec(devices: [HardwareDevice(hardwareIDs: ["PCI\\VEN_1"])], featureScoreMatchingKey: "AMD64.10.0")
        var dialogue = try Dialogue(ScanOptions(system: system))
        try dialogue.shakeHands()
        dialogue.answer(Told.page(isDriverSyncNotNeeded: false))
        let request = try dialogue.scanRequest().request
        #expect(request.skipSoftwareSync)
        #expect(request.system == system)
        dialogue.answer(Told.page([ToldUpdate(id: 70, type: .driver, hardwareIDs: ["PCI\\VEN_1"])]))
        #expect(dialogue.action == .done)
        let driver = try #require(dialogue.machine.result.drivers.first)
        #expect(driver.identity.updateID == ToldUpdate.updateID(70) && driver.hardwareIDs == ["PCI\\VEN_1"] && driver.action == .install)
        #expect(dialogue.machine.state.updates.isEmpty)
    }
}
