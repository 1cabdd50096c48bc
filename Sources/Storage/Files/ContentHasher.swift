import Crypto
public import Updates

/// SHA-256 of bytes that come in pieces.
package struct ContentHasher: Sendable {
    private var hash = SHA256()

    package init() {}

    package mutating func update(_ bytes: UnsafeRawBufferPointer) {
        hash.update(bufferPointer: bytes)
    }

    mutating func update(_ bytes: ChunkedBytes) {
        for chunk in bytes.chunks { chunk.withUnsafeBytes { update($0) } }
    }

    /// A length, so that two sequences of pieces with the same bytes in all are told apart.
    mutating func update(length: Int) {
        withUnsafeBytes(of: UInt64(length).bigEndian) { update($0) }
    }

    package func finish() -> Updates.SHA256Digest {
        // Not input: the length is the algorithm's own.
        guard let digest = Updates.SHA256Digest(bytes: hash.finalize()) else { preconditionFailure("SHA-256 has 32 bytes") }
        return digest
    }
}

extension HeldContent {
    /// SHA-256 over the Core fragment and then the Extended one where there is one, each with its length in 8 bytes before it: what
    /// devices evaluate and install, so what may not differ between two sources of one revision (ADR 0003).
    public static func fragmentsDigest(of fragments: [Fragment]) -> Updates.SHA256Digest {
        var hasher = ContentHasher()
        for kind in [FragmentKind.core, .extended] {
            guard let fragment = fragments.first(where: { $0.kind == kind }) else { continue }
            hasher.update(length: fragment.bytes.count)
            hasher.update(fragment.bytes)
        }
        return hasher.finish()
    }
}
