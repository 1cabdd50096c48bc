import Glibc

/// Where an entry stands in append-only files.
struct FilePosition: Hashable, Sendable {
    var file: Int
    var offset: Int64
}

/// Numbered files of one folder that only grow: the document files, and the fragment pack.
///
/// Bytes are written past the committed length and belong to nothing until the database has committed the new length, in the same
/// transaction as the rows that point at them. What lies past it after a crash is cut off when the home is opened.
struct AppendOnlyFiles: Sendable {
    /// A file that has reached this many bytes takes no further entry.
    static let defaultRollover: Int64 = 256 << 20

    let folder: String
    let suffix: String
    private let rollover: Int64
    private let isDurable: Bool
    /// Called with the bytes about to be written; tests make it fail as a full disk does.
    private let willWrite: @Sendable (Int) throws -> Void

    /// Lengths the database knows, by file number.
    private(set) var committed: [Int: Int64]
    /// Lengths with what was written since.
    private(set) var lengths: [Int: Int64]
    private var open: (number: Int, file: OpenFile)?
    private var unsynced: [OpenFile] = []
    private var hasNewFile = false
    /// The file that takes the next entry.
    private var current: Int
    /// No entry goes to a file before this one: they have lost bytes.
    private var firstUsable = 1

    init(
        folder: String, suffix: String, committed: [Int: Int64], rollover: Int64 = defaultRollover, isDurable: Bool = true,
        willWrite: @escaping @Sendable (Int) throws -> Void = { _ in }
    ) throws(StorageError) {
        self.folder = folder
        self.suffix = suffix
        self.rollover = rollover
        self.isDurable = isDurable
        self.willWrite = willWrite
        self.committed = committed
        lengths = committed
        current = committed.keys.max() ?? 1
        try Folder.make(folder)
        try recover()
    }

    func path(of number: Int) -> String { Self.path(folder, suffix, number) }

    /// `000001.pack`: needs no state, so that readers wait for no writer.
    static func path(_ folder: String, _ suffix: String, _ number: Int) -> String {
        let digits = String(number)
        return "\(folder)/\(String(repeating: "0", count: max(0, 6 - digits.count)))\(digits).\(suffix)"
    }

    /// Cuts off what was never committed. A file that lost committed bytes is left alone, and a new one takes what comes.
    private mutating func recover() throws(StorageError) {
        var uncommitted = current + 1
        while unlink(path(of: uncommitted)) == 0 { uncommitted += 1 }
        guard let length = committed[current] else {
            unlink(path(of: current))
            return
        }
        guard let file = try? OpenFile(path(of: current), O_RDWR), try file.size() >= length else {
            current += 1
            firstUsable = current
            return
        }
        if try file.size() > length { try file.truncate(to: length) }
    }

    /// Where the entry stands whose bytes are written next.
    mutating func startEntry() throws(StorageError) -> FilePosition {
        if lengths[current, default: 0] >= rollover {
            current += 1
            open = nil
        }
        if open?.number != current {
            let isNew = lengths[current] == nil
            let file = try OpenFile(path(of: current), isNew ? O_RDWR | O_CREAT | O_TRUNC | O_NOFOLLOW : O_RDWR | O_NOFOLLOW)
            open = (current, file)
            if isNew {
                lengths[current] = 0
                hasNewFile = true
            }
        }
        if let file = open?.file, unsynced.last !== file { unsynced.append(file) }
        return FilePosition(file: current, offset: lengths[current, default: 0])
    }

    /// Appends to the entry that was started last.
    mutating func write(_ bytes: UnsafeRawBufferPointer) throws {
        guard let open, let length = lengths[open.number] else { throw StorageError(.unavailable, "no entry was started in \(folder)") }
        try willWrite(bytes.count)
        try open.file.write(bytes, at: length)
        lengths[open.number] = length + Int64(bytes.count)
    }

    /// Lengths that differ from the committed ones.
    var changes: [Int: Int64] { lengths.filter { committed[$0.key] != $0.value } }

    /// Puts what was written on disk, names too. The database may commit after it, not before.
    mutating func sync() throws(StorageError) {
        guard isDurable else { return }
        for file in unsynced { try file.sync() }
        if hasNewFile { try Folder.sync(folder) }
    }

    /// The database has committed.
    mutating func commit() {
        committed = lengths
        unsynced = []
        hasNewFile = false
    }

    /// The database has not committed: what was written is cut off, or overwritten by what comes next.
    mutating func rollBack() {
        for (number, length) in changes {
            if let kept = committed[number] {
                if length > kept { Glibc.truncate(path(of: number), off_t(kept)) }
            } else {
                unlink(path(of: number))
            }
        }
        // A write that failed may have left a part, which no length counts.
        if let open, let kept = committed[open.number] { Glibc.truncate(path(of: open.number), off_t(kept)) }
        current = max(committed.keys.max() ?? 1, firstUsable)
        lengths = committed
        open = nil
        unsynced = []
        hasNewFile = false
    }
}
