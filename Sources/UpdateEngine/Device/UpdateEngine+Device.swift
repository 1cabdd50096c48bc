import Logging
import Storage
import Synchronization
import TrustedTransport
import UpdateCatalog
public import UpdateProtocols
public import Updates

extension UpdateEngine: DeviceOperations {
    /// A cookie's life ([MS-WUSP] product behaviour; observed.md section 2: one hour, never extended by use).
    static let cookieLifetimeSeconds: Int64 = 3600
    static let plugInID = "SimpleTargeting"

    public func deviceConfiguration() -> GetConfig.Response {
        GetConfig.Response(
            lastChange: configurationVersion, isRegistrationRequired: true, plugInID: Self.plugInID,
            properties: [
                .init(name: "MaxExtendedUpdatesPerRequest", value: "\(RequestedLimits.revisionIDs)"),
                .init(name: "PackageServerShare", value: "\\\\\(configuration.hosts[0])\\UpdateServicesPackages"),
                .init(name: "ProtocolVersion", value: "3.2"), .init(name: "IsInventoryRequired", value: "0"),
                .init(name: "ClientReportingLevel", value: "2"),
            ])
    }

    public func authorize(
        _ request: GetAuthorizationCookie.Request, from address: String = ""
    ) throws(SOAPFault) -> GetAuthorizationCookie.Response {
        guard let deviceID = request.clientID.flatMap({ DeviceID($0) }) else { throw SOAPFault(.invalidParameters, "clientId") }
        guard let dnsName = request.dnsName, Self.isDNSName(dnsName) else { throw SOAPFault(.invalidParameters, "dnsName") }
        let now = clock()
        let token = SessionToken(
            purpose: .authorization, serverID: serverID, deviceID: deviceID, isRegistered: false, clientProtocolMajor: 0,
            clientProtocolMinor: 0, configurationVersion: configurationVersion, generation: .zero,
            expires: now.adding(seconds: Self.cookieLifetimeSeconds), dnsNameDigest: Self.dnsNameDigest(dnsName),
            groupClaimDigest: groupClaims.withLock { $0.remember(GroupClaim(request.targetGroupName ?? ""), from: SourceNetwork(address), at: now) },
            lineage: SessionLineage(rawValue: 0))
        return AuthorizationCookie(plugInID: Self.plugInID, cookieData: sealer.seal(token))
    }

    public func issueCookie(_ request: GetCookie.Request, from address: String = "") throws(SOAPFault) -> CookieElement {
        guard request.authorizationCookies.count == 1, request.authorizationCookies[0].plugInID == Self.plugInID else {
            throw SOAPFault(.invalidAuthorizationCookie, "authCookies")
        }
        let now = clock()
        let authorization: SessionToken
        do {
            authorization = try sealer.open(
                request.authorizationCookies[0].cookieData, purpose: .authorization, serverID: serverID, now: now)
        } catch {
            switch error {
            case .otherServer: throw SOAPFault(.serverChanged, "authCookies")
            case .expired: throw SOAPFault(.cookieExpired, "authCookies")
            case .unauthentic, .wrongPurpose: throw SOAPFault(.invalidAuthorizationCookie, "authCookies")
            }
        }
        guard let version = request.protocolVersion.flatMap({ ProtocolVersion($0) }) else {
            throw SOAPFault(.invalidParameters, "protocolVersion")
        }
        guard request.lastChange == configurationVersion else { throw SOAPFault(.configChanged, "lastChange") }
        let continued = try continued(request.oldCookie, by: authorization.deviceID, at: now)
        let known = device(authorization.deviceID)
        // Under an id that sessions are known of, a new line may be a stranger's, and make the device disputed.
        if continued == nil, let known, known.isRegistered, known.lineage != nil,
            !newLines.withLock({ $0.admits(SourceNetwork(address), at: now) })
        {
            bounded.record(
                "new line", level: .warning, "too many known devices begin anew from one network; one is put off",
                metadata: ["device": "\(authorization.deviceID)", "address": "\(address)"])
            throw SOAPFault(.serverBusy)
        }
        let token = SessionToken(
            purpose: .session, serverID: serverID, deviceID: authorization.deviceID,
            isRegistered: known?.isRegistered ?? false, clientProtocolMajor: version.major,
            clientProtocolMinor: version.minor, configurationVersion: configurationVersion,
            generation: continued?.generation ?? .zero, expires: now.adding(seconds: Self.cookieLifetimeSeconds),
            dnsNameDigest: authorization.dnsNameDigest, groupClaimDigest: authorization.groupClaimDigest,
            lineage: continued?.lineage ?? .random())
        return CookieElement(expiration: token.expires, encryptedData: sealer.seal(token))
    }

    /// An authentic cookie of the same device carries its anchor and its lineage on, expired or not: a device scans every 22 hours with a
    /// one-hour cookie and must not get its whole cache back as changed.
    private func continued(_ oldCookie: CookieElement?, by device: DeviceID, at now: Timestamp) throws(SOAPFault) -> SessionToken? {
        guard let data = oldCookie?.encryptedData, !data.isEmpty else { return nil }
        let token: SessionToken
        do {
            token = try sealer.open(data, purpose: .session, serverID: serverID, now: now)
        } catch {
            switch error {
            case .expired(let expired): token = expired
            case .otherServer: throw SOAPFault(.serverChanged, "oldCookie")
            case .unauthentic, .wrongPurpose: throw SOAPFault(.invalidCookie, "oldCookie")
            }
        }
        try refuseFuture(token.generation, "oldCookie")
        return token.deviceID == device ? token : nil
    }

    public func open(
        _ cookie: CookieElement?, from address: String = "", over transport: DeviceTransport? = nil
    ) throws(SOAPFault) -> DeviceSession {
        guard let data = cookie?.encryptedData else { throw SOAPFault(.invalidCookie, "cookie") }
        let token: SessionToken
        do {
            token = try sealer.open(data, purpose: .session, serverID: serverID, now: clock())
        } catch {
            switch error {
            case .otherServer: throw SOAPFault(.serverChanged, "cookie")
            case .expired: throw SOAPFault(.cookieExpired, "cookie")
            case .unauthentic, .wrongPurpose: throw SOAPFault(.invalidCookie, "cookie")
            }
        }
        try refuseFuture(token.generation, "cookie")
        return DeviceSession(
            deviceID: token.deviceID, isRegistered: token.isRegistered, anchor: token.generation,
            configurationVersion: token.configurationVersion, clientProtocolMajor: token.clientProtocolMajor,
            clientProtocolMinor: token.clientProtocolMinor, expires: token.expires, dnsNameDigest: token.dnsNameDigest,
            groupClaimDigest: token.groupClaimDigest, lineage: token.lineage, address: address, transport: transport)
    }

    /// A cookie that has seen more than there is comes from before a copy of the home was put back: what the device was told since is not
    /// what holds, so it must start anew.
    private func refuseFuture(_ anchor: Generation, _ message: String) throws(SOAPFault) {
        if anchor > catalog.generation { throw SOAPFault(.serverChanged, message) }
    }

    public func register(
        _ session: DeviceSession, _ request: RegisterComputer.Request, from address: String
    ) async throws(SOAPFault) {
        guard Self.isDNSName(request.facts.dnsName), Self.dnsNameDigest(request.facts.dnsName) == session.dnsNameDigest else {
            throw SOAPFault(.invalidParameters, "computerInfo.DnsName")
        }
        let now = clock()
        let known = device(session.deviceID)
        if known?.isRegistered != true {
            let devices = deviceCount
            guard registrations.withLock({ $0.admits(SourceNetwork(address), at: now, devices: devices) }) else {
                refused("too many new devices", address)
                throw SOAPFault(.serverBusy)
            }
        }
        let facts = FactsDigest(request.facts)
        if let known, known.isRegistered {
            note(session, known)
            // The same as before: when it was seen is written now and then.
            if known.factsSaid == facts, known.groupsSaid == FactsDigest(session.groupClaimDigest) { return }
        }
        let registered: ArrivalResult.Registered
        do {
            registered = try await arrivals.submit(
                DeviceRegistration(
                    deviceID: session.deviceID, facts: request.facts,
                    requestedGroups: groupClaims.withLock { $0.find(session.groupClaimDigest)?.names }, lineage: session.lineage, address: address))
            publish { $0.update([registered.device], factsSaid: facts) }
            if known?.isRegistered != true, let device = device(session.deviceID) { note(session, device) }
            if let groups = registered.groups {
                try await gate.perform { [self] in try await assignInGate([(session.deviceID, groups)]) }
            }
        } catch is ArrivalQueue.Full {
            refused("too many wait", address)
            throw SOAPFault(.serverBusy)
        } catch {
            log.error("a registration could not be stored: \(error)")
            throw SOAPFault(.internalServerError)
        }
        if registered.device.dispute != nil, known?.isDisputed != true { warn(of: registered.device) }
    }

    private func refused(_ reason: String, _ address: String) {
        bounded.record(
            "registration", level: .warning, "a registration was refused", metadata: ["reason": "\(reason)", "address": "\(address)"])
    }

    /// Notes that a registered device was heard; nothing of it is waited for.
    func note(_ session: DeviceSession, _ device: KnownDevice) {
        let use = presence.use(
            session.deviceID, session.lineage, from: session.address, over: session.transport, at: clock(),
            known: (device.lineage, device.ownLineage, device.lastSeen))
        if use.isDispute {
            publish { $0.devices[session.deviceID]?.isDisputed = true }
            bounded.record(
                "disputed", level: .warning, "a device is disputed: two lines of sessions go on under its id",
                metadata: ["device": "\(session.deviceID)", "address": "\(session.address)"])
        }
        if use.isFirstUnsaved || use.isDispute {
            Task { [arrivals] in await arrivals.noteSightings(isUrgent: use.isDispute) }
        }
    }

    private func warn(of device: Device) {
        guard let dispute = device.dispute else { return }
        bounded.record(
            "disputed", level: .warning, "a device is disputed: \(dispute.reasons.words.joined(separator: ", "))",
            metadata: ["device": "\(device.id)", "address": "\(device.claim?.address ?? "")"])
    }

    public func startCategoryScan(_ request: StartCategoryScan.Request) throws(SOAPFault) -> StartCategoryScan.Response {
        let answer = catalog.startCategoryScan(request.categories.map { ($0.andGroup, $0.id) })
        return StartCategoryScan.Response(preferred: answer.preferred, inError: answer.inError)
    }

    public func scan(_ session: DeviceSession, _ request: SyncUpdates.Request) throws(SOAPFault) -> DeviceScan {
        let (catalog, _, device) = try registered(session)
        let answer = catalog.scan(
            ScanRequest(
                installedNonLeaf: request.installedNonLeaf, otherCached: request.otherCached, cachedDrivers: request.cachedDrivers,
                system: request.system ?? SystemSpec(), anchor: session.anchor, groupsGeneration: device.groupsGeneration,
                pass: request.skipSoftwareSync ? .driver : .software,
                filterCategories: request.filterCategories, needsTwoGroupsOutOfScope: request.needsTwoGroupsOutOfScope),
            in: catalog.view(of: device.groups))
        return DeviceScan(.syncUpdates, answer: answer, cookie: cookie(of: session, anchor: answer.generation), pages: pages)
    }

    public func extendedUpdateInfo(
        _ session: DeviceSession, _ request: GetExtendedUpdateInfo.Request, baseURL: String
    ) throws(SOAPFault) -> DeviceExtendedInfo {
        let (catalog, files, device) = try registered(session)
        let view = catalog.view(of: device.groups)
        var seen: Set<RevisionID> = []
        let asked = request.revisionIDs.filter { seen.insert($0).inserted }
        let delivered = asked.filter { catalog.isDelivered($0, in: view) }
        let pieces = request.infoTypes.flatMap { type in
            delivered.flatMap { id in
                kinds(type, of: id, locales: request.locales, geoID: request.geoID).map { GetExtendedUpdateInfo.Piece(id: id, kind: $0) }
            }
        }
        let wantsLocations = !Set(request.infoTypes).isDisjoint(with: [.extended, .fileUrl])
        return DeviceExtendedInfo(
            pieces: pieces, fileLocations: wantsLocations ? locations(of: delivered, in: files, at: baseURL) : [],
            outOfScope: asked.filter { !catalog.isDelivered($0, in: view) }, pages: pages)
    }

    var pages: AnswerPages { AnswerPages(texts: self, kept: keptParts, isUniform: configuration.xpress == .uniform) }

    /// The fragments that answer one type: for localized ones the asked locale, else its language, else English
    /// ([MS-WUSP] 2.2.2.2.9: the server should always add `en`).
    func kinds(
        _ type: XmlUpdateFragmentType, of id: RevisionID, locales: [String], geoID: String?
    ) -> [FragmentKind] {
        switch type {
        case .core: return [.core]
        case .extended: return [.extended]
        case .localizedProperties:
            let held = store.kinds(of: id)
            var chosen: [FragmentKind] = []
            for locale in locales + ["en"] {
                let language = locale.lowercased()
                for wanted in [language, String(language.prefix { $0 != "-" })] {
                    let match = held.first {
                        if case .localizedProperties(let name) = $0 { name.lowercased() == wanted } else { false }
                    }
                    if let match {
                        if !chosen.contains(match) { chosen.append(match) }
                        break
                    }
                }
            }
            return chosen
        case .eula:
            let languages = Set((locales + ["en"]).flatMap { [$0.lowercased(), String($0.lowercased().prefix { $0 != "-" })] })
            return store.kinds(of: id).filter {
                guard case .eula(let language, let geography) = $0 else { return false }
                return languages.contains(language.lowercased()) && (geography.isEmpty || geography == geoID)
            }
        default: return []
        }
    }

    public func fileLocations(
        _ session: DeviceSession, _ request: GetFileLocations.Request, baseURL: String
    ) throws(SOAPFault) -> GetFileLocations.Response {
        let (_, files, _) = try registered(session)
        let locations = request.digests.compactMap { digest in
            files.file(digest).map { FileLocation(digest: digest, url: ContentPath.url(of: digest, named: $0.name, at: baseURL)) }
        }
        return GetFileLocations.Response(fileLocations: locations, newCookie: cookie(of: session, anchor: session.anchor))
    }

    /// The cookie that replaces a session's own: its time does not start anew (observed.md section 2).
    func cookie(of session: DeviceSession, anchor: Generation) -> CookieElement {
        let token = SessionToken(
            purpose: .session, serverID: serverID, deviceID: session.deviceID, isRegistered: true,
            clientProtocolMajor: session.clientProtocolMajor, clientProtocolMinor: session.clientProtocolMinor,
            configurationVersion: session.configurationVersion, generation: anchor, expires: session.expires,
            dnsNameDigest: session.dnsNameDigest, groupClaimDigest: session.groupClaimDigest, lineage: session.lineage)
        return CookieElement(expiration: session.expires, encryptedData: sealer.seal(token))
    }

    public func report(_ session: DeviceSession, _ request: ReportEventBatch.Request) async throws(ReportRefusal) {
        guard let known = device(session.deviceID), known.isRegistered else { throw .fault(SOAPFault(.registrationRequired)) }
        guard request.events.allSatisfy({ $0.deviceID == session.deviceID }) else {
            throw .fault(SOAPFault(.invalidParameters, "eventBatch.BasicData.TargetID.Sid"))
        }
        if request.droppedEvents > 0 {
            bounded.record(
                "oversized events", level: .warning, "\(request.droppedEvents) oversized events of a report were dropped",
                metadata: ["device": "\(session.deviceID)"])
        }
        // Before the report is taken: what makes the device disputed holds for this report.
        note(session, known)
        let reported: ArrivalQueue.Reported
        do {
            reported = try await arrivals.submit(EventBatch(deviceID: session.deviceID, events: request.events, address: session.address))
        } catch is ArrivalQueue.Full {
            throw .busy(retryAfterSeconds: 60)
        } catch {
            log.error("a report could not be stored: \(error)")
            throw .fault(SOAPFault(.internalServerError))
        }
        // Nothing is stored of a device that was forgotten meanwhile: it must register anew.
        guard reported.isKnown else {
            publish { _ = $0.devices.removeValue(forKey: session.deviceID) }
            presence.forget(session.deviceID)
            throw .fault(SOAPFault(.registrationRequired))
        }
        if let device = reported.disputed {
            publish([device])
            warn(of: device)
        }
    }

    /// What the server holds, and the device of a session; all of one moment.
    func registered(
        _ session: DeviceSession
    ) throws(SOAPFault) -> (catalog: Catalog, files: FileIndex, device: KnownDevice) {
        guard session.configurationVersion == configurationVersion else { throw SOAPFault(.configChanged, "cookie") }
        let (catalog, files, device) = answering(session.deviceID)
        guard let device, device.isRegistered else { throw SOAPFault(.registrationRequired) }
        // Who asks for other groups than before says so by registering: no cookie and no scan changes what is held.
        if !device.isDisputed, device.groupsSaid != FactsDigest(session.groupClaimDigest),
            groupClaims.withLock({ $0.find(session.groupClaimDigest) != nil })
        {
            throw SOAPFault(.registrationRequired)
        }
        note(session, device)
        return (catalog, files, device)
    }

    /// 1 to 255 bytes, nothing in it that is invisible, moves text around, or separates elsewhere.
    static func isDNSName(_ name: String) -> Bool {
        (1...255).contains(name.utf8.count) && DisplayText.escaped(name) == name
            && !name.unicodeScalars.contains { $0.properties.isWhitespace || ";,/\\\"<>".unicodeScalars.contains($0) }
    }

    static func dnsNameDigest(_ name: String) -> SHA256Digest {
        TokenSealer.digest(of: name.lowercased())
    }
}

/// Where a payload is found: `/Content/XX/HEX.ext`, XX being the last two digits of its SHA-1 (observed.md section 5).
enum ContentPath {
    static func url(of digest: SHA1Digest, named name: String, at baseURL: String) -> String {
        let digits = digest.description
        return "\(baseURL)/Content/\(digits.suffix(2))/\(digits)\(Self.extension(of: name))"
    }

    /// The extension with its dot, of letters and digits only; `.bin` where there is none, since a path without one is refused.
    static func `extension`(of name: String) -> String {
        guard let dot = name.lastIndex(of: ".") else { return ".bin" }
        let suffix = name[name.index(after: dot)...]
        let isPlain = suffix.utf8.allSatisfy { ($0 >= 0x30 && $0 <= 0x39) || ($0 >= 0x41 && $0 <= 0x5a) || ($0 >= 0x61 && $0 <= 0x7a) || $0 == 0x5f }
        return (1...16).contains(suffix.utf8.count) && isPlain ? ".\(suffix)" : ".bin"
    }
}
