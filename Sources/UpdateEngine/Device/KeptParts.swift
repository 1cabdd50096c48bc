import Synchronization
import UpdateProtocols
import Updates

/// Parts of answers that were made and may be asked for again, up to a number of bytes; what was used longest ago makes room.
///
/// Safe from any thread. One thread makes a part; those who need the same meanwhile wait for it.
public final class KeptParts: Sendable {
    public static let defaultLimit = 64 << 20
    /// Parts at most, however small.
    static let countLimit = 20_000
    /// What a part costs besides its bytes: its place, its key's tables.
    private static let overhead = 512

    /// All that a part depends on.
    struct Key: Hashable, Sendable {
        enum Content: Hashable, Sendable {
            case newUpdates(DeviceOperation, [ScannedUpdate])
            case extended([GetExtendedUpdateInfo.Piece], [FileLocation], [RevisionID])
            case extended2([GetExtendedUpdateInfo.Piece], [FileLocation], [GetExtendedUpdateInfo2.EncryptionDetail])

            var hasFragments: Bool {
                switch self {
                case .newUpdates(_, let updates): !updates.isEmpty
                case .extended(let pieces, _, _), .extended2(let pieces, _, _): !pieces.isEmpty
                }
            }
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

    /// By key, and in a ring by use: the oldest is found at once, however many there are.
    private struct Contents {
        private struct Entry {
            let key: Key
            let part: Part
            /// Nothing while it is being made: then it does not make room.
            var cost: Int?
            var older: Int
            var newer: Int
        }

        private var slots: [Key: Int] = [:]
        private var entries: [Entry?] = []
        private var free: [Int] = []
        private var oldest = -1
        private var newest = -1
        private(set) var bytes = 0
        var count: Int { slots.count }

        subscript(key: Key) -> Part? { slots[key].flatMap { entries[$0]?.part } }

        /// The part, which counts as used now.
        mutating func use(_ key: Key) -> Part? {
            guard let slot = slots[key], let part = entries[slot]?.part else { return nil }
            if slot != newest {
                unlink(slot)
                link(slot)
            }
            return part
        }

        mutating func insert(_ key: Key, _ part: Part) {
            let entry = Entry(key: key, part: part, cost: nil, older: -1, newer: -1)
            let slot: Int
            if let known = free.popLast() {
                slot = known
                entries[slot] = entry
            } else {
                slot = entries.count
                entries.append(entry)
            }
            slots[key] = slot
            link(slot)
        }

        mutating func setCost(_ cost: Int, of key: Key) {
            guard let slot = slots[key] else { return }
            bytes += cost - (entries[slot]?.cost ?? 0)
            entries[slot]?.cost = cost
        }

        mutating func remove(_ key: Key) {
            guard let slot = slots.removeValue(forKey: key) else { return }
            unlink(slot)
            bytes -= entries[slot]?.cost ?? 0
            entries[slot] = nil
            free.append(slot)
        }

        /// Removes what was used longest ago until no more is held than allowed; what is being made stays, and so does `kept`.
        mutating func makeRoom(bytes limit: Int, count most: Int, keeping kept: Key) {
            let spared = slots[kept]
            var slot = oldest
            while bytes > limit || count > most, slot >= 0, let entry = entries[slot] {
                if entry.cost != nil, slot != spared { remove(entry.key) }
                slot = entry.newer
            }
        }

        private mutating func link(_ slot: Int) {
            entries[slot]?.older = newest
            entries[slot]?.newer = -1
            if newest >= 0 { entries[newest]?.newer = slot } else { oldest = slot }
            newest = slot
        }

        private mutating func unlink(_ slot: Int) {
            guard let entry = entries[slot] else { return }
            if entry.older >= 0 { entries[entry.older]?.newer = entry.newer } else { oldest = entry.newer }
            if entry.newer >= 0 { entries[entry.newer]?.older = entry.older } else { newest = entry.older }
        }
    }

    private let limit: Int
    private let contents = Mutex(Contents())

    init(limit: Int) {
        self.limit = limit
    }

    /// Bytes of all that is kept.
    var bytes: Int { contents.withLock { $0.bytes } }
    var count: Int { contents.withLock { $0.count } }

    /// A part that is kept; nothing for one that is not, or is only being made.
    func find(_ key: Key) -> AnswerWriter? {
        let part = contents.withLock { $0.use(key) }
        return part?.writer.withLockIfAvailable { $0 } ?? nil
    }

    /// A part that is kept, or made now. Blocks while another thread makes it.
    func value(_ key: Key, _ make: () throws -> AnswerWriter) throws -> AnswerWriter {
        let part = contents.withLock { contents in
            if let known = contents.use(key) { return known }
            let part = Part()
            contents.insert(key, part)
            return part
        }
        return try part.writer.withLock { held in
            if let held { return held }
            do {
                var made = try make()
                made.settle()
                held = made
                keep(key, part, cost: Self.overhead + key.cost + made.bytesInMemory)
                return made
            } catch {
                contents.withLock { if $0[key] === part { $0.remove(key) } }
                throw error
            }
        }
    }

    private func keep(_ key: Key, _ part: Part, cost: Int) {
        contents.withLock { contents in
            guard contents[key] === part else { return }
            // One part is not worth all the others.
            guard cost <= limit / 4 else { return contents.remove(key) }
            contents.setCost(cost, of: key)
            contents.makeRoom(bytes: limit, count: Self.countLimit, keeping: key)
        }
    }
}
