import Synchronization
import UpdateProtocols
import Updates

/// Parts of answers that were made and may be asked for again, up to a number of bytes; what was used longest ago makes room.
///
/// Safe from any thread. One thread makes a part; those who need the same meanwhile wait for it.
public final class KeptParts: Sendable {
    public static let defaultLimit = 64 << 20

    /// All that a part depends on.
    struct Key: Hashable, Sendable {
        enum Content: Hashable, Sendable {
            case newUpdates(DeviceOperation, [ScannedUpdate])
            case extended([GetExtendedUpdateInfo.Piece], [FileLocation], [RevisionID])
            case extended2([GetExtendedUpdateInfo.Piece], [FileLocation], [GetExtendedUpdateInfo2.EncryptionDetail])
        }

        let content: Content
        let form: AnswerForm
        /// Of ``FragmentTexts``.
        let version: Int

        /// About what it holds in memory, in bytes.
        var cost: Int {
            switch content {
            case .newUpdates(_, let updates):
                updates.reduce(0) { $0 + MemoryLayout<ScannedUpdate>.stride + $1.hardwareIDs.reduce(0) { $0 + 16 + $1.utf8.count } }
            case .extended(let pieces, let locations, let outOfScope): Self.cost(of: pieces, locations) + outOfScope.count * 4
            case .extended2(let pieces, let locations, let details): Self.cost(of: pieces, locations) + details.count * 32
            }
        }

        private static func cost(of pieces: [GetExtendedUpdateInfo.Piece], _ locations: [FileLocation]) -> Int {
            pieces.count * MemoryLayout<GetExtendedUpdateInfo.Piece>.stride + locations.reduce(0) { $0 + 128 + $1.url.utf8.count }
        }
    }

    private final class Part: Sendable {
        let writer = Mutex<AnswerWriter?>(nil)
    }

    private struct Entry {
        let part: Part
        /// Nothing while it is being made.
        var cost: Int?
        var used: UInt64
    }

    private struct Contents {
        var entries: [Key: Entry] = [:]
        var bytes = 0
        var uses: UInt64 = 0

        mutating func part(_ key: Key, orInsert new: @autoclosure () -> Part?) -> Part? {
            uses += 1
            entries[key]?.used = uses
            if let known = entries[key] { return known.part }
            guard let part = new() else { return nil }
            entries[key] = Entry(part: part, cost: nil, used: uses)
            return part
        }

        mutating func remove(_ key: Key) {
            bytes -= entries.removeValue(forKey: key)?.cost ?? 0
        }
    }

    private let limit: Int
    private let contents = Mutex(Contents())

    init(limit: Int) {
        self.limit = limit
    }

    /// Bytes of all that is kept.
    var bytes: Int { contents.withLock { $0.bytes } }

    /// A part that is kept; nothing for one that is not, or is only being made.
    func find(_ key: Key) -> AnswerWriter? {
        let part = contents.withLock { $0.part(key, orInsert: nil) }
        return part?.writer.withLockIfAvailable { $0 } ?? nil
    }

    /// A part that is kept, or made now. Blocks while another thread makes it.
    func value(_ key: Key, _ make: () throws -> AnswerWriter) throws -> AnswerWriter {
        guard let part = contents.withLock({ $0.part(key, orInsert: Part()) }) else { return try make() }
        return try part.writer.withLock { held in
            if let held { return held }
            do {
                var made = try make()
                made.settle()
                held = made
                keep(key, part, cost: key.cost + made.bytesInMemory)
                return made
            } catch {
                contents.withLock { if $0.entries[key]?.part === part { $0.remove(key) } }
                throw error
            }
        }
    }

    private func keep(_ key: Key, _ part: Part, cost: Int) {
        contents.withLock { contents in
            guard contents.entries[key]?.part === part else { return }
            // One part is not worth all the others.
            guard cost <= limit / 4 else { return contents.remove(key) }
            contents.entries[key]?.cost = cost
            contents.bytes += cost
            while contents.bytes > limit {
                let oldest = contents.entries.filter { $0.value.cost != nil && $0.key != key }.min { $0.value.used < $1.value.used }
                guard let oldest else { return }
                contents.remove(oldest.key)
            }
        }
    }
}
