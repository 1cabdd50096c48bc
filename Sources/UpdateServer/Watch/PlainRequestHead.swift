/// What is looked at of a plain request: its line and a few fields. It reads leniently, since nothing is served by it, and holds at most
/// ``limit`` bytes.
struct PlainRequestHead {
    /// Bytes of a request line and its fields.
    static let limit = 16 << 10

    let method: String
    let target: String
    let agent: String
    let via: String
    let forwarded: String
    let forwardedFor: String
    /// It carries a SOAP call, by what its fields say.
    let isSOAP: Bool
    let isSOAP12: Bool

    /// - Parameter bytes: up to and with the empty line. Nothing for what is no HTTP.
    init?(_ bytes: some Collection<UInt8>) {
        let lines = bytes.split(separator: UInt8(ascii: "\n"), maxSplits: 200, omittingEmptySubsequences: false)
        guard let first = lines.first else { return nil }
        let words = first.split(separator: UInt8(ascii: " "))
        guard words.count == 3, words[2].starts(with: "HTTP/1.".utf8), !words[0].isEmpty, words[0].count <= 32,
            words[0].allSatisfy({ (UInt8(ascii: "A")...UInt8(ascii: "Z")).contains($0) })
        else { return nil }
        method = String(decoding: words[0], as: UTF8.self)
        target = String(decoding: words[1], as: UTF8.self)
        var fields: [String: String] = [:]
        for line in lines.dropFirst() {
            guard let colon = line.firstIndex(of: UInt8(ascii: ":")) else { continue }
            let name = String(decoding: line[..<colon], as: UTF8.self).lowercased()
            guard Self.names.contains(name) else { continue }
            let value = String(decoding: line[line.index(after: colon)...].filter { $0 != UInt8(ascii: "\r") }, as: UTF8.self)
            let trimmed = String(value.drop { $0 == " " || $0 == "\t" })
            fields[name] = fields[name].map { $0 + ", " + trimmed } ?? trimmed
        }
        agent = fields["user-agent"] ?? ""
        via = fields["via"] ?? ""
        forwarded = fields["forwarded"] ?? ""
        forwardedFor = fields["x-forwarded-for"] ?? ""
        let mediaType = fields["content-type"]?.lowercased() ?? ""
        isSOAP12 = mediaType.hasPrefix("application/soap+xml")
        isSOAP = isSOAP12 || method == "POST" && (fields["soapaction"] != nil || mediaType.hasPrefix("text/xml"))
    }

    private static let names: Set<String> = ["user-agent", "via", "forwarded", "x-forwarded-for", "content-type", "soapaction"]

    /// Where the head ends in what has come: after the first empty line.
    static func end(of bytes: some Sequence<UInt8>) -> Int? {
        var end = End()
        return end.take(bytes)
    }

    /// Finds the end of a head whose bytes come in pieces, and looks at each byte once.
    struct End {
        private var offset = 0
        private var lineLength = 0

        /// The end, in bytes from the first that was ever given. After it nothing is to be given any more.
        mutating func take(_ bytes: some Sequence<UInt8>) -> Int? {
            for byte in bytes {
                offset += 1
                switch byte {
                case UInt8(ascii: "\n"):
                    if lineLength == 0 { return offset }
                    lineLength = 0
                case UInt8(ascii: "\r"): break
                default: lineLength += 1
                }
            }
            return nil
        }
    }
}
