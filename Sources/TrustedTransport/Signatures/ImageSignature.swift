/// Where the signature of a program lies, and what it covers (Microsoft, "Windows Authenticode Portable Executable Signature Format", and the PE
/// format's Attribute Certificate Table).
///
/// Stricter than the loader: what a signature does not cover must have a reason to be there.
enum ImageSignature {
    /// Nothing for what only begins like a program: DOS, OS/2.
    static func layout(of source: some ByteSource) throws(SignatureRefusal) -> SignedLayout? {
        guard source.size >= 64 else { return nil }
        let header = Int64(try source.bytes(60..<64).uint32(0))
        guard header + 24 <= source.size, try source.bytes(header..<header + 4).bytes == [0x50, 0x45, 0, 0] else { return nil }
        // The checksum and the table's place must not lie in the fields that lead to them.
        guard header >= 64 else { throw SignatureRefusal(.malformed, "the headers of the program overlap") }
        let optional = header + 24
        let optionalSize = Int64(try source.bytes(header + 20..<header + 22).uint16(0))
        guard optionalSize >= 2 else { throw SignatureRefusal(.malformed, "the program has no optional header") }
        let directories: Int64
        switch try source.bytes(optional..<optional + 2).uint16(0) {
        case 0x10b: directories = optional + 96
        case 0x20b: directories = optional + 112
        default: throw SignatureRefusal(.malformed, "the program's optional header is of an unknown kind")
        }
        let checksum = optional + 64..<optional + 68
        guard directories - optional <= optionalSize else { throw SignatureRefusal(.malformed, "the program's optional header is too short") }
        let count = try source.bytes(directories - 4..<directories).uint32(0)
        // The fifth directory is that of certificates.
        let entry = directories + 32..<directories + 40
        guard count > 4, entry.upperBound - optional <= optionalSize else {
            return SignedLayout(kind: .image, signature: nil, covered: [0..<checksum.lowerBound, checksum.upperBound..<source.size])
        }
        let place = try source.bytes(entry)
        // Of all directories this one alone has an offset in the file and no address.
        let (start, size) = (Int64(place.uint32(0)), Int64(place.uint32(4)))
        if start == 0, size == 0 {
            return SignedLayout(
                kind: .image, signature: nil,
                covered: [0..<checksum.lowerBound, checksum.upperBound..<entry.lowerBound, entry.upperBound..<source.size])
        }
        return SignedLayout(
            kind: .image, signature: try signature(in: start..<start + size, of: source, after: entry.upperBound),
            covered: [0..<checksum.lowerBound, checksum.upperBound..<entry.lowerBound, entry.upperBound..<start])
    }

    /// The one signature of a certificate table, which is the last thing in the file: what came after it would be covered by nothing.
    private static func signature(
        in table: Range<Int64>, of source: some ByteSource, after headers: Int64
    ) throws(SignatureRefusal) -> Range<Int64> {
        guard table.lowerBound >= headers, table.lowerBound % 8 == 0, table.count > 8, table.upperBound == source.size else {
            throw SignatureRefusal(.malformed, "the program's signature is not at its end")
        }
        guard Int64(table.count) <= SignedLayout.largestSignature else { throw SignatureRefusal(.malformed, "the signature is too large") }
        let header = try source.bytes(table.lowerBound..<table.lowerBound + 8)
        let length = Int64(header.uint32(0))
        guard length > 8, (length + 7) & ~7 == Int64(table.count) || length == Int64(table.count) else {
            throw SignatureRefusal(.malformed, "the program has more than one signature, or something beside it")
        }
        // WIN_CERT_REVISION_2_0, WIN_CERT_TYPE_PKCS_SIGNED_DATA.
        guard header.uint16(4) == 0x0200, header.uint16(6) == 0x0002 else {
            throw SignatureRefusal(.malformed, "the program's signature is of an unknown kind")
        }
        let rest = try source.bytes(table.lowerBound + length..<table.upperBound)
        guard rest.bytes.allSatisfy({ $0 == 0 }) else { throw SignatureRefusal(.malformed, "something stands behind the signature") }
        return table.lowerBound + 8..<table.lowerBound + length
    }
}
