import Testing
import UpdateProtocols
import Updates

@testable import UpdateAgent

/// What follows a scan: details, downloads and reports, as in observed.md sections 4 to 6.
@Suite struct OutcomeDialogueTests {
    /// A device that has scanned a server with these updates.
    private func scanned(_ updates: [ToldUpdate], _ options: ScanOptions = ScanOptions(), mostExtended: Int = 50) throws -> Dialogue {
        var dialogue = try Dialogue(options)
        dialogue.answer(Told.config(mostExtended: mostExtended))
        try dialogue.shakeHands()
        dialogue.answer(Told.page(updates))
        while dialogue.operation == .syncUpdates { dialogue.answer(Told.page()) }
        return dialogue
    }

    private static let downloading = ScanOptions(downloadFolder: "files")

    private func plan(_ dialogue: Dialogue) throws -> [UpdateDownload] {
        guard case .download(let plan) = dialogue.action else {
            Issue.record("no download but \(dialogue.action)")
            return []
        }
        return plan
    }

    @Test func `details are asked of what is offered and its members only, ascending`() throws {
        let dialogue = try scanned([
            ToldUpdate(id: 40, members: [[31], [32, 33]]), ToldUpdate(id: 31, action: .bundle), ToldUpdate(id: 33, action: .bundle),
            ToldUpdate(id: 20), ToldUpdate(id: 21, action: .preDeploymentCheck), .category(1), ToldUpdate(id: 34, action: .bundle),
        ])
        let request = try dialogue.extendedRequest()
        #expect(request.revisionIDs.numbers == [20, 31, 33, 40])
        #expect(request.infoTypes == [.extended, .localizedProperties])
        #expect(request.locales == ["en-US", "en"])
        #expect(request.geoID == "USA")
    }

    @Test(arguments: [(50, [50, 50, 1]), (200, [50, 50, 1]), (40, [40, 40, 21]), (0, [1, 1, 1])])
    func `no call asks of more than 50 revisions, nor of more than the server allows`(allowed: Int, sizes: [Int]) throws {
        var dialogue = try scanned((1...101).map { ToldUpdate(id: Int32($0)) }, mostExtended: allowed)
        var next: Int32 = 1
        for size in sizes {
            let ids = try dialogue.extendedRequest().revisionIDs.numbers
            #expect(ids == (next..<(next + Int32(size))).map { $0 })
            next += Int32(size)
            dialogue.answer(Told.extended(ids.map { ($0, "Title \($0)", []) }))
        }
        if allowed > 0 { #expect(dialogue.action == .done) }
    }

    @Test func `titles known from an earlier scan are not asked for again, files are`() throws {
        var dialogue = try scanned([ToldUpdate(id: 20)])
        dialogue.answer(Told.extended([(20, "Title", [])]))
        #expect(dialogue.action == .done)
        var again = try Dialogue(state: dialogue.machine.state)
        again.answer(Told.page())
        #expect(again.action == .done)
        #expect(again.machine.result.updates.map(\.title) == ["Title"])
        var downloading = try Dialogue(Self.downloading, state: dialogue.machine.state)
        downloading.answer(Told.page())
        #expect(try downloading.extendedRequest().revisionIDs.numbers == [20])
    }

    @Test(arguments: [(511, 511), (512, 512), (513, 512), (4096, 512), (100_000, 512)])
    func `a title is cut`(length: Int, kept: Int) throws {
        var dialogue = try scanned([ToldUpdate(id: 20)])
        dialogue.answer(Told.extended([(20, String(repeating: "t", count: length), [])]))
        #expect(dialogue.machine.result.updates.first?.title?.count == kept)
    }

    @Test func `what is out of scope meanwhile is no longer offered`() throws {
        var dialogue = try scanned([ToldUpdate(id: 20), ToldUpdate(id: 21)], Self.downloading)
        dialogue.answer(Told.extended([(21, "Stays", [])], outOfScope: [20]))
        #expect(dialogue.action == .done)
        #expect(dialogue.machine.result.updates.map(\.title) == ["Stays"])
        #expect(dialogue.machine.state.updates.map(\.revisionID.rawValue) == [21])
    }

    @Test func `the result tells needed from offered from installed`() throws {
        let installed = ScanOptions(rule: .list([ToldUpdate.updateID(22), ToldUpdate.updateID(1)]))
        var dialogue = try scanned(
            [
                .category(1), ToldUpdate(id: 20), ToldUpdate(id: 21, action: .preDeploymentCheck), ToldUpdate(id: 22),
                ToldUpdate(id: 23, action: .bundle), ToldUpdate(id: 24, action: .uninstall), ToldUpdate(id: 25, action: .evaluate),
                ToldUpdate(id: 26, action: .optionalInstall),
            ], installed)
        dialogue.answer(Told.extended([(20, "Offered", [])]))
        let result = dialogue.machine.result
        #expect(result.counts.known == 8)
        #expect(result.counts.offered == 1)
        #expect(result.counts.needed == 3)
        #expect(result.counts.installed == 1)
        #expect(result.updates.map(\.revisionID.rawValue) == [20, 21, 22, 26])
        #expect(result.updates.map(\.isOffered) == [true, false, false, false])
        #expect(result.updates.map(\.isNeeded) == [true, true, false, true])
        #expect(result.updates.map(\.isInstalled) == [false, false, true, false])
        #expect(result.isComplete)
    }

    // MARK: downloads

    @Test func `the files of an update and of its members are planned once`() throws {
        var dialogue = try scanned(
            [
                ToldUpdate(id: 40, members: [[31], [32]]), ToldUpdate(id: 31, action: .bundle, members: [[33]]), ToldUpdate(id: 32, action: .bundle),
                ToldUpdate(id: 33, action: .bundle),
            ], Self.downloading)
        let shared = Told.File(byte: 3, name: "shared.cab")
        dialogue.answer(
            Told.extended([
                (31, "", [.init(byte: 1, name: "one.cab"), shared]), (32, "", [shared]), (33, "", [.init(byte: 4, name: "deep.cab")]),
                (40, "Bundle", []),
            ]))
        let plan = try plan(dialogue)
        #expect(plan.count == 1)
        #expect(plan[0].identity.updateID == ToldUpdate.updateID(40))
        #expect(Set(plan[0].files.map(\.name)) == ["one.cab", "shared.cab", "deep.cab"])
        #expect(plan[0].files.count == 3)
        #expect(plan[0].files.allSatisfy { $0.url.hasPrefix("\(Dialogue.origin)/Content/") })
    }

    @Test func `a member that is installed is not downloaded`() throws {
        var dialogue = try scanned(
            [ToldUpdate(id: 40, members: [[31], [32]]), ToldUpdate(id: 31, action: .bundle), ToldUpdate(id: 32, action: .bundle)],
            ScanOptions(rule: .list([ToldUpdate.updateID(31)]), downloadFolder: "files"))
        dialogue.answer(Told.extended([(32, "", [.init(byte: 2, name: "needed.cab")]), (40, "Bundle", [])]))
        #expect(try plan(dialogue)[0].files.map(\.name) == ["needed.cab"])
        #expect(dialogue.machine.result.updates[0].errors.isEmpty)
    }

    @Test func `sizes that cannot be added up do no harm`() throws {
        var dialogue = try scanned([ToldUpdate(id: 20)], Self.reporting)
        dialogue.answer(
            Told.extended([(20, "Title", [.init(byte: 1, name: "a", size: .max), .init(byte: 2, name: "b", size: .max)])]))
        dialogue.answer(Told.reported())
        dialogue.end([:])
        #expect(try dialogue.report().events.map(\.eventID.rawValue) == [167, 161])
    }

    @Test func `bundles that contain each other end`() throws {
        let dialogue = try scanned(
            [ToldUpdate(id: 40, members: [[41]]), ToldUpdate(id: 41, action: .bundle, members: [[40], [41]])], Self.downloading)
        #expect(try dialogue.extendedRequest().revisionIDs.numbers == [40, 41])
    }

    @Test func `a member that was not delivered is said and is no failure`() throws {
        var dialogue = try scanned([ToldUpdate(id: 40, members: [[31]])], Self.downloading)
        dialogue.answer(Told.extended([(40, "Bundle", [])]))
        #expect(dialogue.action == .done)
        #expect(dialogue.machine.result.updates[0].errors.count == 1)
        #expect(dialogue.machine.result.isComplete)
    }

    @Test(arguments: [
        ("another host", Told.File(byte: 1, url: "https://other.example/Content/01/X.cab")),
        ("without TLS", Told.File(byte: 1, url: "http://updates.example:8530/Content/01/X.cab")),
        ("no location", Told.File(byte: 1, url: nil)),
    ])
    func `a file that cannot be had safely is refused, the others go on`(name: String, file: Told.File) throws {
        var dialogue = try scanned([ToldUpdate(id: 20)], Self.downloading)
        dialogue.answer(Told.extended([(20, "Title", [file, .init(byte: 2, name: "good.cab")])]))
        let plan = try plan(dialogue)
        #expect(plan[0].files.map(\.name) == ["good.cab"])
        dialogue.end([plan[0].files[0]: .downloaded(path: "files/good.cab", bytes: 3)])
        #expect(dialogue.action == .done)
        let result = dialogue.machine.result
        #expect(result.counts.filesDownloaded == 1)
        #expect(result.counts.filesFailed == 1)
        #expect(result.updates[0].files.map(\.path) == ["files/good.cab", nil])
        #expect(result.updates[0].files[1].error != nil)
        #expect(!result.isComplete)
    }

    @Test(arguments: [
        "<InstallCommand Program=\"cmd.exe\" Arguments=\"/c calc\" />", "<InstallCommand Program=\"..\\setup.exe\" />",
        "<MsiData MsiFile=\"setup.msi\" CommandLine=\"TRANSFORMS=http://host/a\" />",
    ])
    func `an update that starts what is not believed is not downloaded, and the server is told`(_ data: String) throws {
        var dialogue = try scanned([ToldUpdate(id: 20)], Self.reporting)
        dialogue.answer(Told.extended([(20, "Title", [.init(byte: 2, name: "setup.msi")])], handlerData: data))
        _ = try dialogue.report()
        dialogue.answer(Told.reported())
        let failed = try #require(try dialogue.report().events.last)
        #expect(failed.eventID == .downloadFailed && failed.win32HResult == Int32(bitPattern: 0x8024_001D))
        let result = dialogue.machine.result
        #expect(result.updates[0].errors.first?.hasPrefix("quarantined") == true)
        #expect(result.counts.quarantined == 1 && !result.isComplete)
    }

    /// What the server sends beside the Extended fragment.
    @Test(arguments: [
        "<ExtendedProperties /><HandlerSpecificData><InstallCommand Program=\"setup.msi\" /></HandlerSpecificData>",
        "<ExtendedProperties /><Files></Files>", "<ExtendedProperties /><HandlerSpecificData></HandlerSpecificData>",
    ])
    func `a second fragment of one revision does not take the place of the first`(_ fragment: String) throws {
        var dialogue = try scanned([ToldUpdate(id: 20)], Self.downloading)
        let answer = Told.extended(
            [(20, "Title", [.init(byte: 2)])], handlerData: "<InstallCommand Program=\"cmd.exe\" />", more: [fragment])
        dialogue.answer(answer)
        #expect(dialogue.failure?.code == .badAnswer)
    }

    @Test func `a command beside a title is judged`() throws {
        var dialogue = try scanned([ToldUpdate(id: 20)], Self.downloading)
        let data = "<HandlerSpecificData><InstallCommand Program=\"cmd.exe\" /></HandlerSpecificData>"
        dialogue.answer(
            Told.extended(
                [(20, "Title", [.init(byte: 2)])], handlerData: nil, more: ["<LocalizedProperties><Title>T</Title></LocalizedProperties>\(data)"]))
        #expect(dialogue.machine.result.counts.quarantined == 1)
    }

    @Test func `a program in a cabinet is judged once the cabinet was verified`() throws {
        for (members, count) in [(Set(["setup.exe"]), 0), (["other.exe"], 1)] {
            var dialogue = try scanned([ToldUpdate(id: 20)], Self.downloading)
            dialogue.answer(Told.extended([(20, "Title", [.init(byte: 2, name: "a.cab")])], handlerData: "<InstallCommand Program=\"Setup.exe\" />"))
            let file = try #require(try plan(dialogue)[0].files.first)
            let outcome = FileOutcome.downloaded(path: "files/a.cab", bytes: 3)
            dialogue.end([file: outcome], members: [file: members])
            #expect(dialogue.machine.result.counts.quarantined == count)
        }
    }

    @Test func `an update that is allowed by name is downloaded whatever it starts`() throws {
        let options = ScanOptions(downloadFolder: "files", allowed: [ToldUpdate.updateID(20)])
        var dialogue = try scanned([ToldUpdate(id: 20)], options)
        dialogue.answer(Told.extended([(20, "Title", [.init(byte: 2)])], handlerData: "<InstallCommand Program=\"cmd.exe\" />"))
        #expect(try plan(dialogue)[0].files.count == 1)
    }

    @Test func `a file without SHA-256 is asked for, to be judged by its signature`() throws {
        var dialogue = try scanned([ToldUpdate(id: 20)], Self.downloading)
        dialogue.answer(Told.extended([(20, "Title", [.init(byte: 2, hasSHA256: false)])]))
        #expect(try plan(dialogue)[0].files.map(\.sha256) == [nil])
    }

    @Test func `nothing is downloaded unless it is asked for`() throws {
        var dialogue = try scanned([ToldUpdate(id: 20)])
        dialogue.answer(Told.extended([(20, "Title", [.init(byte: 2)])]))
        #expect(dialogue.action == .done)
        #expect(dialogue.machine.result.updates[0].files.isEmpty)
    }

    // MARK: reports

    private static let reporting = ScanOptions(downloadFolder: "files", isReporting: true)

    @Test func `the outcome of a scan is one batch of 147 and 156`() throws {
        let rule = EvaluationRule.list([ToldUpdate.updateID(22), ToldUpdate.updateID(1), ToldUpdate.updateID(27)])
        var dialogue = try scanned(
            [
                .category(1), ToldUpdate(id: 21, action: .preDeploymentCheck), ToldUpdate(id: 20), ToldUpdate(id: 22),
                ToldUpdate(id: 23, action: .bundle), ToldUpdate(id: 26, isLeaf: false), ToldUpdate(id: 27, action: .bundle),
            ], ScanOptions(rule: rule, isReporting: true))
        dialogue.answer(Told.extended([(20, "Offered", []), (26, "Also", [])]))
        #expect(dialogue.request?.path == "/ReportingWebService/ReportingWebService.asmx")
        let report = try dialogue.report()
        #expect(report.clientTime == Dialogue.start)
        #expect(report.events.map(\.eventID.rawValue) == [147, 156])
        #expect(report.events.allSatisfy { $0.deviceID.text == Dialogue.clientID && $0.sourceID == 101 && $0.namespaceID == 1 && $0.update == nil })
        #expect(report.events.allSatisfy { $0.timeAtTarget == Dialogue.start && $0.win32HResult == 0 })
        #expect(report.events[0].replacementStrings == ["2"])
        #expect(report.events[1].replacementStrings.isEmpty)
        #expect(report.events[1].updateIDs("U") == [ToldUpdate.updateID(20), ToldUpdate.updateID(21)])
        #expect(report.events[1].updateIDs("V") == [ToldUpdate.updateID(22)])
        #expect(report.events[1].miscData.contains("V=\(ToldUpdate.updateID(22).description.uppercased())"))
        dialogue.answer(Told.reported())
        #expect(dialogue.action == .done)
        #expect(dialogue.machine.result.isReported == true)
    }

    @Test func `a key without an update is absent`() throws {
        let dialogue = try scanned([.category(1)], ScanOptions(isReporting: true))
        let misc = try dialogue.report().events[1].miscData
        #expect(!misc.contains { $0.hasPrefix("U=") || $0.hasPrefix("V=") })
        #expect(misc.contains("AppName=Martlet-Agent"))
    }

    @Test(arguments: [(1499, false), (1500, false), (1501, true)])
    func `a status report stays below what a server takes`(count: Int, isCut: Bool) throws {
        let dialogue = try scanned((1...count).map { ToldUpdate(id: Int32($0), action: .preDeploymentCheck) }, ScanOptions(isReporting: true))
        let report = try dialogue.report()
        // The server's own decoder drops an event that is too long.
        #expect(report.droppedEvents == 0)
        #expect(report.events[1].updateIDs("U").count == min(count, 1500))
        #expect(dialogue.machine.result.warnings.isEmpty != isCut)
    }

    @Test func `a report the server does not take is said`() throws {
        var dialogue = try scanned([.category(1)], ScanOptions(isReporting: true))
        dialogue.answer(Told.reported(false))
        #expect(dialogue.action == .done)
        #expect(dialogue.machine.result.isReported == false)
    }

    @Test func `a download is reported with its bytes, a failed one with its error, a file held already not at all`() throws {
        var dialogue = try scanned([ToldUpdate(id: 20), ToldUpdate(id: 21), ToldUpdate(id: 22)], Self.reporting)
        dialogue.answer(
            Told.extended([
                (20, "Good", [.init(byte: 1, name: "a.cab", size: 5), .init(byte: 2, name: "b.cab", size: 7)]), (21, "Bad", [.init(byte: 3)]),
                (22, "Held", [.init(byte: 4)]),
            ]))
        #expect(try dialogue.report().events.count == 2)
        dialogue.answer(Told.reported())
        let plan = try plan(dialogue)
        let files = Dictionary(uniqueKeysWithValues: plan.flatMap(\.files).map { ($0.sha1.bytes[0], $0) })
        let (first, second, bad, held) = (
            try #require(files[1]), try #require(files[2]), try #require(files[3]), try #require(files[4])
        )
        dialogue.now = Dialogue.start.adding(seconds: 9)
        dialogue.end([
            first: .downloaded(path: "a", bytes: 5), second: .present(path: "b"), held: .present(path: "h"),
            bad: .failed(FileFailure(.wrongContent, "wrong")),
        ])
        let events = try dialogue.report().events
        #expect(events.map(\.eventID.rawValue) == [167, 161, 167, 162])
        #expect(events.map { $0.update?.updateID } == [21, 21, 20, 20].map { ToldUpdate.updateID($0) })
        #expect(events.map(\.win32HResult) == [0, Int32(bitPattern: 0x8024_6002), 0, 0])
        #expect(events.map(\.replacementStrings) == [["Bad"], ["Bad"], ["Good"], ["Good"]])
        #expect(events.map(\.timeAtTarget) == [0, 9, 0, 9].map { Dialogue.start.adding(seconds: $0) })
        #expect(events[3].miscData.contains("B=12"))
        dialogue.answer(Told.reported())
        #expect(dialogue.action == .done)
        let counts = dialogue.machine.result.counts
        #expect([counts.filesDownloaded, counts.filesPresent, counts.filesFailed] == [1, 2, 1])
        #expect(counts.bytesDownloaded == 5)
    }

    @Test func `many events go in several batches`() throws {
        var dialogue = try scanned((1...60).map { ToldUpdate(id: Int32($0)) }, Self.reporting)
        while dialogue.operation == .getExtendedUpdateInfo {
            let ids = try dialogue.extendedRequest().revisionIDs.numbers
            dialogue.answer(Told.extended(ids.map { ($0, "Title", [.init(byte: UInt8($0))]) }))
        }
        dialogue.answer(Told.reported())
        dialogue.end([:])
        #expect(try dialogue.report().events.count == 100)
        dialogue.answer(Told.reported())
        #expect(try dialogue.report().events.count == 20)
        dialogue.answer(Told.reported())
        #expect(dialogue.action == .done)
        #expect(dialogue.machine.result.counts.filesFailed == 60)
    }
}
