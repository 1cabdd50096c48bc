import NIOCore
import TrustedTransport
import UpdateProtocols
import Updates

/// One device's task: a connection, and the calls of the task one after the other.
final class DeviceErrand: StormErrand, StormConnectionUser {
    enum Step: Hashable {
        case configuration
        case authorization
        case cookie
        case registration
        case page(Int)
        case delta
        case details(Int)
        case report
    }

    var place = 0
    private(set) var deadline: UInt64 = .max
    private let task: StormTask
    private let device: Int
    private let kind: Int
    private let storm: StormLoop
    /// When it was to begin.
    private let intended: UInt64
    /// The next one last.
    private var steps: [Step]
    private var authorization: [UInt8] = []
    private var connection: StormConnection?
    private var bytesCounted: Int64 = 0
    private var sentAt: UInt64 = 0
    private var retries = 0
    private var isConnected = false
    private var isEnded = false

    init(_ task: StormTask, device: Int, in storm: StormLoop, intended: UInt64) {
        self.task = task
        self.device = device
        self.storm = storm
        self.intended = intended
        kind = device % max(1, storm.site.profiles.count)
        var steps: [Step] = []
        let configuration: [Step] = storm.needsConfiguration ? [.configuration] : []
        switch task {
        case .checkIn, .report:
            let needsCookie = storm.fleet.isExpired(device, at: storm.wallClock()) || (storm.phase.renewsCookies && task == .checkIn)
            steps = configuration + (needsCookie ? [.authorization, .cookie] : []) + [task == .report ? .report : .delta]
        case .registration:
            // The first page, which is short, brings an anchor: a device with a cache but none would get all of it as changed.
            steps = configuration + [.authorization, .cookie, .registration, .page(0)]
        case .firstScan:
            let profile = storm.site.profiles[kind]
            steps =
                [.configuration, .authorization, .cookie, .registration] + profile.pages.indices.map { .page($0) }
                + profile.details.indices.map { .details($0) }
        case .download: break
        }
        self.steps = steps.reversed()
    }

    func begin() {
        deadline = StormLoop.nanoseconds() + storm.phase.patience
        sentAt = StormLoop.nanoseconds()
        bytesCounted = 0
        isConnected = false
        let connection = StormConnection(user: self)
        self.connection = connection
        let bound = NIOLoopBound(connection, eventLoop: storm.loop)
        storm.site.dialer.connect(
            on: storm.loop, from: storm.site.sources.address(of: device), timeout: .nanoseconds(Int64(storm.phase.patience))
        ) { channel in
            try channel.pipeline.syncOperations.addHandler(bound.value)
        }.assumeIsolated().whenFailure { [weak self] error in
            self?.failed(connection, StormConnection.kind(of: HTTPSDialer.meaning(of: error), isSecured: false))
        }
    }

    func timedOut() { fail("timeout") }

    func secured(_ connection: StormConnection) {
        isConnected = true
        storm.statistics.took(.connection, nanoseconds: StormLoop.nanoseconds() - sentAt)
        advance()
    }

    func failed(_ connection: StormConnection, _ kind: String) {
        guard connection === self.connection else { return }
        fail(kind)
    }

    func answered(_ connection: StormConnection, _ answer: HTTPAnswer) {
        countBytes()
        guard let step = steps.last else { return }
        let operation = Self.operation(of: step)
        storm.statistics.took(operation, nanoseconds: StormLoop.nanoseconds() - sentAt)
        if answer.status == 503 {
            return busy(answer.retryAfter, answer.retryAfter == nil ? "HTTP 503 without Retry-After" : "HTTP 503 with Retry-After")
        }
        guard answer.status == 200 else {
            guard answer.status == 500, let fault = AnswerScan.fault(answer) else { return fail("HTTP \(answer.status)") }
            return faulted(fault)
        }
        guard take(answer, of: step) else { return fail("an answer without what it must have") }
        if storm.isToVerify() {
            guard Self.isValid(answer, of: step) else { return fail("an answer that cannot be decoded") }
            storm.statistics.verified += 1
        }
        steps.removeLast()
        if answer.isClosing, !steps.isEmpty { return fail("connection cut") }
        advance()
    }

    private func advance() {
        guard let step = steps.last else { return succeed() }
        let template = template(of: step)
        var request = ByteBuffer()
        template.write(into: &request) { slot in
            switch slot {
            case .cookie: storm.fleet.cookie(of: device)
            case .authorization: authorization
            case .deviceID: Array(storm.fleet.ids[device].description.utf8)
            case .dnsName: Array("storm-\(device)".utf8)
            case .eventID: Array(UpdateAgent.randomID().description.utf8)
            case .time: Array(storm.wallClock().text(.milliseconds).utf8)
            }
        }
        storm.statistics.bytesSent += Int64(request.readableBytes)
        sentAt = StormLoop.nanoseconds()
        deadline = sentAt + storm.phase.patience
        connection?.send(request)
    }

    private func template(of step: Step) -> RequestTemplate {
        let templates = storm.templates
        switch step {
        case .configuration: return templates.config
        case .authorization: return templates.authorization
        case .cookie: return storm.fleet.isRegistered(device) ? templates.renewedCookie : templates.firstCookie
        case .registration: return templates.registration
        case .page(let number): return templates.kinds[kind].pages[number]
        case .delta: return templates.kinds[kind].delta
        case .details(let number): return templates.kinds[kind].details[number]
        case .report: return templates.kinds[kind].report
        }
    }

    /// Takes what the following steps need. False where it is not there.
    private func take(_ answer: HTTPAnswer, of step: Step) -> Bool {
        switch step {
        case .configuration:
            guard let plain = AnswerScan.plain(answer), let lastChange = AnswerScan.lastChange(plain).flatMap({ Timestamp($0) }) else { return false }
            if storm.needsConfiguration {
                storm.templates.setLastChange(lastChange)
                storm.needsConfiguration = false
            }
        case .authorization:
            guard let plain = AnswerScan.plain(answer), let cookie = AnswerScan.authorization(plain) else { return false }
            authorization = cookie
        case .cookie:
            guard let plain = AnswerScan.plain(answer), let cookie = AnswerScan.cookie(answer),
                let expiration = AnswerScan.expiration(plain).flatMap({ Timestamp($0) })
            else { return false }
            storm.fleet.setCookie(cookie, expiration: expiration, of: device)
        case .page, .delta:
            guard let cookie = AnswerScan.cookie(answer) else { return false }
            storm.fleet.setCookie(cookie, expiration: nil, of: device)
            if step == .delta, let plain = AnswerScan.plain(answer), AnswerScan.hasUpdates(plain) { storm.statistics.answersWithUpdates += 1 }
        case .registration, .details, .report: break
        }
        return true
    }

    private func faulted(_ code: SOAPFault.ErrorCode) {
        let name = "fault \(code.rawValue)"
        switch code {
        case .serverBusy: return busy(nil, name)
        case .cookieExpired: storm.fleet.expire(device)
        case .configChanged:
            storm.needsConfiguration = true
            storm.fleet.expire(device)
        case .invalidCookie, .serverChanged, .registrationRequired: storm.fleet.setCookie([], expiration: nil, of: device)
        default: break
        }
        fail(name)
    }

    /// Waits as the server asks, within reason, on no connection.
    private func busy(_ seconds: Int64?, _ kind: String) {
        guard retries < storm.phase.retries else { return fail(kind) }
        storm.statistics.failed(Self.operation(of: steps.last), kind)
        storm.statistics.retries += 1
        let wait = min(max(seconds ?? Int64(1) << Int64(min(retries, 5)), 1), 60)
        retries += 1
        connection?.close()
        connection = nil
        deadline = .max
        // Spread, so that not all come back at once.
        storm.loop.assumeIsolated().scheduleTask(in: .milliseconds(wait * 1000 + Int64.random(in: 0...1000))) { [weak self] in
            guard let self, !isEnded else { return }
            begin()
        }
    }

    private func succeed() {
        storm.statistics.ended(task, nanoseconds: StormLoop.nanoseconds() - intended)
        end()
    }

    private func fail(_ kind: String) {
        guard !isEnded else { return }
        storm.statistics.failed(isConnected ? Self.operation(of: steps.last) : .connection, kind)
        storm.statistics.failed(task)
        // A device whose registration failed is no device.
        if steps.contains(.registration) { storm.fleet.setCookie([], expiration: nil, of: device) }
        end()
    }

    private func end() {
        guard !isEnded else { return }
        isEnded = true
        countBytes()
        connection?.close()
        connection = nil
        storm.fleet.release(device)
        storm.finished(self)
    }

    private func countBytes() {
        let bytes = connection?.bytesReceived ?? bytesCounted
        storm.statistics.bytesReceived += bytes - bytesCounted
        bytesCounted = bytes
    }

    private static func operation(of step: Step?) -> StormOperation {
        switch step {
        case .configuration: .getConfig
        case .authorization: .getAuthorizationCookie
        case .cookie: .getCookie
        case .registration: .registerComputer
        case .page: .page
        case .delta: .delta
        case .details: .details
        case .report: .report
        case nil: .connection
        }
    }

    /// Decodes the answer as a device does.
    private static func isValid(_ answer: HTTPAnswer, of step: Step) -> Bool {
        guard let plain = AnswerScan.plain(answer) else { return false }
        do {
            switch step {
            case .configuration: _ = try GetConfig.decodeResponse(plain)
            case .authorization: _ = try GetAuthorizationCookie.decodeResponse(plain)
            case .cookie: _ = try GetCookie.decodeResponse(plain)
            case .registration: try RegisterComputer.decodeResponse(plain)
            case .page, .delta:
                for update in try SyncUpdates.decodeResponse(plain).newUpdates { _ = try FragmentFacts.core(update.core) }
            case .details:
                for update in try GetExtendedUpdateInfo.decodeResponse(plain).updates { _ = try FragmentFacts.additional(update.xml) }
            case .report: return try ReportEventBatch.decodeResponse(plain)
            }
            return true
        } catch {
            return false
        }
    }
}
