import ArgumentParser

/// `PORT`, `ADDRESS:PORT` or `[ADDRESS]:PORT`.
struct ListenAddress: Equatable {
    let address: String?
    let port: Int

    init(_ text: String) throws {
        let refusal = ValidationError("\(text) is neither PORT nor ADDRESS:PORT")
        let digits = text.lastIndex(of: ":").map { text[text.index(after: $0)...] } ?? text[...]
        guard !digits.isEmpty, digits.utf8.allSatisfy({ (0x30...0x39).contains($0) }), let port = Int(digits), port <= 65535 else { throw refusal }
        self.port = port
        guard let colon = text.lastIndex(of: ":") else {
            address = nil
            return
        }
        var host = text[..<colon]
        if host.hasPrefix("["), host.hasSuffix("]") { host = host.dropFirst().dropLast() } else if host.contains(":") { throw refusal }
        guard !host.isEmpty else { throw refusal }
        address = String(host)
    }
}
