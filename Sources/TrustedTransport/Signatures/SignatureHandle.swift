import COpenSSL

/// A signature or timestamp whose mathematics OpenSSL has found right; whether its signer is one to trust is not said by that.
final class SignatureHandle {
    private let signature: OpaquePointer

    private init(_ signature: OpaquePointer) {
        self.signature = signature
    }

    deinit {
        copenssl_signature_free(signature)
    }

    /// - Parameter der: of a signature on a file, with at most seven bytes of padding.
    convenience init(der: [UInt8]) throws(SignatureRefusal) {
        var signature: OpaquePointer?
        let result = copenssl_signature_read(der, der.count, &signature)
        guard result == COPENSSL_OK, let signature else { throw Self.refusal(result, .signature, "the signature") }
        self.init(signature)
    }

    /// What was signed, in DER form.
    var content: [UInt8] {
        var length = 0
        return Array(UnsafeBufferPointer(start: copenssl_signature_content(signature, &length), count: length))
    }

    /// Of the signature itself, as against the file's.
    var digest: DigestAlgorithm? {
        switch copenssl_signature_digest(signature) {
        case COPENSSL_SHA1: .sha1
        case COPENSSL_SHA256: .sha256
        case COPENSSL_SHA384: .sha384
        case COPENSSL_SHA512: .sha512
        default: nil
        }
    }

    /// The timestamp over this signature with its time in seconds since 1970; nothing where it has none.
    func timestamp() throws(SignatureRefusal) -> (handle: SignatureHandle, time: Int64)? {
        var timestamp: OpaquePointer?
        var time: Int64 = 0
        let result = copenssl_signature_timestamp(signature, &timestamp, &time)
        if result == COPENSSL_ABSENT { return nil }
        guard result == COPENSSL_OK, let timestamp else { throw Self.refusal(result, .timestamp, "the timestamp") }
        return (SignatureHandle(timestamp), time)
    }

    /// Of a timestamp: whether it names what it is over, or is signed, by SHA-1.
    var isTimestampBySHA1: Bool { copenssl_timestamp_is_by_sha1(signature) != 0 }

    /// Says which of the anchors the signer's certificate leads to, as of a time in seconds since 1970, and whether a certificate on the way there is
    /// signed with SHA-1.
    func anchor(
        among anchors: [SigningTrust.Anchor], for purpose: copenssl_purpose, at time: Int64, _ what: String
    ) throws(SignatureRefusal) -> (anchor: SigningTrust.Anchor, isBySHA1: Bool) {
        guard let set = copenssl_anchors_new() else { throw Self.refusal(COPENSSL_NO_MEMORY, .untrusted, what) }
        defer { copenssl_anchors_free(set) }
        for anchor in anchors {
            let result = copenssl_anchors_add(set, anchor.der, anchor.der.count)
            guard result == COPENSSL_OK else { throw Self.refusal(result, .untrusted, "a trusted certificate") }
        }
        var index = 0
        var isBySHA1: Int32 = 0
        var text: UnsafePointer<CChar>?
        let result = copenssl_chain(signature, set, purpose, time, &index, &isBySHA1, &text)
        guard result == COPENSSL_OK, anchors.indices.contains(index) else {
            let code: SignatureRefusal.Code =
                switch result {
                case COPENSSL_PURPOSE: .purpose
                case COPENSSL_WEAK: .weak
                default: .untrusted
                }
            throw SignatureRefusal(code, "\(what) is by \(signer): \(text.map { String(cString: $0) } ?? "it is not trusted")")
        }
        return (anchors[index], isBySHA1 != 0)
    }

    /// Whether a timestamp does not let the signature outlive its certificate.
    var isForLifetime: Bool { copenssl_is_for_lifetime(signature) != 0 }

    /// The signer's common name, as its certificate has it.
    var signer: String { Self.text { copenssl_name(signature, 0, $0, $1) } ?? organisation ?? "a signer without a name" }
    var organisation: String? { Self.text { copenssl_name(signature, 1, $0, $1) } }

    /// What a function of C writes into a buffer; nothing where it writes nothing.
    static func text(_ write: (UnsafeMutablePointer<CChar>, Int) -> Int) -> String? {
        withUnsafeTemporaryAllocation(of: CChar.self, capacity: 512) { buffer in
            guard let start = buffer.baseAddress else { return nil }
            let count = write(start, buffer.count)
            return count > 0 ? String(decoding: UnsafeRawBufferPointer(rebasing: UnsafeRawBufferPointer(buffer)[..<count]), as: UTF8.self) : nil
        }
    }

    private static func refusal(_ result: copenssl_result, _ bad: SignatureRefusal.Code, _ what: String) -> SignatureRefusal {
        switch result {
        case COPENSSL_SIGNERS: SignatureRefusal(bad == .timestamp ? bad : .malformed, "\(what) is not by one signer whose certificate is with it")
        case COPENSSL_WEAK: SignatureRefusal(bad == .timestamp ? bad : .weak, "\(what) is by a digest or key that proves nothing any more")
        case COPENSSL_BAD_SIGNATURE: SignatureRefusal(bad, "\(what) is not its signer's, or is over something else")
        case COPENSSL_NO_MEMORY: SignatureRefusal(.unreadable, "no memory")
        default: SignatureRefusal(bad == .timestamp ? bad : .malformed, "\(what) cannot be read")
        }
    }
}
