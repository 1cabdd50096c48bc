import Logging
import Synchronization
public import TrustedTransport
import Updates

extension UpdateEngine {
    func identityFolder() throws -> IdentityFolder {
        IdentityFolder(files: home.identityFiles, names: try configuration.hosts.map { try ServerName($0) })
    }

    /// From now on a changed certificate goes to the listener as soon as it is on disk.
    ///
    /// - Parameters:
    ///   - identity: what the listener shows already.
    ///   - show: gives it another, for connections to come.
    public func shows(_ identity: ServerIdentity, _ show: @escaping @Sendable (ServerIdentity) throws -> Void) {
        certificates.running.withLock {
            $0.shown = identity.certificate.sha256
            $0.show = show
            $0.obstacle = identity.renewalProblem
        }
    }

    func perform(_ command: CertificateCommand) async throws -> CertificateReply {
        let folder = try identityFolder()
        return try await certificates.gate.perform {
            switch command {
            case .status: return .status(try await self.certificateStatus(folder))
            case .plan(let options):
                let now = self.clock()
                return .plan(try await blocking { try folder.missing(options, now: now) }, names: folder.names.map(\.description))
            case .renew(let options, let issued, let consent):
                return .changed(try await self.renew(folder, options, issued, consent))
            case .importCertificate(let imported, let asNext, let isForced, let consent):
                return .changed(try await self.take(imported, folder, asNext: asNext, isForced: isForced, consent))
            case .request(let isRSA, let isNew):
                let text = try await self.changeStore(folder) { try $0.request(names: folder.names, isRSA: isRSA, isNew: isNew) }
                self.log.notice("a certificate was requested; its key waits in the home")
                return .request(text)
            case .beginPins: return try await self.beginPins(folder)
            case .publishPins(let digests, let time): return try await self.publishPins(digests, time, folder)
            case .withdrawPins:
                try await self.changeStore(folder) { $0.withdrawPublication() }
                self.log.warning("pins are said to be gone from every device: certificates change freely again")
                return .status(try await self.certificateStatus(folder))
            }
        }
    }

    /// Changes what is held, but not what is shown.
    @discardableResult
    private func changeStore<Result: Sendable>(
        _ folder: IdentityFolder, _ change: @escaping @Sendable (inout KeyStore) throws -> Result
    ) async throws -> Result {
        try await blocking {
            var store = try folder.keyStore()
            let result = try change(&store)
            try folder.save(store)
            return result
        }
    }

    // MARK: - Status

    /// - Parameters:
    ///   - other: what a dry run would leave, instead of what is held.
    ///   - planned: those of it that were made for the dry run alone.
    func certificateStatus(
        _ folder: IdentityFolder, of other: KeyStore? = nil, planned: Set<SHA256Digest> = []
    ) async throws -> CertificateStatus {
        let now = clock()
        let running = certificates.running.withLock { (shown: $0.shown, obstacle: $0.obstacle) }
        return try await blocking {
            let store = if let other { other } else { try folder.keyStore() }
            let authority = try folder.authority()
            var hasKey = false
            if case .authority = try folder.issuer() { hasKey = true }
            // What would stand in the way now; while a server runs it may have found more.
            let obstacle = other == nil ? try folder.renewedByItself(now: now).obstacle ?? running.obstacle : nil
            func summary(_ certificate: HeldCertificate) -> CertificateSummary {
                CertificateSummary(certificate, store.publication, isPlanned: planned.contains(certificate.sha256))
            }
            return CertificateStatus(
                current: summary(store.current), next: store.next.map(summary),
                authority: .init(subject: authority.subject, notAfter: authority.notAfter, hasKey: hasKey), pinsSince: store.publication.since,
                isServed: other == nil ? running.shown.map { $0 == store.current.sha256 } : nil, hasRequest: store.hasRequest,
                warnings: try folder.warnings(of: store, obstacle: obstacle, now: now))
        }
    }

    // MARK: - Changes by hand

    private func renew(
        _ folder: IdentityFolder, _ options: RenewalOptions, _ issued: [HeldCertificateText], _ consent: CertificateConsent
    ) async throws -> CertificateChange {
        let now = clock()
        let planned = try await blocking { () throws -> (before: KeyStore?, result: Result<Renewal, TrustError>) in
            var brought: [HeldCertificate] = []
            for text in issued { brought.append(try text.certificate()) }
            let issuer: CertificateIssuer = brought.isEmpty ? try folder.issuer() : .brought(brought)
            let store: KeyStore
            do {
                store = try folder.keyStore()
            } catch let error as TrustError {
                guard options.isForced, error.code == .missing || error.code == .malformed else { throw error }
                return (nil, .success(try folder.replacing(by: issuer, now: now)))
            }
            do {
                return (store, .success(try folder.renewal(of: store, by: options, issuer, now: now)))
            } catch let error as TrustError where error.code == .pinned && consent.isDryRun {
                return (store, .failure(error))
            }
        }
        switch planned.result {
        case .success(let renewal): return try await carryOut(renewal, before: planned.before, folder, isForced: options.isForced, consent)
        case .failure(let error): throw try await refusal(error, planned.before?.next ?? [], planned.before?.publication, now: now)
        }
    }

    private func take(
        _ imported: ImportedCertificate, _ folder: IdentityFolder, asNext: Bool, isForced: Bool, _ consent: CertificateConsent
    ) async throws -> CertificateChange {
        let now = clock()
        let (before, renewal) = try await blocking {
            let store = try folder.keyStore()
            return (store, try folder.renewal(of: store, importing: imported, asNext: asNext, isForced: isForced, now: now))
        }
        return try await carryOut(renewal, before: before, folder, isForced: isForced, consent)
    }

    /// Puts a change on disk and before the devices, once those it could lose are named and accepted.
    private func carryOut(
        _ renewal: Renewal, before: KeyStore?, _ folder: IdentityFolder, isForced: Bool, _ consent: CertificateConsent
    ) async throws -> CertificateChange {
        var unseen: [CertificateChange.UnseenDevice] = []
        if let shown = renewal.shown, let publication = before?.publication, let since = publication[shown.sha256] ?? publication.since {
            unseen = try await devicesNotSeen(since: since)
        }
        if !consent.isDryRun {
            guard unseen.isEmpty || consent.acceptsUnseen || isForced else { throw Self.unseenRefusal(unseen) }
            try await publish(renewal, folder, by: isForced ? "by force" : "by command")
            if isForced { log.warning("a change of certificate was forced: devices with pins for another refuse this one") }
        }
        let held = Set((before?.all ?? []).map(\.sha256))
        let made = consent.isDryRun ? renewal.store.all.filter { $0.origin == .own && !held.contains($0.sha256) } : []
        let planned = Set(made.map(\.sha256))
        return CertificateChange(
            shown: renewal.shown.map { planned.contains($0.sha256) ? "" : $0.sha256.description }, isDryRun: consent.isDryRun, isForced: isForced,
            devicesNotSeen: unseen, remark: renewal.remark?.message,
            status: try await certificateStatus(folder, of: consent.isDryRun ? renewal.store : nil, planned: planned))
    }

    /// Writes the key store and lets the listener show what it holds.
    private func publish(_ renewal: Renewal, _ folder: IdentityFolder, by cause: String) async throws {
        let now = clock()
        let identity = try await blocking {
            let identity = renewal.shown == nil ? nil : try folder.identity(of: renewal.store, now: now)
            try folder.save(renewal.store)
            return identity
        }
        guard let identity else { return }
        let show = certificates.running.withLock { running in
            running.obstacle = nil
            return running.show
        }
        if let show {
            try show(identity)
            certificates.running.withLock { $0.shown = identity.certificate.sha256 }
        }
        log.notice("the server certificate was changed \(cause): SHA-256 \(identity.certificate.sha256), until \(identity.notAfter.text(.seconds))")
    }

    private func devicesNotSeen(since time: Timestamp) async throws -> [CertificateChange.UnseenDevice] {
        try await devices(DeviceFilter()).compactMap { device in
            guard let id = device.id, device.lastSeen.map({ $0 < time }) ?? true else { return nil }
            return CertificateChange.UnseenDevice(id: id, name: device.name, lastSeen: device.lastSeen)
        }
    }

    private static func unseenRefusal(_ unseen: [CertificateChange.UnseenDevice]) -> EngineError {
        EngineError(
            .refused,
            """
            \(unseen.count) devices were not seen since the pin was published; those with pins that lack it will refuse the server:
            \(list(unseen, more: "--dry-run --json lists all"))
            Nothing was changed. To change all the same: --accept-unseen
            """)
    }

    private static func list(_ unseen: [CertificateChange.UnseenDevice], more: String) -> String {
        let shown = unseen.prefix(50).map { "  \($0.name ?? $0.id.text), last seen \($0.lastSeen?.text(.seconds) ?? "never")" }
        return (shown + (unseen.count > 50 ? ["  and \(unseen.count - 50) more (\(more))"] : [])).joined(separator: "\n")
    }

    /// A dry run that the gate refuses says all the same who does not have the pins that were published.
    private func refusal(_ error: TrustError, _ next: [HeldCertificate], _ publication: Publication?, now: Timestamp) async throws -> EngineError {
        guard let since = next.compactMap({ publication?[$0.sha256] }).filter({ $0 <= now }).max() else {
            return EngineError(.refused, error.message)
        }
        let unseen = try await devicesNotSeen(since: since)
        let devices =
            unseen.isEmpty
            ? "Every device was seen since pins were last published, at \(since.text(.seconds))."
            : """
            \(unseen.count) devices were not seen since pins were last published, at \(since.text(.seconds)):
            \(Self.list(unseen, more: "martlet devices list has all"))
            """
        return EngineError(.refused, "\(error.message)\n\(devices)")
    }

    // MARK: - Pins

    private func beginPins(_ folder: IdentityFolder) async throws -> CertificateReply {
        let now = clock()
        let store = try await changeStore(folder) { store in
            guard !store.next.isEmpty else {
                throw EngineError(
                    .refused,
                    "no next certificate is held, and pins without one break at the next renewal: make one with "
                        + "martlet certs renew --prepare --ca-key FILE, or bring one with martlet certs import --next")
            }
            store.beginPublication(at: now)
            return store
        }
        let pins = [PinMaterial.Pin(store.current, isCurrent: true)] + store.next.map { PinMaterial.Pin($0, isCurrent: false) }
        return .pins(pins, names: folder.names.filter { !$0.isLoopback }.map(\.description))
    }

    private func publishPins(_ digests: [String], _ time: Timestamp?, _ folder: IdentityFolder) async throws -> CertificateReply {
        let now = clock()
        if let time, time < now { throw EngineError(.refused, "\(time.text(.seconds)) is past: devices cannot have had the pins then") }
        let certificates = digests.compactMap { SHA256Digest(hexadecimal: $0) }
        let publication = try await changeStore(folder) { store in
            store.publish(certificates, at: time ?? now, isStated: time != nil)
            return store.publication
        }
        let latest = certificates.compactMap { publication[$0] }.max() ?? now
        log.notice("pins of \(certificates.count) certificates were exported, all of them with devices from \(latest.text(.seconds)) on")
        return .status(try await certificateStatus(folder))
    }

    // MARK: - By itself

    /// Looks at the certificates: changes to the next one when it is time to, and says in the log what an administrator should know.
    ///
    /// - Parameter uptime: milliseconds of a clock that nobody sets.
    public func checkCertificates(uptime: Int64) async {
        do {
            let folder = try identityFolder()
            try await certificates.gate.perform { try await self.check(folder, uptime: uptime) }
        } catch {
            log.error("the certificates could not be looked at: \(error)")
        }
    }

    private func check(_ folder: IdentityFolder, uptime: Int64) async throws {
        let now = clock()
        let verdict = certificates.running.withLock { $0.clock.look(at: now, uptime: uptime) }
        var obstacle: TrustError?
        switch verdict {
        case .even:
            let renewal = try await blocking { try folder.renewedByItself(now: now) }
            obstacle = renewal.obstacle
            if let remark = renewal.remark { log.notice("no certificate was made ahead: \(remark)") }
            if let shown = renewal.shown, let since = renewal.store.publication[shown.sha256] {
                let unseen = try await devicesNotSeen(since: since)
                if !unseen.isEmpty { log.warning("\(unseen.count) devices were not seen since the pin of the new certificate was published") }
            }
            if renewal.shown != nil || renewal.hasMade { try await publish(renewal, folder, by: "by itself") }
        case .jumped(let jump):
            log.warning(
                "the clock jumped by \(jump / 1000) seconds to \(now.text(.seconds)): no certificate is changed until it went evenly for an hour")
            obstacle = Self.doubt
        case .doubted: obstacle = Self.doubt
        }
        let found = obstacle
        let warnings = try await blocking {
            let store = try folder.keyStore()
            // Doubt about the clock stands in the way of nothing while nothing is due.
            let isDue = try folder.renewedByItself(now: now)
            let due = isDue.shown != nil || isDue.obstacle != nil
            return try folder.warnings(of: store, obstacle: due ? found : nil, now: now)
        }
        certificates.running.withLock { $0.obstacle = found.flatMap { error in warnings.contains { $0.code == .blocked } ? error : nil } }
        say(warnings, uptime: uptime)
    }

    private static let doubt = TrustError(.certificate, "the clock jumped, and is not believed yet")

    /// Says what is new at once, and all of it once a day.
    private func say(_ warnings: [CertificateWarning], uptime: Int64) {
        let isNew = certificates.running.withLock { running in
            // The days that are left change the text daily.
            let known = running.said.map { said in said.warnings.map { [$0.level.rawValue, $0.code.rawValue] } }
            let isNew = known != warnings.map { [$0.level.rawValue, $0.code.rawValue] } || uptime - (running.said?.uptime ?? 0) >= 86_400_000
            if isNew { running.said = (warnings, uptime) }
            return isNew
        }
        guard isNew else { return }
        for warning in warnings {
            let level: Logger.Level =
                switch warning.level {
                case .notice: .notice
                case .warning: .warning
                case .error: .error
                }
            log.log(level: level, "certificates: \(warning.message)")
        }
    }

    /// Looks at once and every hour, until the task is cancelled.
    public func watchCertificates() async {
        let start = ContinuousClock.now
        while !Task.isCancelled {
            let elapsed = ContinuousClock.now - start
            await checkCertificates(uptime: elapsed.components.seconds * 1000 + elapsed.components.attoseconds / 1_000_000_000_000_000)
            do { try await Task.sleep(for: .seconds(3600)) } catch { return }
        }
    }
}
