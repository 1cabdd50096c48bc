import UpdateProtocols

/// Finds the little that a load generator wants of an answer without decoding it.
enum AnswerScan {
    /// What the first part of an answer may be compressed to beside its last: the cookie stands at the end.
    private static let lastBlocks = 2
    private static let encryptedData = Array("EncryptedData>".utf8)
    private static let cookieData = Array("CookieData>".utf8)
    private static let expiration = Array("Expiration>".utf8)
    private static let lastChange = Array("LastChange>".utf8)
    private static let errorCode = Array("ErrorCode>".utf8)
    private static let updateInfo = Array("UpdateInfo>".utf8)

    /// The body in clear; nothing where it cannot be decompressed.
    static func plain(_ answer: HTTPAnswer) -> [UInt8]? {
        guard answer.isXpress else { return answer.body }
        return try? Xpress.decompress(answer.body, limit: min(AgentResponse.longestBody, answer.body.count * AgentResponse.greatestExpansion))
    }

    /// Base64 of the cookie that replaces the one sent. Blocks are compressed apart, so that of a long page only the last ones are looked at.
    static func cookie(_ answer: HTTPAnswer) -> [UInt8]? {
        if answer.isXpress, let tail = tail(of: answer.body), let plain = try? Xpress.decompress(tail, limit: 2 * Xpress.maximumBlockLength),
            let cookie = ByteSearch.text(after: encryptedData, in: plain)
        {
            return Array(cookie)
        }
        return plain(answer).flatMap { ByteSearch.text(after: encryptedData, in: $0) }.map { Array($0) }
    }

    static func authorization(_ plain: [UInt8]) -> [UInt8]? { ByteSearch.text(after: cookieData, in: plain).map { Array($0) } }

    static func expiration(_ plain: [UInt8]) -> String? {
        ByteSearch.text(after: expiration, in: plain).map { String(decoding: $0, as: UTF8.self) }
    }

    static func lastChange(_ plain: [UInt8]) -> String? {
        ByteSearch.text(after: lastChange, in: plain).map { String(decoding: $0, as: UTF8.self) }
    }

    /// The protocol's ErrorCode of a fault.
    static func fault(_ answer: HTTPAnswer) -> SOAPFault.ErrorCode? {
        plain(answer).flatMap { ByteSearch.text(after: errorCode, in: $0) }.flatMap {
            SOAPFault.ErrorCode(rawValue: String(decoding: $0, as: UTF8.self))
        }
    }

    static func hasUpdates(_ plain: [UInt8]) -> Bool { ByteSearch.first(updateInfo, in: plain[...]) != nil }

    /// The last blocks of a compressed body; nothing where it has no more than those.
    private static func tail(of body: [UInt8]) -> [UInt8]? {
        var starts: [Int] = []
        var position = 0
        while position + 8 <= body.count {
            starts.append(position)
            let length = (4..<8).reduce(0) { $0 | Int(body[position + $1]) << (8 * ($1 - 4)) }
            guard length > 0 else { return nil }
            position += 8 + length
        }
        guard position == body.count, starts.count > lastBlocks else { return nil }
        return Array(body[starts[starts.count - lastBlocks]...])
    }
}
