/// Where a file's signature lies and what it covers.
struct SignedLayout: Equatable {
    /// What a signature's content must say that it is about (Authenticode: SpcAttributeTypeAndOptionalValue/type).
    enum Kind: Equatable {
        /// A program or library (Portable Executable).
        case image
        case cabinet

        /// SPC_PE_IMAGE_DATAOBJ and SPC_CAB_DATA_OBJID, as the values of DER.
        var contentType: [UInt8] {
            switch self {
            case .image: [0x2b, 0x06, 0x01, 0x04, 0x01, 0x82, 0x37, 0x02, 0x01, 0x0f]
            case .cabinet: [0x2b, 0x06, 0x01, 0x04, 0x01, 0x82, 0x37, 0x02, 0x01, 0x19]
            }
        }
    }

    let kind: Kind
    /// The DER of the signature, with what pads it; nothing where the file has none.
    let signature: Range<Int64>?
    /// What is hashed, ascending: of a signed file everything but its signature and what signing changed.
    let covered: [Range<Int64>]

    /// Larger signatures are refused unread. The largest are of programs with a digest for each page.
    static let largestSignature: Int64 = 16 << 20

    /// Looks at the first bytes; nothing for a file that is neither.
    ///
    /// - Throws: ``SignatureRefusal`` for one that begins like either and is broken.
    init?(of source: some ByteSource) throws(SignatureRefusal) {
        guard source.size >= 4 else { return nil }
        let start = try source.bytes(0..<4).bytes
        if start == Array("MSCF".utf8) {
            self = try CabinetSignature.layout(of: source)
        } else if start[0] == UInt8(ascii: "M"), start[1] == UInt8(ascii: "Z") {
            guard let layout = try ImageSignature.layout(of: source) else { return nil }
            self = layout
        } else {
            return nil
        }
    }

    init(kind: Kind, signature: Range<Int64>?, covered: [Range<Int64>]) {
        self.kind = kind
        self.signature = signature
        self.covered = covered.filter { !$0.isEmpty }
    }
}
