/// One device as JSON: a file of its own, or a line of a file of many devices. docs/policy-files.md has the schema.
///
/// A member that is not known is refused: a misspelt one would count as a fact that nobody gave.
public enum DeviceDocument {
    /// - Parameters:
    ///   - byteOffset: where the bytes begin in `file`, for errors.
    ///   - name: the device's name where the document has none; nil refuses such a document.
    public static func read(
        _ bytes: [UInt8], file: String, at byteOffset: Int = 0, name: String?, limits: PolicyFileLimits = .standard
    ) throws(PolicyFileError) -> DeviceFacts {
        if bytes.count > limits.line {
            throw PolicyFileError(.tooLarge, file: file, at: byteOffset + limits.line, expected: "at most \(limits.line) bytes for one device")
        }
        let text = try TextFile(bytes, file: file, at: byteOffset, limits: limits)
        guard text.encoding != .codePage else {
            throw PolicyFileError(.encoding, file: file, at: byteOffset, expected: "JSON in UTF-8 (or UTF-16 with a byte order mark)")
        }
        var json = JSONReader(text, limits: limits)
        var facts = DeviceFacts(name: "")
        facts.source = file
        let start = json.position
        try json.beginObject("an object with the facts of a device")
        while let member = try json.nextMember() { try read(member, of: &json, into: &facts) }
        try json.finish()
        if facts.name.isEmpty {
            guard let name else { throw json.failure(.syntax, at: start, "the name of the device (\"name\")") }
            facts.name = name
        }
        return facts
    }

    private static func read(_ member: String, of json: inout JSONReader, into facts: inout DeviceFacts) throws(PolicyFileError) {
        let start = json.position
        switch member {
        case "name":
            facts.name = try json.string()
            guard (1...255).contains(facts.name.utf8.count) else { throw json.failure(.value, at: start, "a name of 1 to 255 bytes") }
        case "policy": try readPolicy(&json, into: &facts.policy)
        case "systemProxy": facts.systemProxy = try proxy(&json)
        case "userProxy": facts.userProxy = try proxy(&json)
        case "proxySettingsPerUser": facts.proxySettingsPerUser = UInt32(try json.integer(0...1))
        case "pinStore":
            facts.pinStore = try pinStore(&json)
        case "windows":
            guard let version = WindowsVersion(try json.string()) else {
                throw json.failure(.value, at: start, "a version of Windows such as \"10.0.19045.4291\"")
            }
            facts.windows = version
        case "level":
            guard let level = EnforcementLevel(rawValue: try json.string()) else {
                let known = EnforcementLevel.allCases.map { "\"\($0.rawValue)\"" }
                throw json.failure(.value, at: start, known.joined(separator: ", "))
            }
            facts.level = level
        case "isSignedIn": facts.isSignedIn = try json.boolean()
        case "tls": try readTLS(&json, into: &facts.tls)
        default: throw json.failure(.unsupported, at: start, "a member of the form for devices, not \"\(member)\"")
        }
    }

    private static func readPolicy(_ json: inout JSONReader, into policy: inout PolicyValues) throws(PolicyFileError) {
        try json.beginObject("an object with policy values")
        while let name = try json.nextMember() {
            if let value = PolicyNumber(rawValue: name) {
                policy[value] = UInt32(try json.integer(0...Int(UInt32.max)))
            } else if let value = PolicyText(rawValue: name) {
                policy[value] = try json.string()
            } else {
                throw json.failure(.unsupported, at: json.position, "the name of a policy value of Windows Update, not \"\(name)\"")
            }
        }
    }

    private static func proxy(_ json: inout JSONReader) throws(PolicyFileError) -> ProxySettings {
        let start = json.position
        var proxy: String?
        var bypass: String?
        var settings = ProxySettings.none
        try json.beginObject("an object with a proxy (an empty one for none)")
        while let member = try json.nextMember() {
            switch member {
            case "proxy": proxy = try json.string()
            case "bypass": bypass = try json.string()
            case "scriptURL": settings.scriptURL = try json.string()
            case "detectsAutomatically": settings.detectsAutomatically = try json.boolean()
            default: throw json.failure(.unsupported, at: json.position, "proxy, bypass, scriptURL or detectsAutomatically, not \"\(member)\"")
            }
        }
        if let proxy {
            if proxy.trimmedASCII.isEmpty { throw json.failure(.value, at: start, "the name of a proxy") }
            settings.fixed = StaticProxy(proxy, bypass: bypass ?? "")
        } else if bypass != nil {
            throw json.failure(.value, at: start, "a proxy with the bypass list")
        }
        return settings
    }

    private static func readTLS(_ json: inout JSONReader, into tls: inout TLSClientFacts) throws(PolicyFileError) {
        try json.beginObject("an object with the facts of the TLS client")
        while let member = try json.nextMember() {
            switch member {
            case "isTLS12Enabled": tls.isTLS12Enabled = try json.boolean()
            case "cipherSuites":
                var suites: [String] = []
                try json.beginArray("an array of the names of cipher suites")
                while try json.nextElement() { suites.append(try json.string()) }
                tls.cipherSuites = suites
            case "machineRoots": tls.machineRoots = try fingerprints(&json)
            case "clockOffset": tls.clockOffset = try json.integer(-4_000_000_000...4_000_000_000)
            default:
                throw json.failure(
                    .unsupported, at: json.position, "isTLS12Enabled, cipherSuites, machineRoots or clockOffset, not \"\(member)\"")
            }
        }
    }

    /// Fingerprints; `["unknown"]` where there is something in the store and nobody knows what.
    private static func pinStore(_ json: inout JSONReader) throws(PolicyFileError) -> PinStore {
        var ahead = json
        try ahead.beginArray("an array of fingerprints")
        if try ahead.nextElement(), ahead.peekValue() == UInt8(ascii: "\""), try ahead.string() == "unknown" {
            guard try !ahead.nextElement() else { throw ahead.failure(.value, at: ahead.position, "nothing beside \"unknown\"") }
            json = ahead
            return .unknown
        }
        let pins = try fingerprints(&json)
        return pins.isEmpty ? .empty : .certificates(pins)
    }

    private static func fingerprints(_ json: inout JSONReader) throws(PolicyFileError) -> Set<CertificateFingerprint> {
        var all: Set<CertificateFingerprint> = []
        try json.beginArray("an array of fingerprints")
        while try json.nextElement() {
            let start = json.position
            guard let fingerprint = CertificateFingerprint(try json.string()) else {
                throw json.failure(.value, at: start, "a fingerprint of 64 (SHA-256) or 40 (SHA-1) hexadecimal digits")
            }
            all.insert(fingerprint)
        }
        return all
    }
}
