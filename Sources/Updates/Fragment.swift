/// The pieces of a document that agents are given ([MS-WUSP] 3.1.1.1; observed.md section 4).
public enum FragmentKind: Hashable, Sendable {
    case core
    case extended
    /// The language as the document spells it.
    case localizedProperties(language: String)
    /// One licence text's reference; `geoID` is empty for the rest of the world.
    case eula(language: String, geoID: String)
}

/// Bytes in pieces of bounded size, so that a fragment of 47 MB grows without ever being copied whole.
public struct ChunkedBytes: Sendable, Hashable {
    public static let chunkSize = 1 << 20

    public private(set) var chunks: [[UInt8]] = []
    public private(set) var count = 0

    public init() {}

    public init(_ bytes: some Sequence<UInt8>) {
        append(contentsOf: bytes)
    }

    public mutating func append(contentsOf bytes: UnsafeRawBufferPointer) {
        var rest = bytes[...]
        while !rest.isEmpty {
            if chunks.isEmpty || chunks[chunks.count - 1].count == Self.chunkSize {
                chunks.append([])
                if chunks.count > 1 { chunks[chunks.count - 1].reserveCapacity(Self.chunkSize) }
            }
            let part = rest.prefix(Self.chunkSize - chunks[chunks.count - 1].count)
            chunks[chunks.count - 1].append(contentsOf: part)
            rest = rest.dropFirst(part.count)
        }
        count += bytes.count
    }

    public mutating func append(contentsOf bytes: some Sequence<UInt8>) {
        let done: Void? = bytes.withContiguousStorageIfAvailable { append(contentsOf: UnsafeRawBufferPointer($0)) }
        if done == nil { Array(bytes).withUnsafeBytes { append(contentsOf: $0) } }
    }

    public mutating func append(_ byte: UInt8) {
        withUnsafeBytes(of: byte) { append(contentsOf: $0) }
    }

    /// Moves the bytes of `other` to the end. Its chunks are given back one by one, so that at no time all of them are held twice.
    public mutating func append(draining other: inout ChunkedBytes) {
        if count == 0 {
            swap(&self, &other)
            return
        }
        var rest = other.chunks
        other = ChunkedBytes()
        rest.reverse()
        while let chunk = rest.popLast() { append(contentsOf: chunk) }
    }

    /// All bytes in one array: a copy.
    public var bytes: [UInt8] {
        var bytes: [UInt8] = []
        bytes.reserveCapacity(count)
        for chunk in chunks { bytes.append(contentsOf: chunk) }
        return bytes
    }

    public static func == (left: Self, right: Self) -> Bool {
        guard left.count == right.count else { return false }
        // Chunks of equal content are cut alike: every chunk but the last is full.
        return left.chunks == right.chunks
    }
}

/// A fragment with its kind.
public struct Fragment: Hashable, Sendable {
    public let kind: FragmentKind
    public let bytes: ChunkedBytes

    public init(kind: FragmentKind, bytes: ChunkedBytes) {
        self.kind = kind
        self.bytes = bytes
    }
}
