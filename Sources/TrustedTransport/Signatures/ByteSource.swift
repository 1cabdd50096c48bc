/// Where the bytes of a file are read from: a descriptor, or memory.
protocol ByteSource {
    /// In bytes.
    var size: Int64 { get }
    /// Fills the buffer from `offset` on, which lies within ``size`` with all of it.
    func read(into buffer: UnsafeMutableRawBufferPointer, at offset: Int64) throws(SignatureRefusal)
}

extension ByteSource {
    /// - Throws: ``SignatureRefusal`` where the file has no such bytes.
    func bytes(_ range: Range<Int64>) throws(SignatureRefusal) -> LittleEndianBytes {
        guard range.lowerBound >= 0, range.upperBound <= size else { throw SignatureRefusal(.malformed, "the file is shorter than it says") }
        var bytes = [UInt8](repeating: 0, count: range.count)
        var failure: SignatureRefusal?
        bytes.withUnsafeMutableBytes { buffer in
            do throws(SignatureRefusal) { try read(into: buffer, at: range.lowerBound) } catch { failure = error }
        }
        if let failure { throw failure }
        return LittleEndianBytes(bytes: bytes)
    }
}

/// A piece of a file with numbers in little-endian order.
struct LittleEndianBytes {
    let bytes: [UInt8]

    /// The number of two bytes there; whoever asks knows that they are there.
    func uint16(_ offset: Int) -> UInt16 { UInt16(bytes[offset]) | UInt16(bytes[offset + 1]) << 8 }
    func uint32(_ offset: Int) -> UInt32 { UInt32(uint16(offset)) | UInt32(uint16(offset + 2)) << 16 }
}
