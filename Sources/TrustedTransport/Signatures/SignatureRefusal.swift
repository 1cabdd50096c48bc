/// Why a signature proves nothing.
public struct SignatureRefusal: Error, Hashable, Sendable, CustomStringConvertible {
    public enum Code: String, Sendable, Codable {
        /// The file, or the signature in it, is not built as it must be; or something is hidden where nothing is signed.
        case malformed
        /// The file was changed after it was signed.
        case digest
        /// The signature is not the signer's.
        case signature
        /// It does not lead to a certificate that is trusted for this.
        case untrusted
        /// A certificate that is not for signing programs.
        case purpose
        /// A digest or key that proves nothing any more.
        case weak
        /// The signature's timestamp is no proof.
        case timestamp
        /// The file cannot be read, or changed while it was.
        case unreadable
    }

    public let code: Code
    /// For people; what it repeats of a certificate is made safe by whoever shows it.
    public let message: String

    init(_ code: Code, _ message: String) {
        self.code = code
        self.message = message
    }

    public var description: String { message }
}
