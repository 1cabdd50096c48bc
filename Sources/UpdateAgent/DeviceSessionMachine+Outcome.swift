public import Updates

extension DeviceSessionMachine {
    /// After the last page: which updates to ask more of. A native agent asks it for what it may install only (observed.md section 4).
    mutating func prepareExtended() {
        phase = .extended
        let members = BundleMembers(state.updates)
        var wanted: Set<RevisionID> = []
        let superseded = supersededByOthers()
        for update in state.updates where update.isOffered && !superseded.contains(update.identity.updateID) {
            for part in [update] + members.of(update).found where options.downloadFolder != nil || part.title == nil {
                wanted.insert(part.revisionID)
            }
        }
        extendedQueue = wanted.sorted()
        (files, commands) = ([:], [:])
    }

    /// All that is to be known is known: the result, the plan of downloads and the status report are made of it.
    mutating func concludeScan(at now: Timestamp) -> Action {
        let members = BundleMembers(state.updates)
        let roots = state.updates.filter { $0.isNeeded || ($0.isRoot && $0.isInstalled) }
            .sorted { ($0.title ?? "\u{10ffff}", $0.identity) < ($1.title ?? "\u{10ffff}", $1.identity) }
        result.updates = []
        result.drivers = drivers.values.sorted { $0.revisionID < $1.revisionID }
        downloads = []
        let superseded = supersededByOthers()
        for root in roots {
            let isSuperseded = superseded.contains(root.identity.updateID)
            var entry = ScanResult.Update(
                revisionID: root.revisionID, identity: root.identity, title: root.title, action: root.action,
                deadline: root.deadline?.text(.milliseconds), isNeeded: root.isNeeded, isOffered: root.isOffered && !isSuperseded,
                isSuperseded: isSuperseded, isInstalled: root.isInstalled)
            if entry.isOffered {
                let (found, missing) = members.of(root)
                entry.errors = missing.prefix(20).map {
                    "its member \($0) was not delivered: its own prerequisites are not installed here, or the server withholds it"
                }
                if options.downloadFolder != nil {
                    let download = plan(root, [root] + found)
                    downloads.append(download)
                    if let quarantine = download.quarantine { entry.errors.append(quarantine.message) }
                    entry.files =
                        download.files.map { ScanResult.File(name: $0.name, size: $0.size, sha256: $0.sha256?.description) }
                        + download.refused.map {
                            ScanResult.File(name: $0.name, size: $0.size, sha256: $0.sha256?.description, error: $0.failure.message)
                        }
                }
            }
            result.updates.append(entry)
        }
        result.counts.known = state.updates.count
        result.counts.drivers = drivers.count
        result.counts.offered = result.updates.count(where: \.isOffered)
        result.counts.needed = roots.count(where: \.isNeeded)
        result.counts.installed = roots.count(where: \.isInstalled)
        if options.isReporting {
            result.isReported = true
            let reporter = EventWriter(deviceID: state.clientID, makeID: makeID)
            let status = reporter.status(roots, memberIDs: members.updateIDs, offered: result.counts.offered, at: now)
            events = (state.failedScans ?? []).map { reporter.detectionFailed($0.hresult, at: $0.at) } + status.events
            if status.isCut { warn("the report names only \(EventWriter.mostUpdateIDs) updates: more do not fit into one event") }
        }
        isStateToSave = true
        phase = .statusReport
        return next(at: now)
    }

    /// Updates that something the device has or is to install takes the place of: not offered beside it. A native agent decides that by each update's
    /// own IsSuperseded rule, which is not evaluated here.
    private func supersededByOthers() -> Set<UpdateID> {
        Set(state.updates.filter { $0.isOffered || ($0.isRoot && $0.isInstalled) }.flatMap { $0.supersedes ?? [] })
    }

    private func plan(_ root: KnownUpdate, _ parts: [KnownUpdate]) -> UpdateDownload {
        var planned: [FileDownload] = []
        var refused: [UpdateDownload.RefusedFile] = []
        var seen: Set<UpdateFile> = []
        let launches = parts.compactMap { part in
            commands[part.revisionID].flatMap { $0.isEmpty ? nil : UpdateDownload.Launch(commands: $0, files: files[part.revisionID] ?? []) }
        }
        if let quarantine = quarantine(root.identity, launches, { _ in nil }, isBeforeDownload: true) {
            return UpdateDownload(
                identity: root.identity, title: root.title ?? "", files: [], refused: [], launches: launches, quarantine: quarantine)
        }
        for file in parts.flatMap({ files[$0.revisionID] ?? [] }) where seen.insert(file).inserted {
            let name = SafeFileName.make(file.name)
            func refuse(_ code: FileFailure.Code, _ why: String) {
                refused.append(.init(name: name, size: file.size, sha256: file.sha256, failure: FileFailure(code, why)))
            }
            guard let url = locations[file.sha1] else {
                refuse(.location, "the server told no location")
                continue
            }
            guard server.contains(url) else {
                refuse(.location, "the location is not under \(server)")
                continue
            }
            planned.append(FileDownload(sha1: file.sha1, sha256: file.sha256, size: file.size, name: name, url: url))
        }
        return UpdateDownload(identity: root.identity, title: root.title ?? "", files: planned, refused: refused, launches: launches, quarantine: nil)
    }

    /// Why what an update starts is not believed; nothing where it is, or an administrator allowed it by name.
    ///
    /// - Parameters:
    ///   - members: the names in a cabinet that was verified.
    ///   - isBeforeDownload: what would have to be in a cabinet is judged once the cabinet is there.
    private func quarantine(
        _ identity: UpdateIdentity, _ launches: [UpdateDownload.Launch], _ members: (UpdateFile) -> Set<String>?, isBeforeDownload: Bool
    ) -> FileFailure? {
        guard !options.allowed.contains(identity.updateID) else { return nil }
        let findings = launches.flatMap { launch in
            LaunchRule.findings(launch.commands, files: launch.files.map { .init(name: $0.name, members: members($0)) })
        }.filter { !(isBeforeDownload && $0.code == .notContained) }
        return findings.first.map { FileFailure(.launch, "quarantined: \($0.message)") }
    }

    mutating func startDownloads(at now: Timestamp) -> Action {
        result.counts.quarantined = downloads.count { $0.quarantine != nil }
        if downloads.allSatisfy({ $0.files.isEmpty }) { return downloaded([:], at: now) }
        downloadsStartedAt = now
        phase = .download
        return next(at: now)
    }

    /// How the files of ``Action/download(_:)`` ended.
    ///
    /// - Parameters:
    ///   - outcomes: one for each distinct file; what is missing counts as failed.
    ///   - members: the names in those of them that are cabinets.
    public mutating func downloaded(
        _ outcomes: [FileDownload: FileOutcome], members: [FileDownload: Set<String>] = [:], at now: Timestamp
    ) -> Action {
        let reporter = EventWriter(deviceID: state.clientID, makeID: makeID)
        count(outcomes)
        for download in downloads {
            guard let index = result.updates.firstIndex(where: { $0.identity == download.identity }) else { continue }
            var failure = download.quarantine ?? download.refused.first?.failure
            var isFetched = failure != nil
            var size: Int64 = 0
            for (position, file) in download.files.enumerated() {
                switch outcomes[file] ?? .failed(FileFailure(.fetch, "it was not fetched")) {
                case .present(let path): result.updates[index].files[position].path = path
                case .downloaded(let path, _):
                    result.updates[index].files[position].path = path
                    isFetched = true
                case .failed(let why):
                    result.updates[index].files[position].error = why.message
                    failure = failure ?? why
                    isFetched = true
                }
                // Metadata are anybody's: their sum may not be a number.
                size &+= file.size
            }
            if failure == nil {
                let names = Dictionary(members.map { ($0.sha1, $1) }, uniquingKeysWith: { first, _ in first })
                failure = quarantine(download.identity, download.launches, { names[$0.sha1] }, isBeforeDownload: false)
                if let failure {
                    result.updates[index].errors.append(failure.message)
                    result.counts.quarantined += 1
                }
            }
            // A native agent reports a download once, when it happens.
            if options.isReporting, isFetched {
                events += reporter.download(
                    download, bytes: size, failure: failure, startedAt: downloadsStartedAt ?? now, endedAt: now)
            }
        }
        phase = .downloadReport
        return next(at: now)
    }

    private mutating func count(_ outcomes: [FileDownload: FileOutcome]) {
        result.counts.filesFailed = Set(downloads.flatMap(\.refused)).count
        for file in Set(downloads.flatMap(\.files)) {
            switch outcomes[file] {
            case .present: result.counts.filesPresent += 1
            case .downloaded(_, let bytes):
                result.counts.filesDownloaded += 1
                result.counts.bytesDownloaded += bytes
            case .failed, nil: result.counts.filesFailed += 1
            }
        }
    }
}

/// Who belongs to whom among the held updates (`BundledUpdates`).
struct BundleMembers {
    private let byIdentity: [UpdateIdentity: KnownUpdate]
    private let byUpdateID: [UpdateID: KnownUpdate]
    /// Every update some bundle names.
    let updateIDs: Set<UpdateID>

    init(_ updates: [KnownUpdate]) {
        byIdentity = Dictionary(updates.map { ($0.identity, $0) }, uniquingKeysWith: { first, _ in first })
        byUpdateID = Dictionary(updates.map { ($0.identity.updateID, $0) }, uniquingKeysWith: { $0.identity > $1.identity ? $0 : $1 })
        updateIDs = Set(updates.flatMap { $0.bundledUpdates.flatMap { $0.anyOf.map(\.updateID) } })
    }

    /// Everything beneath a bundle that is not installed, of each group the first that is held; and the first name of each group of which none is.
    func of(_ root: KnownUpdate) -> (found: [KnownUpdate], missing: [UpdateIdentity]) {
        var found: [KnownUpdate] = []
        var missing: [UpdateIdentity] = []
        var seen: Set<UpdateID> = [root.identity.updateID]
        var open = [root]
        while let bundle = open.popLast() {
            for group in bundle.bundledUpdates {
                guard let member = group.anyOf.lazy.compactMap({ byIdentity[$0] ?? byUpdateID[$0.updateID] }).first else {
                    if let name = group.anyOf.first { missing.append(name) }
                    continue
                }
                if !member.isInstalled, seen.insert(member.identity.updateID).inserted {
                    found.append(member)
                    open.append(member)
                }
            }
        }
        return (found, missing)
    }
}
