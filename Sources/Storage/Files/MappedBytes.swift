/// A part of a mapped file, which stays mapped for as long as this is kept.
public struct MappedBytes: Sendable {
    public let count: Int
    private let file: MappedFile
    private let offset: Int64

    /// Nothing where the part is not inside what is mapped.
    init?(_ file: MappedFile, offset: Int64, count: Int) {
        guard file.withBytes(at: offset, count: count, { _ in true }) == true else { return nil }
        self.file = file
        self.offset = offset
        self.count = count
    }

    /// Calls `body` with the bytes of `range`, cut to what there is. They are read from disk as they are touched.
    public func withBytes<Result>(_ range: Range<Int>, _ body: (UnsafeRawBufferPointer) throws -> Result) rethrows -> Result {
        let range = range.clamped(to: 0..<count)
        let done = try file.withBytes(at: offset + Int64(range.lowerBound), count: range.count, body)
        return try done ?? body(UnsafeRawBufferPointer(start: nil, count: 0))
    }
}

/// A fragment that stands ready for the wire.
public struct ReadyBlocks: Sendable {
    /// Bytes of its escaped text.
    public let textCount: Int
    /// As they are sent.
    public let bytes: MappedBytes
}
