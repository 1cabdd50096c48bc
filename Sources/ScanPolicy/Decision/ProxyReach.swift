/// What a proxy setting means for one server.
enum ProxyReach: Sendable, Hashable {
    /// No proxy is set, or none for this scheme.
    case none
    /// One is set, and its bypass list names the server.
    case bypassed
    /// Connections go through it. `isAssumed`: a script or WPAD decides, and it was taken to name a proxy.
    case proxied(isAssumed: Bool)

    var applies: Bool {
        if case .proxied = self { return true }
        return false
    }
}

extension ProxySettings {
    func reach(_ server: ServerURL) -> ProxyReach {
        if scriptURL != nil || detectsAutomatically { return .proxied(isAssumed: true) }
        guard let fixed, fixed.proxy(for: server.scheme) != nil else { return .none }
        return fixed.bypasses(server) ? .bypassed : .proxied(isAssumed: false)
    }
}

extension StaticProxy {
    /// The proxy for a scheme: the one for all, or that of its scheme in a list such as `http=one:80;https=two:80`.
    func proxy(for scheme: ServerURL.Scheme) -> String? {
        for entry in proxy.split(whereSeparator: { $0 == ";" || $0 == " " || $0 == "\t" }) {
            guard let equals = entry.firstIndex(of: "=") else { return String(entry) }
            if entry[..<equals].lowercased() == scheme.rawValue {
                let name = entry[entry.index(after: equals)...]
                return name.isEmpty ? nil : String(name)
            }
        }
        return nil
    }

    /// Whether the bypass list names this server. An entry is a name or address in which `*` stands for any characters, with or without scheme
    /// before and port behind it, or `<local>`: every name without a dot.
    func bypasses(_ server: ServerURL) -> Bool {
        bypass.split(whereSeparator: { $0 == ";" || $0 == "," || $0.isWhitespace }).contains { entry in
            if entry.lowercased() == "<local>" { return !server.host.contains(".") && !server.host.contains(":") }
            var pattern = Substring(entry.lowercased())
            if let end = pattern.firstRange(of: "://") {
                guard pattern[..<end.lowerBound] == server.scheme.rawValue else { return false }
                pattern = pattern[end.upperBound...]
            }
            if let colon = pattern.lastIndex(of: ":"), pattern.firstIndex(of: ":") == colon || pattern[..<colon].hasSuffix("]") {
                guard pattern[pattern.index(after: colon)...] == String(server.port) else { return false }
                pattern = pattern[..<colon]
            }
            if pattern.hasPrefix("["), pattern.hasSuffix("]") { pattern = pattern.dropFirst().dropLast() }
            return Self.matches(Array(server.host.utf8), Array(pattern.utf8))
        }
    }

    /// Whether a text has the form of a pattern in which `*` stands for any characters, none included. Takes time by the product of both lengths.
    static func matches(_ text: [UInt8], _ pattern: [UInt8]) -> Bool {
        var place = 0
        var position = 0
        var star: (place: Int, position: Int)?
        while place < text.count {
            if position < pattern.count, pattern[position] == UInt8(ascii: "*") {
                star = (place, position)
                position += 1
            } else if position < pattern.count, pattern[position] == text[place] {
                place += 1
                position += 1
            } else if let last = star {
                star = (last.place + 1, last.position)
                place = last.place + 1
                position = last.position + 1
            } else {
                return false
            }
        }
        return pattern[position...].allSatisfy { $0 == UInt8(ascii: "*") }
    }
}
