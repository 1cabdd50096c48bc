extension GatheredFacts {
    /// The values of WindowsUpdate.admx, and what a log shows of the server that is asked.
    mutating func gatherPolicy() throws(PolicyFileError) {
        for value in PolicyText.allCases {
            guard let found = try text(.localMachine, value.key.rawValue.lowercased(), value.rawValue) else { continue }
            facts.policy[value] = found.value
            note(.text(value), found.file, found.byteOffset)
        }
        for value in PolicyNumber.allCases {
            guard let found = try number(.localMachine, value.key.rawValue.lowercased(), value.rawValue) else { continue }
            facts.policy[value] = found.value
            note(.number(value), found.file, found.byteOffset)
        }
        for case (let log, let file) in logs {
            if let server = log.server {
                try takeURL(.wuServer, Statement(value: server.value, file: file, byteOffset: server.byteOffset))
                // A device asks the managed service only where the policy is on.
                if facts.policy[.useWUServer] == nil {
                    facts.policy[.useWUServer] = 1
                    note(.number(.useWUServer), file, server.byteOffset)
                }
            }
            if let server = log.statusServer {
                try takeURL(.wuStatusServer, Statement(value: server.value, file: file, byteOffset: server.byteOffset))
            }
        }
    }

    private var logs: [(WindowsUpdateLog, String)] {
        readings.compactMap { if case .log(let log) = $0.content { (log, $0.file) } else { nil } }
    }

    private mutating func takeURL(_ value: PolicyText, _ statement: Statement<ServerURL>) throws(PolicyFileError) {
        guard let known = facts.policy[value] else {
            facts.policy[value] = statement.value.description
            return note(.text(value), statement.file, statement.byteOffset)
        }
        if ServerURL(known) != statement.value { throw contradiction(value.rawValue, statement, place(of: .text(value))) }
    }

    mutating func gatherProxies() throws(PolicyFileError) {
        try take(.proxySettingsPerUser, try number(.localMachine, RegistryPlaces.internetPolicies, "ProxySettingsPerUser"), \.proxySettingsPerUser)
        if let found = try value(.localMachine, RegistryPlaces.connections, "WinHttpSettings") {
            let bytes = try binary(found, "WinHttpSettings")
            let reading = try ProxyBlob.winHTTPSettings(bytes, file: found.file, at: found.byteOffset)
            noteExperimental(reading, "WinHttpSettings", found.file)
            try take(.systemProxy, Statement(value: reading.settings, file: found.file, byteOffset: found.byteOffset), \.systemProxy)
        }
        for reading in readings {
            guard case .systemProxy(let proxy, let isPerUser) = reading.content else { continue }
            try take(.systemProxy, Statement(value: proxy, file: reading.file, byteOffset: 0), \.systemProxy)
            if let isPerUser {
                let statement = Statement<UInt32>(value: isPerUser ? 1 : 0, file: reading.file, byteOffset: 0)
                try take(.proxySettingsPerUser, statement, \.proxySettingsPerUser)
            }
        }
        // With ProxySettingsPerUser 0 the user's proxy stands with the machine.
        try gatherUserProxy(in: facts.proxySettingsPerUser == 0 ? .localMachine : .currentUser)
    }

    private func binary(_ found: Statement<RegistryData>, _ name: String) throws(PolicyFileError) -> [UInt8] {
        guard found.value.type == .binary else {
            throw PolicyFileError(
                .value, file: found.file, at: found.byteOffset, expected: "\(name) as REG_BINARY, not as \(found.value.type.name)")
        }
        return found.value.bytes
    }

    private mutating func noteExperimental(_ reading: ProxyBlob.Reading, _ name: String, _ file: String) {
        guard reading.isExperimental else { return }
        notes.append("\(file): \(name) begins with a number that is not known; it was read by the layout of those that are (experimental)")
    }

    /// From DefaultConnectionSettings, which WinINET goes by; from the single values where that is not there. Where both are, they must agree.
    private mutating func gatherUserProxy(in hive: RegistryHive) throws(PolicyFileError) {
        let plain = try plainUserProxy(in: hive)
        for name in ["DefaultConnectionSettings", "SavedLegacySettings"] {
            guard let found = try value(hive, RegistryPlaces.connections, name) else { continue }
            let reading = try ProxyBlob.defaultConnectionSettings(try binary(found, name), file: found.file, at: found.byteOffset)
            noteExperimental(reading, name, found.file)
            let statement = Statement(value: reading.settings, file: found.file, byteOffset: found.byteOffset)
            if let plain, plain.value.fixed != reading.settings.fixed {
                throw contradiction("the user's proxy", statement, (plain.file, plain.byteOffset))
            }
            return try take(.userProxy, statement, \.userProxy)
        }
        try take(.userProxy, plain, \.userProxy)
    }

    private func plainUserProxy(in hive: RegistryHive) throws(PolicyFileError) -> Statement<ProxySettings>? {
        let key = RegistryPlaces.internetSettings
        guard let enabled = try number(hive, key, "ProxyEnable") else { return nil }
        var settings = ProxySettings.none
        if enabled.value != 0 {
            guard let proxy = try text(hive, key, "ProxyServer"), !proxy.value.isEmpty else {
                throw PolicyFileError(
                    .value, file: enabled.file, at: enabled.byteOffset, expected: "ProxyServer, since ProxyEnable is \(enabled.value)")
            }
            settings.fixed = StaticProxy(proxy.value, bypass: try text(hive, key, "ProxyOverride")?.value ?? "")
        }
        settings.scriptURL = try text(hive, key, "AutoConfigURL").flatMap { $0.value.isEmpty ? nil : $0.value }
        settings.detectsAutomatically = try number(hive, key, "AutoDetect").map { $0.value != 0 } ?? false
        return Statement(value: settings, file: enabled.file, byteOffset: enabled.byteOffset)
    }

    // MARK: Certificates

    /// Registry stores keep each certificate in a key named after its SHA-1.
    private func certificates(
        in store: String, of state: RegistryState
    ) throws(PolicyFileError) -> (pins: Set<CertificateFingerprint>, byteOffset: Int)? {
        let key = store + "\\certificates"
        let found = state.subkeys(of: key, in: .localMachine)
        guard let byteOffset = found.first?.byteOffset ?? state.key(.localMachine, key) ?? state.key(.localMachine, store) else { return nil }
        var pins: Set<CertificateFingerprint> = []
        for (name, place) in found {
            // Passed over, a store of one such key would be taken for an empty one.
            guard let fingerprint = CertificateFingerprint(name) else {
                throw PolicyFileError(.value, file: state.file, at: place, expected: "the SHA-1 of a certificate as the name of a key in \(store)")
            }
            pins.insert(fingerprint)
        }
        return (pins, byteOffset)
    }

    mutating func gatherPinStore() throws(PolicyFileError) {
        for state in states {
            let own = try certificates(in: RegistryPlaces.pinStore, of: state)
            let byPolicy = try certificates(in: RegistryPlaces.pinStoreByPolicy, of: state)
            guard let first = own ?? byPolicy else { continue }
            let pins = (own?.pins ?? []).union(byPolicy?.pins ?? [])
            let store: PinStore = pins.isEmpty ? .empty : .certificates(pins)
            try take(.pinStore, Statement(value: store, file: state.file, byteOffset: first.byteOffset), \.pinStore)
        }
        for (log, file) in logs {
            guard let store = log.pinStore else { continue }
            // That something is in it says less than what is in it.
            if store.value == .unknown, case .certificates = facts.pinStore { continue }
            try take(.pinStore, Statement(value: store.value, file: file, byteOffset: store.byteOffset), \.pinStore)
        }
    }

    // MARK: Windows

    mutating func gatherWindows() throws(PolicyFileError) {
        if let version = try registryVersion() { try take(.windows, version, \.windows) }
        for (log, file) in logs {
            guard let version = log.windows else { continue }
            // A log may tell the build only.
            if let known = facts.windows, version.value.revision == nil, known.build == version.value.build { continue }
            try take(.windows, Statement(value: version.value, file: file, byteOffset: version.byteOffset), \.windows)
        }
    }

    private func registryVersion() throws(PolicyFileError) -> Statement<WindowsVersion>? {
        let key = RegistryPlaces.windowsVersion
        var found = try text(.localMachine, key, "CurrentBuildNumber")
        if found == nil { found = try text(.localMachine, key, "CurrentBuild") }
        guard let text = found else { return nil }
        func wrong(_ expected: String) -> PolicyFileError {
            PolicyFileError(.value, file: text.file, at: text.byteOffset, expected: expected)
        }
        guard let build = UInt32(text.value) else { throw wrong("a build of Windows") }
        var (major, minor): (UInt32, UInt32) = (10, 0)
        if let number = try number(.localMachine, key, "CurrentMajorVersionNumber") {
            major = number.value
            minor = try self.number(.localMachine, key, "CurrentMinorVersionNumber")?.value ?? 0
        } else if build < 10_240 {
            // Before Windows 10 there was one text for both.
            let parts = (try self.text(.localMachine, key, "CurrentVersion")?.value ?? "").split(separator: ".").compactMap { UInt32($0) }
            guard parts.count == 2 else { throw wrong("CurrentVersion beside a build before Windows 10") }
            (major, minor) = (parts[0], parts[1])
        }
        let version = WindowsVersion(major: major, minor: minor, build: build, revision: try number(.localMachine, key, "UBR")?.value)
        return Statement(value: version, file: text.file, byteOffset: text.byteOffset)
    }

    // MARK: TLS

    mutating func gatherTLS() throws(PolicyFileError) {
        var answers: [Statement<Bool>] = []
        func add(_ found: Statement<UInt32>?, _ isOn: (UInt32) -> Bool) {
            if let found { answers.append(Statement(value: isOn(found.value), file: found.file, byteOffset: found.byteOffset)) }
        }
        add(try number(.localMachine, RegistryPlaces.tls12Client, "Enabled")) { $0 != 0 }
        add(try number(.localMachine, RegistryPlaces.tls12Client, "DisabledByDefault")) { $0 == 0 }
        // WINHTTP_FLAG_SECURE_PROTOCOL_TLS1_2
        add(try number(.localMachine, RegistryPlaces.winHTTP, "DefaultSecureProtocols")) { $0 & 0x800 != 0 }
        if let answer = answers.first(where: { !$0.value }) ?? answers.first {
            try take(.isTLS12Enabled, answer, \.tls.isTLS12Enabled)
        }
        for state in states {
            // Only a whole export of the store says what is not in it.
            guard let roots = try certificates(in: RegistryPlaces.rootStore, of: state) else { continue }
            // What group policy and Microsoft's list add to it is exported from other keys, so mostly into other files.
            var all = roots.pins
            for other in states {
                for store in [RegistryPlaces.rootStoreByPolicy, RegistryPlaces.rootStoreOfMicrosoft] {
                    all.formUnion(try certificates(in: store, of: other)?.pins ?? [])
                }
            }
            try take(.machineRoots, Statement(value: all, file: state.file, byteOffset: roots.byteOffset), \.tls.machineRoots)
        }
    }

    // MARK: JSON

    mutating func gatherDocuments() throws(PolicyFileError) {
        for reading in readings {
            guard case .device(let document) = reading.content else { continue }
            func statement<Value>(_ value: Value?) -> Statement<Value>? {
                value.map { Statement(value: $0, file: reading.file, byteOffset: 0) }
            }
            if !document.name.isEmpty {
                if !facts.name.isEmpty, facts.name != document.name, let name = statement(document.name) {
                    throw contradiction("the name of the device", name, nil)
                }
                facts.name = document.name
            }
            for value in PolicyText.allCases { try take(.text(value), statement(document.policy[value]), \.policy[value]) }
            for value in PolicyNumber.allCases { try take(.number(value), statement(document.policy[value]), \.policy[value]) }
            try take(.systemProxy, statement(document.systemProxy), \.systemProxy)
            try take(.userProxy, statement(document.userProxy), \.userProxy)
            try take(.proxySettingsPerUser, statement(document.proxySettingsPerUser), \.proxySettingsPerUser)
            try take(.pinStore, statement(document.pinStore), \.pinStore)
            try take(.windows, statement(document.windows), \.windows)
            try take(.level, statement(document.level), \.level)
            try take(.isSignedIn, statement(document.isSignedIn), \.isSignedIn)
            try take(.isTLS12Enabled, statement(document.tls.isTLS12Enabled), \.tls.isTLS12Enabled)
            try take(.cipherSuites, statement(document.tls.cipherSuites), \.tls.cipherSuites)
            try take(.machineRoots, statement(document.tls.machineRoots), \.tls.machineRoots)
            try take(.clockOffset, statement(document.tls.clockOffset), \.tls.clockOffset)
        }
    }
}
