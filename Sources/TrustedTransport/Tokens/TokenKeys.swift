import Crypto
import Foundation
public import Updates

/// The keys that tokens are sealed with: the newest seals, all of them open.
///
/// The file has a line `martlet token keys 1` and a line `ID MILLISECONDS HEX` a key, oldest first.
public struct TokenKeys: Sendable {
    struct Entry: Sendable {
        let id: UInt32
        let madeAt: Timestamp
        let key: SymmetricKey
    }

    /// Older keys than these are dropped; a device that stayed away for so many of them gets its whole list anew.
    static let limit = 16
    private static let title = "martlet token keys 1"

    let entries: [Entry]
    let newest: Entry

    private init?(_ entries: [Entry]) {
        guard let newest = entries.last else { return nil }
        self.entries = entries
        self.newest = newest
    }

    /// One new key, held in memory only.
    public static func generate(now: Timestamp) -> TokenKeys {
        TokenKeys(adding: Entry(id: 1, madeAt: now, key: SymmetricKey(size: .bits256)), to: [])
    }

    /// Makes a file with one new key, 0600. Refuses to overwrite.
    @discardableResult
    public static func create(at path: String, now: Timestamp) throws(TrustError) -> TokenKeys {
        let keys = generate(now: now)
        try PrivateFile.create(path, keys.text)
        return keys
    }

    /// Reads a file of keys.
    ///
    /// - Throws: ``TrustError/Code/unsafeFile`` where others could read it or another user owns it.
    public static func load(from path: String) throws(TrustError) -> TokenKeys {
        let text = String(decoding: try PrivateFile.read(path, .secret), as: UTF8.self)
        let malformed = TrustError(.malformed, "\(path) does not hold token keys")
        var lines = text.split(separator: "\n", omittingEmptySubsequences: false)[...]
        guard lines.popFirst().map(String.init) == title, lines.popLast()?.isEmpty == true else { throw malformed }
        var entries: [Entry] = []
        for line in lines {
            let parts = line.split(separator: " ", omittingEmptySubsequences: false)
            guard parts.count == 3, let id = UInt32(parts[0]), let madeAt = Int64(parts[1]),
                let bytes = Hexadecimal.bytes(parts[2].utf8), bytes.count == 32, id > entries.last?.id ?? 0
            else { throw malformed }
            entries.append(Entry(id: id, madeAt: Timestamp(millisecondsSince1970: madeAt), key: SymmetricKey(data: bytes)))
        }
        guard let keys = TokenKeys(entries) else { throw malformed }
        return keys
    }

    /// Adds a key to the file, which seals from the next load on. One key is good for 2³² tokens (ADR 0006).
    public static func addKey(at path: String, now: Timestamp) throws(TrustError) -> TokenKeys {
        let held = try load(from: path)
        let (id, isTooLarge) = held.newest.id.addingReportingOverflow(1)
        guard !isTooLarge else { throw TrustError(.malformed, "\(path) has no key id left") }
        let keys = TokenKeys(adding: Entry(id: id, madeAt: now, key: SymmetricKey(size: .bits256)), to: held.entries.suffix(limit - 1))
        try PrivateFile.replace(path, keys.text)
        return keys
    }

    /// When the key that seals was made.
    public var newestMadeAt: Timestamp { newest.madeAt }

    func key(_ id: UInt32) -> SymmetricKey? {
        entries.first { $0.id == id }?.key
    }

    private init(adding newest: Entry, to older: [Entry]) {
        entries = older + [newest]
        self.newest = newest
    }

    private var text: [UInt8] {
        let lines = entries.map { entry in
            "\(entry.id) \(entry.madeAt.millisecondsSince1970) \(entry.key.withUnsafeBytes { Hexadecimal.lowercase($0) })\n"
        }
        return Array("\(Self.title)\n\(lines.joined())".utf8)
    }
}

extension TokenKeys: CustomStringConvertible, CustomDebugStringConvertible, CustomReflectable {
    /// How many, and nothing of them.
    public var description: String { "TokenKeys(\(entries.count))" }
    public var debugDescription: String { description }
    public var customMirror: Mirror { Mirror(self, children: []) }
}
