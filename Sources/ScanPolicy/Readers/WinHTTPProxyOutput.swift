/// What `netsh winhttp show proxy` and `netsh winhttp show advproxy` print: the proxy of the system.
///
/// The first is read in English only: its labels are translated, so another language is refused instead of guessed. The second is JSON after a
/// heading that is not looked at; its members are those that Microsoft's reference of `netsh winhttp` shows.
public enum WinHTTPProxyOutput {
    static let heading = "Current WinHTTP proxy settings:"
    private static let direct = ["Direct access (no proxy server).", "Direct access (no proxy server)"]

    /// - Returns: the proxy, and what `PerUserProxySettings` says where it was printed.
    public static func read(
        _ bytes: [UInt8], file: String, limits: PolicyFileLimits = .standard
    ) throws(PolicyFileError) -> (proxy: ProxySettings, isPerUser: Bool?) {
        let text = try TextFile(bytes, file: file, limits: limits)
        if let brace = text.bytes.firstIndex(of: UInt8(ascii: "{")) { return try readAdvanced(text, from: brace, limits: limits) }
        return (try readPlain(text), nil)
    }

    private static func readPlain(_ text: TextFile) throws(PolicyFileError) -> ProxySettings {
        let lines = text.lines().map(text.trimmed).filter { !$0.isEmpty }
        guard let first = lines.first else { throw text.error(.truncated, at: text.bytes.count, heading) }
        guard text.string(first) == heading else {
            throw text.error(.unsupported, at: first.lowerBound, "the output in English, which begins with \"\(heading)\"")
        }
        guard lines.count > 1 else { throw text.error(.truncated, at: text.bytes.count, "the proxy, or \"\(direct[0])\"") }
        if direct.contains(text.string(lines[1])) {
            try end(lines.dropFirst(2), text)
            return .none
        }
        let proxy = try value(lines[1], "Proxy Server(s)", text)
        guard lines.count > 2 else { throw text.error(.truncated, at: text.bytes.count, "Bypass List : and its names") }
        let bypass = try value(lines[2], "Bypass List", text)
        try end(lines.dropFirst(3), text)
        return .static(proxy, bypass: bypass == "(none)" ? "" : bypass)
    }

    private static func end(_ lines: ArraySlice<Range<Int>>, _ text: TextFile) throws(PolicyFileError) {
        if let line = lines.first { throw text.error(.syntax, at: line.lowerBound, "the end of the output of netsh winhttp show proxy") }
    }

    private static func value(_ line: Range<Int>, _ label: String, _ text: TextFile) throws(PolicyFileError) -> String {
        let content = text.string(line)
        guard content.hasPrefix(label), let colon = content.firstIndex(of: ":"),
            content[..<colon].trimmedASCII == label
        else { throw text.error(.syntax, at: line.lowerBound, "\(label) : and its value") }
        let value = content[content.index(after: colon)...].trimmedASCII
        if value.isEmpty { throw text.error(.value, at: line.upperBound, "the value of \(label)") }
        if value.unicodeScalars.contains("\u{fffd}") { throw text.error(.encoding, at: line.lowerBound, "a name in ASCII or UTF-8") }
        return String(value)
    }

    private static func readAdvanced(
        _ text: TextFile, from start: Int, limits: PolicyFileLimits
    ) throws(PolicyFileError) -> (proxy: ProxySettings, isPerUser: Bool?) {
        var json = JSONReader(text, from: start, limits: limits)
        var proxy = ""
        var bypass = ""
        var script = ""
        var isEnabled: Bool?
        var isScript: Bool?
        var detects: Bool?
        var isPerUser: Bool?
        try json.beginObject("the settings of netsh winhttp show advproxy")
        while let member = try json.nextMember() {
            switch member.lowercased() {
            case "proxyisenabled": isEnabled = try json.boolean()
            case "proxy": proxy = try json.string()
            case "proxybypass": bypass = try json.string()
            case "autoconfigisenabled": isScript = try json.boolean()
            case "autoconfigurl": script = try json.string()
            case "autodetect": detects = try json.boolean()
            case "peruserproxysettings": isPerUser = try json.boolean()
            default: try json.skip()
            }
        }
        try json.finish()
        // The heading may be in a code page; what is taken may not.
        guard ![proxy, bypass, script].contains(where: { $0.unicodeScalars.contains("\u{fffd}") }) else {
            throw text.error(.encoding, at: start, "names in ASCII or UTF-8")
        }
        guard let isEnabled, let isScript, let detects else {
            throw text.error(.syntax, at: start, "ProxyIsEnabled, AutoConfigIsEnabled and AutoDetect")
        }
        if isEnabled, proxy.trimmedASCII.isEmpty { throw text.error(.value, at: start, "a Proxy, since ProxyIsEnabled is true") }
        let settings = ProxySettings(
            fixed: isEnabled ? StaticProxy(String(proxy.trimmedASCII), bypass: String(bypass.trimmedASCII)) : nil,
            scriptURL: isScript ? String(script.trimmedASCII) : nil, detectsAutomatically: detects)
        return (settings, isPerUser)
    }
}
