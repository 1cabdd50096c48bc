import Testing
import UpdateProtocols
import Updates

@testable import UpdateAgent

/// The order and content of calls, as in observed.md sections 1 to 4.
@Suite struct ScanDialogueTests {
    @Test func `a first scan shakes hands, registers, and asks without lists`() throws {
        var dialogue = try Dialogue()
        #expect(dialogue.body.contains("<protocolVersion>2.90</protocolVersion>"))
        dialogue.answer(Told.config())
        #expect(dialogue.request?.path == "/SimpleAuthWebService/SimpleAuth.asmx")
        #expect(dialogue.body.contains("<clientId>\(Dialogue.clientID)</clientId><dnsName>agent-e1da06a3</dnsName>"))
        dialogue.answer(Told.authorization)
        let cookie = try dialogue.cookieRequest()
        #expect(cookie.oldCookie == CookieElement(expiration: Dialogue.start, encryptedData: nil))
        #expect(cookie.lastChange == Told.lastChange)
        #expect(cookie.authorizationCookies == [AuthorizationCookie(plugInID: "SimpleTargeting", cookieData: [7, 7])])
        dialogue.answer(Told.cookie(1))
        #expect(dialogue.operation == .registerComputer)
        dialogue.answer(Told.registered)
        #expect(try dialogue.scanRequest().cookie == [1])
        #expect(!dialogue.body.contains("InstalledNonLeafUpdateIDs") && !dialogue.body.contains("OtherCachedUpdateIDs"))
        dialogue.answer(Told.page())
        #expect(dialogue.action == .done)
        #expect(dialogue.asked == [.getConfig, .getAuthorizationCookie, .getCookie, .registerComputer, .syncUpdates])
        #expect(dialogue.machine.result.trips == 1)
        #expect(dialogue.machine.result.requests == 5)
        #expect(dialogue.machine.result.isFullScan)
    }

    @Test func `the headers are a native agent's, under the own name`() throws {
        let headers = try #require(try Dialogue().request).headers
        #expect(headers.map(\.name) == ["Cache-Control", "Pragma", "Content-Type", "Accept-Encoding", "User-Agent", "SOAPAction"])
        let values = Dictionary(uniqueKeysWithValues: headers.map { ($0.name, $0.value) })
        #expect(values["Accept-Encoding"] == "xpress")
        #expect(values["User-Agent"]?.hasPrefix("Martlet-Agent/") == true)
        #expect(values["User-Agent"]?.hasSuffix(" Client-Protocol/2.90") == true)
        #expect(values["SOAPAction"] == "\"http://www.microsoft.com/SoftwareDistribution/Server/ClientWebService/GetConfig\"")
        #expect(values["Content-Type"] == "text/xml; charset=utf-8")
    }

    @Test func `a target group is asked for where one is set, and is absent where none is`() throws {
        var dialogue = try Dialogue(ScanOptions(targetGroup: "Pilots;Berlin"))
        dialogue.answer(Told.config())
        #expect(dialogue.body.contains("<targetGroupName>Pilots;Berlin</targetGroupName>"))
    }

    @Test func `who asks for other groups than before asks with a new authorization, and keeps its anchor`() throws {
        let state = try Dialogue.known([.category(10)], ScanOptions(targetGroup: "Pilots"))
        #expect(try Dialogue(ScanOptions(targetGroup: "Pilots"), state: state).operation == .syncUpdates)
        for other in ["Berlin", nil] {
            var dialogue = try Dialogue(ScanOptions(targetGroup: other), state: state)
            #expect(dialogue.operation == .getAuthorizationCookie)
            #expect(dialogue.body.contains("targetGroupName") == (other != nil))
            dialogue.answer(Told.authorization)
            #expect(dialogue.operation == .getCookie)
            #expect(dialogue.body.contains("<oldCookie>"))
            dialogue.answer(Told.cookie(60))
            #expect(try Dialogue(ScanOptions(targetGroup: other), state: dialogue.machine.state).operation == .syncUpdates)
        }
    }

    @Test func `a server that wants no registration gets none`() throws {
        var dialogue = try Dialogue()
        dialogue.answer(Told.config(isRegistrationRequired: false))
        dialogue.answer(Told.authorization)
        dialogue.answer(Told.cookie(1))
        #expect(dialogue.operation == .syncUpdates)
    }

    @Test func `a scan asks again until a page brings no non-leaf, each time with the newest cookie`() throws {
        var dialogue = try Dialogue()
        try dialogue.shakeHands()
        dialogue.answer(Told.page([.category(10), .category(11, isLeaf: true)], cookie: 2))
        var asked = try dialogue.scanRequest()
        #expect(asked.cookie == [2])
        #expect(asked.request.installedNonLeaf.numbers == [10])
        #expect(asked.request.otherCached.numbers == [11])
        dialogue.answer(Told.page([.category(12), ToldUpdate(id: 13)], cookie: 3))
        asked = try dialogue.scanRequest()
        #expect(asked.cookie == [3])
        #expect(asked.request.installedNonLeaf.numbers == [10, 12])
        #expect(asked.request.otherCached.numbers == [11, 13])
        dialogue.answer(Told.page([ToldUpdate(id: 14, action: .preDeploymentCheck)], cookie: 4))
        #expect(dialogue.operation == .getExtendedUpdateInfo)
        #expect(dialogue.machine.result.trips == 3)
        #expect(dialogue.machine.result.counts.new == 5)
    }

    @Test func `a truncated page is followed by another call, even if it is empty`() throws {
        var dialogue = try Dialogue()
        try dialogue.shakeHands()
        for _ in 0..<3 {
            dialogue.answer(Told.page([], isTruncated: true))
            #expect(dialogue.operation == .syncUpdates)
        }
        dialogue.answer(Told.page())
        #expect(dialogue.action == .done)
        #expect(dialogue.machine.result.trips == 4)
    }

    @Test func `a non-leaf that is not installed is cached, not installed`() throws {
        var dialogue = try Dialogue()
        try dialogue.shakeHands()
        dialogue.answer(Told.page([ToldUpdate(id: 20, isLeaf: false, action: .preDeploymentCheck)]))
        let request = try dialogue.scanRequest().request
        #expect(request.installedNonLeaf.isEmpty)
        #expect(request.otherCached.numbers == [20])
    }

    @Test func `the driver pass repeats what is installed and drops the rest`() throws {
        var dialogue = try Dialogue()
        try dialogue.shakeHands()
        dialogue.answer(Told.page([.category(10), .category(11, isLeaf: true)]))
        dialogue.answer(Told.page(isDriverSyncNotNeeded: false))
        let request = try dialogue.scanRequest().request
        #expect(request.skipSoftwareSync)
        #expect(request.system != nil)
        #expect(request.installedNonLeaf.numbers == [10])
        #expect(request.otherCached.isEmpty)
        #expect(request.cachedDrivers.isEmpty)
        dialogue.answer(Told.page([ToldUpdate(id: 30, type: .driver)], cookie: 8))
        #expect(dialogue.action == .done)
        #expect(dialogue.machine.result.counts.drivers == 1)
        #expect(dialogue.machine.result.counts.known == 2)
        #expect(dialogue.machine.state.cookie?.encryptedData == [8])
    }

    @Test func `no more than 400 count as installed, the first that came`() throws {
        var dialogue = try Dialogue()
        try dialogue.shakeHands()
        dialogue.answer(Told.page((1...401).map { .category(Int32($0)) }, isTruncated: true))
        let request = try dialogue.scanRequest().request
        #expect(request.installedNonLeaf.numbers == Array(1...400))
        #expect(request.otherCached.numbers == [401])
        dialogue.answer(Told.page(outOfScope: [7]))
        #expect(try dialogue.scanRequest().request.installedNonLeaf.numbers == Array(1...6) + Array(8...401))
    }

    @Test func `the scan is given up after 200 SyncUpdates calls`() throws {
        var dialogue = try Dialogue()
        try dialogue.shakeHands()
        for trip in 1...199 {
            dialogue.answer(Told.page([], isTruncated: true))
            #expect(dialogue.operation == .syncUpdates, "trip \(trip)")
        }
        #expect(dialogue.machine.result.trips == 200)
        dialogue.answer(Told.page([ToldUpdate(id: 1)], isTruncated: true, cookie: 77))
        #expect(dialogue.failure?.code == .tooManyTrips)
        // What was reached is kept for the next scan.
        #expect(dialogue.machine.takeStateToSave()?.updates.count == 1)
        #expect(dialogue.machine.state.cookie?.encryptedData == [77])
    }

    @Test func `a scan that ends with its 200th call is no failure`() throws {
        var dialogue = try Dialogue()
        try dialogue.shakeHands()
        for _ in 1...199 { dialogue.answer(Told.page([], isTruncated: true)) }
        dialogue.answer(Told.page())
        #expect(dialogue.action == .done)
        #expect(dialogue.machine.result.trips == 200)
    }

    @Test func `a scan with a live cookie starts with SyncUpdates and what is held`() throws {
        let state = try Dialogue.known([.category(10), ToldUpdate(id: 11, action: .preDeploymentCheck)])
        var dialogue = try Dialogue(state: state, at: Dialogue.start.adding(seconds: 3599))
        let asked = try dialogue.scanRequest()
        #expect(asked.cookie == [51])
        #expect(asked.request.installedNonLeaf.numbers == [10])
        #expect(asked.request.otherCached.numbers == [11])
        dialogue.answer(Told.page())
        #expect(dialogue.action == .done)
        #expect(dialogue.machine.result.requests == 1)
        #expect(!dialogue.machine.result.isFullScan)
    }

    @Test func `a scan with an expired cookie authorizes again and sends the old one along`() throws {
        let state = try Dialogue.known([.category(10)])
        var dialogue = try Dialogue(state: state, at: Dialogue.start.adding(seconds: 3600))
        #expect(dialogue.operation == .getAuthorizationCookie)
        dialogue.answer(Told.authorization)
        #expect(try dialogue.cookieRequest().oldCookie?.encryptedData == [51])
        dialogue.answer(Told.cookie(60))
        #expect(try dialogue.scanRequest().cookie == [60])
    }

    @Test func `a device whose facts changed registers again`() throws {
        let state = try Dialogue.known([])
        var facts = DeviceFacts.simulated(state.clientID)
        facts.osBuildNumber = 26201
        var dialogue = try Dialogue(ScanOptions(facts: facts), state: state)
        #expect(dialogue.operation == .registerComputer)
        dialogue.answer(Told.registered)
        #expect(dialogue.operation == .syncUpdates)
    }

    @Test func `a changed update takes its new deployment and keeps the rest`() throws {
        let deadline = Timestamp(millisecondsSince1970: 1_800_100_000_000)
        var state = try Dialogue.known([ToldUpdate(id: 11, action: .preDeploymentCheck)])
        state.updates[0].title = "Kept"
        var dialogue = try Dialogue(state: state)
        dialogue.answer(Told.page(changed: [ToldUpdate(id: 11, action: .install, deadline: deadline)]))
        let update = try #require(dialogue.machine.state.updates.first)
        #expect(update.action == .install)
        #expect(update.deadline == deadline)
        #expect(update.deploymentID == DeploymentID(rawValue: 1011))
        #expect(update.identity.updateID == ToldUpdate.updateID(11))
        #expect(dialogue.action == .done)
        let result = dialogue.machine.result
        #expect(result.counts.changed == 1)
        #expect(result.updates.map(\.deadline) == ["2027-01-16T11:46:40.000Z"])
        #expect(result.updates.map(\.title) == ["Kept"])
    }

    @Test func `a change of what is not held is said and changes nothing`() throws {
        var dialogue = try Dialogue(state: try Dialogue.known([]))
        dialogue.answer(Told.page(changed: [ToldUpdate(id: 99)]))
        #expect(dialogue.action == .done)
        #expect(dialogue.machine.state.updates.isEmpty)
        #expect(dialogue.machine.result.warnings.count == 1)
    }

    @Test func `what becomes a non-leaf counts as installed from then on, and the scan goes on`() throws {
        var dialogue = try Dialogue(state: try Dialogue.known([.category(10, isLeaf: true)]))
        #expect(try dialogue.scanRequest().request.otherCached.numbers == [10])
        dialogue.answer(Told.page(changed: [.category(10, isLeaf: false)]))
        #expect(try dialogue.scanRequest().request.installedNonLeaf.numbers == [10])
    }

    @Test func `what is out of scope is dropped, and comes back as new`() throws {
        var dialogue = try Dialogue(
            state: try Dialogue.known([.category(10, isLeaf: true), .category(11, isLeaf: true), ToldUpdate(id: 12, action: .evaluate)]))
        dialogue.answer(Told.page(outOfScope: [10, 12, 4711], isTruncated: true))
        #expect(try dialogue.scanRequest().request.otherCached.numbers == [11])
        #expect(dialogue.machine.result.counts.outOfScope == 2)
        dialogue.answer(Told.page([.category(10, isLeaf: true)], isTruncated: true))
        #expect(try dialogue.scanRequest().request.otherCached.numbers == [11, 10])
    }

    @Test func `an update sent twice is held once`() throws {
        var dialogue = try Dialogue()
        try dialogue.shakeHands()
        dialogue.answer(Told.page([ToldUpdate(id: 5, action: .preDeploymentCheck)], isTruncated: true))
        dialogue.answer(Told.page([ToldUpdate(id: 5, action: .install)]))
        #expect(dialogue.machine.state.updates.map(\.action) == [.install])
    }

    @Test(arguments: [
        (EvaluationRule.fresh, [Int32(1), 2], [Int32(3)]),
        (.all, [1, 2, 3], []),
        (.none, [], [1, 2, 3]),
        (.list([ToldUpdate.updateID(2), ToldUpdate.updateID(3)]), [2, 3], [1]),
    ])
    func `what is installed is said by the rule`(rule: EvaluationRule, installed: [Int32], other: [Int32]) throws {
        var dialogue = try Dialogue(ScanOptions(rule: rule))
        try dialogue.shakeHands()
        dialogue.answer(
            Told.page([
                .category(1), ToldUpdate(id: 2, type: .detectoid, isLeaf: false, action: .evaluate), ToldUpdate(id: 3, isLeaf: false),
            ]))
        let request = try dialogue.scanRequest().request
        #expect(request.installedNonLeaf.numbers == installed)
        #expect(request.otherCached.numbers == other)
    }

    @Test func `another rule evaluates what is held anew`() throws {
        let state = try Dialogue.known([.category(10)])
        let dialogue = try Dialogue(ScanOptions(rule: .none), state: state)
        #expect(try dialogue.scanRequest().request.otherCached.numbers == [10])
    }

    @Test func `the state of another server is left behind, but for the device's id`() throws {
        var state = try Dialogue.known([.category(10)])
        state.server = "https://former.example:8531"
        var dialogue = try Dialogue(state: state)
        #expect(dialogue.operation == .getConfig)
        #expect(dialogue.machine.result.warnings.count == 1)
        #expect(dialogue.machine.result.warnings[0].contains("former.example"))
        try dialogue.shakeHands()
        #expect(dialogue.asked == [.getConfig, .getAuthorizationCookie, .getCookie, .registerComputer, .syncUpdates])
        #expect(dialogue.machine.state.clientID.text == Dialogue.clientID)
        #expect(try dialogue.scanRequest().request.otherCached.isEmpty)
    }

    @Test func `the state is to be saved after the cookie, the registration, the last page and the end`() throws {
        var dialogue = try Dialogue()
        #expect(dialogue.machine.takeStateToSave() == nil)
        dialogue.answer(Told.config())
        dialogue.answer(Told.authorization)
        #expect(dialogue.machine.takeStateToSave() == nil)
        dialogue.answer(Told.cookie(1))
        #expect(dialogue.machine.takeStateToSave() != nil)
        #expect(dialogue.machine.takeStateToSave() == nil)
        dialogue.answer(Told.registered)
        #expect(dialogue.machine.takeStateToSave() != nil)
        dialogue.answer(Told.page([.category(10)]))
        #expect(dialogue.machine.takeStateToSave() == nil)
        dialogue.answer(Told.page([ToldUpdate(id: 11)]))
        #expect(dialogue.machine.takeStateToSave()?.updates.count == 2)
        dialogue.answer(Told.extended([(11, "Title", [])]))
        #expect(dialogue.action == .done)
        #expect(dialogue.machine.takeStateToSave()?.updates[1].title == "Title")
    }

    @Test func `a compressed answer is read`() throws {
        var dialogue = try Dialogue()
        dialogue.answer(Xpress.compress(Told.config()), contentEncoding: "xpress")
        #expect(dialogue.operation == .getAuthorizationCookie)
    }

    @Test(
        arguments: [
            ("no XML", "hello", 200, nil),
            ("another operation", String(decoding: Told.authorization, as: UTF8.self), 200, nil),
            ("a coding nobody asked for", String(decoding: Told.config(), as: UTF8.self), 200, "gzip"),
            ("no Xpress though it says so", "hello", 200, "xpress"),
            ("nothing", "", 200, nil),
        ] as [(String, String, Int, String?)])
    func `an answer that cannot be understood ends the scan`(name: String, body: String, status: Int, encoding: String?) throws {
        var dialogue = try Dialogue()
        dialogue.answer(Array(body.utf8), status: status, contentEncoding: encoding)
        #expect(dialogue.failure?.code == .badAnswer)
    }

    @Test func `an answer that breaks off anywhere ends the scan and never does harm`() throws {
        let page = Told.page([.category(10), ToldUpdate(id: 11)])
        var prepared = try Dialogue()
        try prepared.shakeHands()
        for count in 0..<page.count {
            var dialogue = prepared
            dialogue.answer(Array(page.prefix(count)))
            #expect(dialogue.failure?.code == .badAnswer, "\(count) bytes")
            #expect(dialogue.machine.state.updates.isEmpty)
        }
    }

    @Test func `an update whose Core cannot be read ends the scan`() throws {
        var dialogue = try Dialogue()
        try dialogue.shakeHands()
        let answer = ScanAnswer(newUpdates: [ToldUpdate(id: 1).scanned], generation: .zero)
        let body = SyncUpdates.encodeResponse(answer, cookie: CookieElement(encryptedData: [1])) { $1.appendEscaped("<UpdateIdentity />") }
        dialogue.answer(body)
        #expect(dialogue.failure?.code == .badAnswer)
        #expect(dialogue.failure?.message.contains("revision 1") == true)
    }
}
