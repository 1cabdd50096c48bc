import Testing
import UpdateProtocols
import Updates

@testable import UpdateAgent

/// What each fault makes the device forget (protocol.md section 2.11), and that nothing goes on forever.
@Suite struct RecoveryDialogueTests {
    /// The calls that follow a fault of the first SyncUpdates of a second scan.
    @Test(arguments: [
        (SOAPFault.ErrorCode.invalidCookie, [DeviceOperation.getConfig, .getAuthorizationCookie, .getCookie, .refreshCache, .syncUpdates]),
        (.serverChanged, [.getConfig, .getAuthorizationCookie, .getCookie, .refreshCache, .syncUpdates]),
        (.configChanged, [.getConfig, .getAuthorizationCookie, .getCookie, .syncUpdates]),
        (.cookieExpired, [.getAuthorizationCookie, .getCookie, .syncUpdates]),
        (.invalidAuthorizationCookie, [.getAuthorizationCookie, .getCookie, .syncUpdates]),
        (.registrationRequired, [.registerComputer, .syncUpdates]),
        (.fileLocationChanged, [.syncUpdates]),
    ])
    func `a fault restores exactly what it says is wrong`(code: SOAPFault.ErrorCode, calls: [DeviceOperation]) throws {
        var dialogue = try Dialogue(state: try Dialogue.known([.category(10)]))
        try dialogue.fault(code)
        try dialogue.shakeHands(cookie: 90)
        let isRenumbered = dialogue.operation == .refreshCache
        if isRenumbered { dialogue.answer(Told.refreshed([(10, 310)])) }
        #expect(Array(dialogue.asked.dropFirst()) == calls)
        let request = try dialogue.scanRequest().request
        #expect(request.installedNonLeaf.numbers == (isRenumbered ? [310] : [10]))
        #expect(!dialogue.machine.result.isFullScan)
        #expect(dialogue.machine.result.counts.refreshed == (isRenumbered ? 1 : 0))
        dialogue.answer(Told.page())
        #expect(dialogue.action == .done)
    }

    @Test(arguments: [SOAPFault.ErrorCode.configChanged, .cookieExpired])
    func `a cookie that ended is sent along as the old one`(code: SOAPFault.ErrorCode) throws {
        var dialogue = try Dialogue(state: try Dialogue.known([.category(10)]))
        try dialogue.fault(code)
        if dialogue.operation == .getConfig { dialogue.answer(Told.config()) }
        dialogue.answer(Told.authorization)
        #expect(try dialogue.cookieRequest().oldCookie?.encryptedData == [51])
    }

    @Test(arguments: [SOAPFault.ErrorCode.invalidCookie, .serverChanged])
    func `a cookie that means nothing to the server is never sent again`(code: SOAPFault.ErrorCode) throws {
        var dialogue = try Dialogue(state: try Dialogue.known([.category(10)]))
        try dialogue.fault(code)
        #expect(dialogue.machine.takeStateToSave()?.cookie == nil)
        dialogue.answer(Told.config())
        dialogue.answer(Told.authorization)
        #expect(try dialogue.cookieRequest().oldCookie?.encryptedData == nil)
    }

    @Test func `GetCookie that refuses the old cookie gets none the next time`() throws {
        var dialogue = try Dialogue(state: try Dialogue.known([.category(10)]), at: Dialogue.start.adding(seconds: 7200))
        dialogue.answer(Told.authorization)
        try dialogue.fault(.invalidCookie)
        dialogue.answer(Told.config())
        dialogue.answer(Told.authorization)
        #expect(try dialogue.cookieRequest().oldCookie?.encryptedData == nil)
    }

    @Test func `GetCookie that finds the configuration changed makes the device ask for it`() throws {
        var dialogue = try Dialogue()
        dialogue.answer(Told.config())
        dialogue.answer(Told.authorization)
        try dialogue.fault(.configChanged)
        #expect(dialogue.operation == .getConfig)
    }

    @Test func `an invalid authorization is made again`() throws {
        var dialogue = try Dialogue()
        dialogue.answer(Told.config())
        dialogue.answer(Told.authorization)
        try dialogue.fault(.invalidAuthorizationCookie)
        #expect(dialogue.operation == .getAuthorizationCookie)
        dialogue.answer(Told.authorization)
        #expect(dialogue.operation == .getCookie)
    }

    @Test func `a registration that is not wanted counts as made`() throws {
        var dialogue = try Dialogue()
        dialogue.answer(Told.config())
        dialogue.answer(Told.authorization)
        dialogue.answer(Told.cookie(1))
        try dialogue.fault(.registrationNotRequired)
        #expect(dialogue.operation == .syncUpdates)
    }

    @Test func `a server that wants a registration after all gets one, whatever its configuration says`() throws {
        var dialogue = try Dialogue()
        dialogue.answer(Told.config(isRegistrationRequired: false))
        dialogue.answer(Told.authorization)
        dialogue.answer(Told.cookie(1))
        try dialogue.fault(.registrationRequired)
        #expect(dialogue.operation == .registerComputer)
    }

    @Test(arguments: [SOAPFault.ErrorCode.registrationRequired, .invalidParameters])
    func `a registration that is refused ends the scan`(code: SOAPFault.ErrorCode) throws {
        var dialogue = try Dialogue()
        dialogue.answer(Told.config())
        dialogue.answer(Told.authorization)
        dialogue.answer(Told.cookie(1))
        try dialogue.fault(code)
        #expect(dialogue.failure?.code == .refused)
    }

    @Test(arguments: SOAPFault.ErrorCode.allCases)
    func `a fault that never stops ends the scan`(code: SOAPFault.ErrorCode) throws {
        var dialogue = try Dialogue(state: try Dialogue.known([.category(10)]))
        var faults = 0
        while dialogue.failure == nil, faults < 100 {
            if case .wait = dialogue.action { try dialogue.wait() }
            try dialogue.shakeHands()
            if dialogue.operation == .refreshCache { dialogue.answer(Told.refreshed([(10, 10)])) }
            guard dialogue.operation == .syncUpdates else { break }
            try dialogue.fault(code)
            faults += 1
        }
        #expect(dialogue.failure != nil)
        let most = [.serverBusy: 7, .invalidParameters: 1, .registrationNotRequired: 1][code] ?? 4
        #expect(faults == most)
    }

    @Test func `faults that take turns end as well`() throws {
        var dialogue = try Dialogue(state: try Dialogue.known([.category(10)]))
        var faults = 0
        while dialogue.failure == nil, faults < 100 {
            try dialogue.shakeHands()
            try dialogue.fault(faults.isMultiple(of: 2) ? .cookieExpired : .configChanged)
            faults += 1
        }
        #expect(dialogue.failure?.code == .recoveryFailed)
        #expect(faults == 7)
    }

    @Test func `a busy server is waited for ever longer, then left alone`() throws {
        var dialogue = try Dialogue()
        for seconds in [1, 2, 4, 8, 16, 32] as [Int64] {
            dialogue.answer([], status: 503)
            #expect(dialogue.action == .wait(seconds: seconds))
            try dialogue.wait()
            #expect(dialogue.operation == .getConfig)
        }
        dialogue.answer([], status: 503)
        #expect(dialogue.failure?.code == .busy)
    }

    @Test(
        arguments: [
            ("longer than the own wait", 20, .wait(seconds: 20)), ("shorter", 0, .wait(seconds: 1)), ("at the limit", 300, .wait(seconds: 300)),
            ("beyond it", 301, nil),
        ] as [(String, Int64, DeviceSessionMachine.Action?)])
    func `Retry-After is honoured`(name: String, seconds: Int64, action: DeviceSessionMachine.Action?) throws {
        for status in [503, 429] {
            var dialogue = try Dialogue()
            dialogue.answer([], status: status, retryAfter: seconds)
            if let action { #expect(dialogue.action == action) } else { #expect(dialogue.failure?.code == .busy) }
        }
    }

    @Test func `a request that succeeds gives the next one its full patience`() throws {
        var dialogue = try Dialogue()
        for _ in 0..<6 {
            dialogue.answer([], status: 503)
            try dialogue.wait()
        }
        dialogue.answer(Told.config())
        dialogue.answer([], status: 503)
        #expect(dialogue.action == .wait(seconds: 1))
    }

    @Test func `a connection that breaks is tried three times more`() throws {
        var dialogue = try Dialogue()
        for seconds in [1, 2, 4] as [Int64] {
            dialogue.breakConnection()
            #expect(dialogue.action == .wait(seconds: seconds))
            try dialogue.wait()
        }
        dialogue.breakConnection()
        #expect(dialogue.failure == AgentError(.connectionFailed, "broken"))
    }

    @Test func `a server that cannot be trusted is not tried again`() throws {
        var dialogue = try Dialogue()
        dialogue.breakConnection(mayPass: false)
        #expect(dialogue.failure?.code == .connectionFailed)
    }

    @Test(arguments: [(500, AgentError.Code.busy, 3), (502, .busy, 3), (404, .refused, 0), (403, .refused, 0), (301, .refused, 0)])
    func `a status without a fault is retried where the server may mend itself`(status: Int, code: AgentError.Code, retries: Int) throws {
        var dialogue = try Dialogue()
        for _ in 0..<retries {
            dialogue.answer(Array("<html>".utf8), status: status)
            try dialogue.wait()
        }
        dialogue.answer(Array("<html>".utf8), status: status)
        #expect(dialogue.failure?.code == code)
    }

    @Test func `an answer under a status of failure is none`() throws {
        var dialogue = try Dialogue()
        dialogue.answer(Told.config(), status: 500)
        #expect(dialogue.action == .wait(seconds: 1))
    }

    @Test func `a fault in an answer that says 200 is one`() throws {
        var dialogue = try Dialogue(state: try Dialogue.known([]))
        dialogue.answer(Told.fault(.cookieExpired, in: .syncUpdates))
        #expect(dialogue.operation == .getAuthorizationCookie)
    }

    @Test func `a cookie lost while asking for details starts the scan over`() throws {
        var dialogue = try Dialogue()
        try dialogue.shakeHands()
        dialogue.answer(Told.page([ToldUpdate(id: 11)]))
        #expect(dialogue.operation == .getExtendedUpdateInfo)
        try dialogue.fault(.serverChanged)
        try dialogue.shakeHands()
        dialogue.answer(Told.refreshed([]))
        #expect(try dialogue.scanRequest().request.otherCached.isEmpty)
        dialogue.answer(Told.page([ToldUpdate(id: 12)]))
        #expect(try dialogue.extendedRequest().revisionIDs.numbers == [12])
    }

    @Test func `a cookie that expires while asking for details does not start the scan over`() throws {
        var dialogue = try Dialogue()
        try dialogue.shakeHands()
        dialogue.answer(Told.page([ToldUpdate(id: 11)]))
        try dialogue.fault(.cookieExpired)
        try dialogue.shakeHands()
        #expect(try dialogue.extendedRequest().revisionIDs.numbers == [11])
        #expect(dialogue.machine.result.trips == 1)
    }

    @Test func `a cookie lost while reporting does not stop the report, and the next scan renumbers first`() throws {
        var dialogue = try Dialogue(ScanOptions(isReporting: true))
        try dialogue.shakeHands()
        dialogue.answer(Told.page([ToldUpdate(id: 11, action: .preDeploymentCheck)]))
        #expect(dialogue.operation == .reportEventBatch)
        try dialogue.fault(.invalidCookie)
        try dialogue.shakeHands()
        #expect(dialogue.operation == .reportEventBatch)
        dialogue.answer(Told.reported())
        #expect(dialogue.action == .done)
        #expect(dialogue.machine.result.isReported == true)
        #expect(dialogue.machine.result.updates.count == 1)
        var next = try Dialogue(state: dialogue.machine.state)
        try next.shakeHands()
        #expect(try next.refreshRequest().ids == [11])
        next.answer(Told.refreshed([(11, 61)], isLeaf: true, action: .preDeploymentCheck))
        #expect(try next.scanRequest().request.otherCached.numbers == [61])
    }

    @Test func `a report that cannot be made does not undo the scan`() throws {
        var dialogue = try Dialogue(ScanOptions(isReporting: true))
        try dialogue.shakeHands()
        dialogue.answer(Told.page([ToldUpdate(id: 11, action: .preDeploymentCheck)]))
        try dialogue.fault(.invalidParameters)
        #expect(dialogue.action == .done)
        #expect(dialogue.machine.result.isReported == false)
        #expect(!dialogue.machine.result.isComplete)
        #expect(dialogue.machine.result.warnings.count == 1)
    }
}
