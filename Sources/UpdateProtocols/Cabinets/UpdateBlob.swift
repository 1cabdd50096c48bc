/// One update document as servers send it to one another: `XmlUpdateBlobCompressed` ([MS-WSUSSS] 2.2.3.7), a cabinet with the document as its
/// one member, in UTF-16 without a byte order mark (observed.md section 0, item 17).
public enum UpdateBlob {
    private static let memberName = "blob"

    /// Whether a cabinet is one: the member's name says so.
    public static func isBlob(_ cabinet: CabinetReader) -> Bool {
        cabinet.members.count == 1 && cabinet.members[0].name == memberName
    }

    /// Hands over the document in UTF-8, as a server sends it where it does not compress it: the same document has the same bytes both ways.
    public static func read(_ cabinet: CabinetReader, _ take: (UnsafeRawBufferPointer) throws -> Void) throws {
        let member = try cabinet.member(memberName)
        var text = UTF16Text()
        try cabinet.read(member) { bytes in
            guard text.feed(bytes) else { throw fault(member) }
            try text.take(take)
        }
        guard text.isComplete else { throw fault(member) }
    }

    private static func fault(_ member: CabinetMember) -> CabinetError {
        CabinetError(.malformed, member: member.name, "it is not UTF-16, least significant byte first")
    }
}

/// UTF-16, least significant byte first, that arrives in pieces and leaves as UTF-8.
struct UTF16Text {
    /// The first byte of a unit whose second is in the next piece.
    private var half: UInt8?
    /// The first unit of a pair whose second is to come.
    private var high: UInt16?
    private var isAtStart = true
    private var written: [UInt8] = []

    /// Nothing is left over: no half unit, no half pair.
    var isComplete: Bool { half == nil && high == nil }

    /// Returns whether the bytes are UTF-16 so far.
    mutating func feed(_ bytes: UnsafeRawBufferPointer) -> Bool {
        for byte in bytes {
            guard let low = half else {
                half = byte
                continue
            }
            half = nil
            guard add(UInt16(byte) << 8 | UInt16(low)) else { return false }
        }
        return true
    }

    /// Hands over what was written since the last time.
    mutating func take(_ body: (UnsafeRawBufferPointer) throws -> Void) rethrows {
        defer { written.removeAll(keepingCapacity: true) }
        try written.withUnsafeBytes { try body($0) }
    }

    private mutating func add(_ unit: UInt16) -> Bool {
        defer { isAtStart = false }
        // A byte order mark is no part of the text.
        if isAtStart, unit == 0xfeff { return true }
        switch (high, unit) {
        case (nil, 0xd800...0xdbff): high = unit
        case (let first?, 0xdc00...0xdfff):
            high = nil
            add(UInt32(first - 0xd800) << 10 + UInt32(unit - 0xdc00) + 0x1_0000)
        case (nil, 0xdc00...0xdfff), (_?, _): return false
        default: add(UInt32(unit))
        }
        return true
    }

    private mutating func add(_ scalar: UInt32) {
        func part(_ shift: UInt32) -> UInt8 { UInt8(scalar >> shift & 0x3f | 0x80) }
        switch scalar {
        case ..<0x80: written.append(UInt8(scalar))
        case ..<0x800: written += [UInt8(scalar >> 6 | 0xc0), part(0)]
        case ..<0x1_0000: written += [UInt8(scalar >> 12 | 0xe0), part(6), part(0)]
        default: written += [UInt8(scalar >> 18 | 0xf0), part(12), part(6), part(0)]
        }
    }
}
