import COpenSSL
import FuzzTarget
import Updates

/// A file of any bytes has a layout or is refused, and what its signature covers is what it must be; a signature of any bytes is read or refused,
/// and one that is read can be asked everything.
struct Memory: ByteSource {
    let bytes: [UInt8]

    var size: Int64 { Int64(bytes.count) }

    func read(into buffer: UnsafeMutableRawBufferPointer, at offset: Int64) throws(SignatureRefusal) {
        require(offset >= 0 && Int(offset) + buffer.count <= bytes.count, "read beyond the end")
        bytes.withUnsafeBytes { buffer.copyMemory(from: UnsafeRawBufferPointer(rebasing: $0[Int(offset)..<Int(offset) + buffer.count])) }
    }
}

func judge(_ der: [UInt8]) {
    guard let handle = try? SignatureHandle(der: der) else { return }
    _ = try? IndirectData(der: handle.content)
    _ = (handle.digest, handle.signer, handle.organisation, handle.isForLifetime)
    _ = try? handle.timestamp()?.handle.signer
    require((try? handle.anchor(among: [], for: COPENSSL_CODE_SIGNING, at: 0, "it")) == nil, "trusted without an anchor")
}

fuzz { start, count in
    let input = Memory(bytes: bytes(start, count))
    judge(input.bytes)
    _ = try? IndirectData(der: input.bytes)
    guard let layout = try? SignedLayout(of: input) else { return 0 }
    var end: Int64 = 0
    for range in layout.covered {
        require(range.lowerBound >= end && !range.isEmpty, "ranges out of order")
        end = range.upperBound
    }
    require(end <= input.size, "more is covered than there is")
    if let place = layout.signature {
        require(place.lowerBound >= end && place.upperBound <= input.size, "a signature that covers itself")
        require(layout.covered.reduce(0) { $0 + $1.upperBound - $1.lowerBound } + 64 >= place.lowerBound, "much that is not covered")
        judge(Array(input.bytes[Int(place.lowerBound)..<Int(place.upperBound)]))
    }
    return 0
}
