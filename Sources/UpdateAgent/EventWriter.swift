import Updates

/// Writes a device's events as a native agent was seen to (observed.md section 6).
struct EventWriter {
    let deviceID: DeviceID
    let makeID: @Sendable () -> UpdateID

    /// GUIDs in one 156: 37 bytes each, they stay below the 64 KiB of an event that a server takes. A native agent was seen with 39.
    static let mostUpdateIDs = 1500
    static let appName = "Martlet-Agent"
    private static let agentSource: Int32 = 101
    private static let clientNamespace: Int32 = 1

    /// 147 and 156, of one moment: the outcome of a scan that reached the server.
    ///
    /// - Parameters:
    ///   - roots: what is needed or installed.
    ///   - memberIDs: what some bundle names: never listed.
    ///   - offered: what 147 counts.
    func status(
        _ roots: [KnownUpdate], memberIDs: Set<UpdateID>, offered: Int, at now: Timestamp
    ) -> (events: [Event], isCut: Bool) {
        let listed = roots.filter { $0.isLeaf && !memberIDs.contains($0.identity.updateID) }
        return status(
            needed: listed.filter(\.isNeeded).map(\.identity.updateID).sorted(),
            installed: listed.filter(\.isInstalled).map(\.identity.updateID).sorted(), offered: offered, at: now)
    }

    func status(needed: [UpdateID], installed: [UpdateID], offered: Int, at now: Timestamp) -> (events: [Event], isCut: Bool) {
        let someNeeded = needed.prefix(Self.mostUpdateIDs)
        let someInstalled = installed.prefix(Self.mostUpdateIDs - someNeeded.count)
        let misc =
            [misc("G", AgentVersion.quad), misc("Q", "1")] + list("U", someNeeded) + list("V", someInstalled)
            + [misc("AppName", Self.appName)]
        let events = [
            event(.detectionFinished, replacements: [String(offered)], at: now),
            event(.clientStatus, misc: misc, at: now),
        ]
        return (events, someNeeded.count + someInstalled.count < needed.count + installed.count)
    }

    /// 148: a scan that came to nothing, told when the server can be told again.
    func detectionFailed(_ hresult: Int32, at time: Timestamp) -> Event {
        let digits = String(UInt32(bitPattern: hresult), radix: 16)
        return event(.detectionFailed, hresult: hresult, replacements: ["0x\(String(repeating: "0", count: 8 - digits.count))\(digits)"], at: time)
    }

    /// 167, then 162 with the bytes or 161 with the error. The update named is the deployed one, not a member.
    func download(
        _ download: UpdateDownload, bytes: Int64, failure: FileFailure?, startedAt: Timestamp, endedAt: Timestamp
    ) -> [Event] {
        let started = event(.downloadStarted, download.identity, replacements: [download.title], at: startedAt)
        if let failure {
            return [
                started,
                event(.downloadFailed, download.identity, hresult: failure.hresult, replacements: [download.title], at: endedAt),
            ]
        }
        return [
            started,
            event(.downloadSucceeded, download.identity, replacements: [download.title], misc: [misc("B", String(bytes))], at: endedAt),
        ]
    }

    private func event(
        _ id: EventID, _ update: UpdateIdentity? = nil, hresult: Int32 = 0, replacements: [String] = [], misc: [String]? = nil, at time: Timestamp
    ) -> Event {
        Event(
            instanceID: makeID(), deviceID: deviceID, timeAtTarget: time, namespaceID: Self.clientNamespace, eventID: id,
            sourceID: Self.agentSource, update: update, win32HResult: hresult, appName: Self.appName, replacementStrings: replacements,
            miscData: misc ?? [self.misc("G", AgentVersion.quad), self.misc("AppName", Self.appName)])
    }

    private func misc(_ key: String, _ value: String) -> String { "\(key)=\(value)" }

    /// Absent where it would be empty.
    private func list(_ key: String, _ ids: some Collection<UpdateID>) -> [String] {
        ids.isEmpty ? [] : [misc(key, ids.map { $0.description.uppercased() }.joined(separator: ";"))]
    }
}
