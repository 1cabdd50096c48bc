import Updates

/// Writes values one after another, without names: what the database keeps in blobs.
struct ByteWriter {
    private(set) var bytes: [UInt8]

    init(_ bytes: [UInt8] = []) {
        self.bytes = bytes
    }

    /// A number in as many bytes as it needs, small ones of either sign in one.
    mutating func number(_ value: Int64) {
        var rest = UInt64(bitPattern: value << 1 ^ value >> 63)
        while rest >= 0x80 {
            bytes.append(UInt8(truncatingIfNeeded: rest) | 0x80)
            rest >>= 7
        }
        bytes.append(UInt8(rest))
    }

    mutating func flag(_ value: Bool) {
        bytes.append(value ? 1 : 0)
    }

    mutating func string(_ value: String) {
        number(Int64(value.utf8.count))
        bytes.append(contentsOf: value.utf8)
    }

    mutating func fixed(_ value: [UInt8]) {
        bytes.append(contentsOf: value)
    }

    mutating func id(_ value: UpdateID) {
        withUnsafeBytes(of: value.high.bigEndian) { bytes.append(contentsOf: $0) }
        withUnsafeBytes(of: value.low.bigEndian) { bytes.append(contentsOf: $0) }
    }

    mutating func optional<Value>(_ value: Value?, _ write: (inout ByteWriter, Value) -> Void) {
        flag(value != nil)
        if let value { write(&self, value) }
    }

    mutating func list<Value>(_ values: [Value], _ write: (inout ByteWriter, Value) -> Void) {
        number(Int64(values.count))
        for value in values { write(&self, value) }
    }
}

/// Reads what ``ByteWriter`` wrote. Anything else throws ``StorageError/Code-swift.enum/corrupt``.
struct ByteReader {
    private var rest: UnsafeRawBufferPointer.SubSequence
    /// Strings are passed over, and read as empty.
    var skipsStrings = false

    init(_ bytes: UnsafeRawBufferPointer) {
        rest = bytes[...]
    }

    var isAtEnd: Bool { rest.isEmpty }

    mutating func number() throws(StorageError) -> Int64 {
        var value: UInt64 = 0
        for shift in stride(from: UInt64(0), to: 64, by: 7) {
            guard let byte = rest.popFirst() else { throw Self.corrupt }
            value |= UInt64(byte & 0x7f) << shift
            if byte < 0x80 { return Int64(bitPattern: value >> 1) ^ -Int64(bitPattern: value & 1) }
        }
        throw Self.corrupt
    }

    mutating func flag() throws(StorageError) -> Bool {
        switch rest.popFirst() {
        case 0: return false
        case 1: return true
        default: throw Self.corrupt
        }
    }

    mutating func string() throws(StorageError) -> String {
        let count = try count()
        defer { rest = rest.dropFirst(count) }
        if skipsStrings { return "" }
        return String(decoding: rest.prefix(count), as: UTF8.self)
    }

    mutating func fixed(_ count: Int) throws(StorageError) -> UnsafeRawBufferPointer.SubSequence {
        guard rest.count >= count else { throw Self.corrupt }
        defer { rest = rest.dropFirst(count) }
        return rest.prefix(count)
    }

    mutating func id() throws(StorageError) -> UpdateID {
        let bytes = UnsafeRawBufferPointer(rebasing: try fixed(16))
        return UpdateID(
            high: UInt64(bigEndian: bytes.loadUnaligned(as: UInt64.self)),
            low: UInt64(bigEndian: bytes.loadUnaligned(fromByteOffset: 8, as: UInt64.self)))
    }

    mutating func optional<Value>(_ read: (inout ByteReader) throws(StorageError) -> Value) throws(StorageError) -> Value? {
        try flag() ? try read(&self) : nil
    }

    mutating func list<Value>(_ read: (inout ByteReader) throws(StorageError) -> Value) throws(StorageError) -> [Value] {
        let count = try count()
        var values: [Value] = []
        values.reserveCapacity(count)
        for _ in 0..<count { values.append(try read(&self)) }
        return values
    }

    /// Everything that is counted takes a byte at least, so no count is greater than what is left.
    private mutating func count() throws(StorageError) -> Int {
        let value = try number()
        guard value >= 0, value <= Int64(rest.count) else { throw Self.corrupt }
        return Int(value)
    }

    static let corrupt = StorageError(.corrupt, "a value of the database cannot be read")
}
