/// Where the signature of a cabinet lies, and what it covers ([MS-CAB] 2.1 for the header).
///
/// A signed cabinet says so in 20 reserved bytes of its header; the signature follows the cabinet. The digest leaves out the second field (a
/// checksum that is always zero), the cabinet's number in its set, the sizes of the reserved areas, and those of the 20 bytes that say where the
/// signature is.
enum CabinetSignature {
    private static let reserved: Int64 = 20
    private static let hasPrevious: UInt16 = 1
    private static let hasNext: UInt16 = 2
    private static let hasReserve: UInt16 = 4

    static func layout(of source: some ByteSource) throws(SignatureRefusal) -> SignedLayout {
        let header = try source.bytes(0..<min(60, source.size))
        guard header.bytes.count >= 36 else { throw SignatureRefusal(.malformed, "the cabinet is cut off") }
        let unsigned = SignedLayout(kind: .cabinet, signature: nil, covered: [0..<source.size])
        let flags = header.uint16(30)
        guard flags & hasReserve != 0, header.bytes.count >= 40, header.uint16(36) == reserved else { return unsigned }
        guard header.bytes.count == 60 else { throw SignatureRefusal(.malformed, "the cabinet is cut off") }
        let (start, size) = (Int64(header.uint32(44)), Int64(header.uint32(48)))
        if start == 0, size == 0 { return unsigned }
        guard size > 0, start + size == source.size, Int64(header.uint32(8)) == start else {
            throw SignatureRefusal(.malformed, "the cabinet's signature does not follow it to the end of the file")
        }
        guard size <= SignedLayout.largestSignature else { throw SignatureRefusal(.malformed, "the signature is too large") }
        // What no digest covers must be what every signed cabinet has there.
        guard header.uint32(4) == 0, header.bytes[38] == 0, header.bytes[39] == 0, header.uint16(34) == 0,
            header.uint32(40) == 0x0010_0000, header.uint32(52) == 0
        else { throw SignatureRefusal(.malformed, "the cabinet's header has values where a signature needs none") }
        // A part of a set would be judged alone and read with others.
        guard flags & (hasPrevious | hasNext) == 0 else { throw SignatureRefusal(.malformed, "the cabinet is a part of a set") }
        guard 60 + 8 * Int64(header.uint16(26)) == Int64(header.uint32(16)), Int64(header.uint32(16)) <= start else {
            throw SignatureRefusal(.malformed, "the cabinet's files do not follow its folders")
        }
        return SignedLayout(kind: .cabinet, signature: start..<source.size, covered: [0..<4, 8..<34, 56..<start])
    }
}
