import CryptoExtras
import X509

/// RSA, which devices get from other CAs only.
enum RSAKeys {
    static func bits(of key: Certificate.PublicKey) -> Int? { _RSA.Signing.PublicKey(key)?.keySizeInBits }

    /// For a request to a CA that signs no other.
    static func make() throws -> Certificate.PrivateKey { Certificate.PrivateKey(try _RSA.Signing.PrivateKey(keySize: .bits3072)) }
}
