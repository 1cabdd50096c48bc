import SwiftASN1

/// What a signature says of the file it is about (Authenticode, SpcIndirectDataContent).
struct IndirectData: Equatable {
    /// The value of the object identifier that says what the file is.
    let contentType: [UInt8]
    let algorithm: DigestAlgorithm
    let digest: [UInt8]

    /// - Parameter der: a sequence of `data SpcAttributeTypeAndOptionalValue` and `messageDigest DigestInfo`.
    init(der: [UInt8]) throws(SignatureRefusal) {
        let read: (type: [UInt8], algorithm: ASN1ObjectIdentifier, digest: [UInt8])
        do {
            read = try DER.sequence(try DER.parse(der), identifier: .sequence) { nodes in
                let type = try DER.sequence(try Self.next(&nodes), identifier: .sequence, Self.type)
                let (algorithm, digest) = try DER.sequence(try Self.next(&nodes), identifier: .sequence, Self.digest)
                return (type, algorithm, digest)
            }
        } catch {
            throw SignatureRefusal(.malformed, "what the signature says of the file cannot be read")
        }
        guard let algorithm = Self.algorithms[read.algorithm] else { throw SignatureRefusal(.weak, "the file's digest is of an unknown kind") }
        self.algorithm = algorithm
        contentType = read.type
        digest = read.digest
    }

    private static func type(_ nodes: inout ASN1NodeCollection.Iterator) throws -> [UInt8] {
        let type = try ASN1ObjectIdentifier(derEncoded: &nodes)
        // What describes the file further: page hashes, a link that means nothing. The digest covers all of the file.
        _ = nodes.next()
        var serializer = DER.Serializer()
        try serializer.serialize(type)
        // Behind the tag and the length, which has one byte.
        return Array(serializer.serializedBytes.dropFirst(2))
    }

    private static func next(_ nodes: inout ASN1NodeCollection.Iterator) throws -> ASN1Node {
        guard let node = nodes.next() else { throw ASN1Error.invalidASN1Object(reason: "an element is missing") }
        return node
    }

    private static func digest(_ nodes: inout ASN1NodeCollection.Iterator) throws -> (ASN1ObjectIdentifier, [UInt8]) {
        let algorithm = try DER.sequence(try Self.next(&nodes), identifier: .sequence) { nodes in
            let identifier = try ASN1ObjectIdentifier(derEncoded: &nodes)
            // NULL, or nothing.
            _ = nodes.next()
            return identifier
        }
        return (algorithm, Array(try ASN1OctetString(derEncoded: &nodes).bytes))
    }

    private static let algorithms: [ASN1ObjectIdentifier: DigestAlgorithm] = [
        [1, 3, 14, 3, 2, 26]: .sha1,
        [2, 16, 840, 1, 101, 3, 4, 2, 1]: .sha256,
        [2, 16, 840, 1, 101, 3, 4, 2, 2]: .sha384,
        [2, 16, 840, 1, 101, 3, 4, 2, 3]: .sha512,
    ]
}

/// What a signature is over.
public enum DigestAlgorithm: String, Sendable, Codable, CaseIterable {
    case sha1, sha256, sha384, sha512
}
