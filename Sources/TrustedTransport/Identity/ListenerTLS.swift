public import NIOCore
import NIOSSL
import Synchronization

/// The TLS of the server's listeners: the only place that configures it.
///
/// TLS 1.2 and 1.3, forward secrecy and AEAD only in the server's order, no renegotiation, HTTP/1.1 only. A client certificate is never
/// asked for: devices have none, and what they say is a claim with or without one.
public final class ListenerTLS: Sendable {
    private let contexts: Mutex<OrderedContexts>

    public init(_ identity: ServerIdentity) throws(TrustError) {
        contexts = Mutex(try Self.makeContexts(identity))
    }

    /// Shows another certificate on connections from now on; those that stand keep the one they began with.
    public func replace(with identity: ServerIdentity) throws(TrustError) {
        let next = try Self.makeContexts(identity)
        contexts.withLock { $0 = next }
    }

    /// Puts TLS into a connection that was just accepted. Call it on the channel's event loop, before any other handler is added.
    public func addHandler(to channel: any Channel) throws {
        try channel.pipeline.syncOperations.addHandler(SuiteOrder(contexts.withLock { $0 }))
    }

    /// Whether a connection failed by its TLS: no handshake came about, or it broke off.
    public static func isTLSFailure(_ error: any Error) -> Bool {
        error is NIOSSLError || error is BoringSSLError
    }

    private static func makeContexts(_ identity: ServerIdentity) throws(TrustError) -> OrderedContexts {
        let chain = try PEM.text(of: identity.certificate.chain)
        let key = try PEM.bytes(of: identity.certificate.key)
        do {
            var configuration = TLSConfiguration.makeServerConfiguration(
                certificateChain: try NIOSSLCertificate.fromPEMBytes(Array(chain.utf8)).map { .certificate($0) },
                privateKey: .privateKey(try NIOSSLPrivateKey(bytes: key, format: .pem)))
            configuration.minimumTLSVersion = .tlsv12
            configuration.maximumTLSVersion = .tlsv13
            configuration.renegotiationSupport = .none
            configuration.certificateVerification = .none
            configuration.applicationProtocols = ["http/1.1"]
            return OrderedContexts(
                choices: try TLSConfiguration.suitesInOrder.map { suites in
                    // One that a client offers for another kind of key is no choice.
                    let suite = identity.certificate.isRSA ? suites.rsa : suites.ecdsa
                    configuration.cipherSuiteValues = [suite]
                    return (suite.rawValue, try NIOSSLContext(configuration: configuration))
                })
        } catch {
            throw TrustError(.certificate, "the server's TLS could not be set up")
        }
    }
}

extension TLSConfiguration {
    /// The suites of TLS 1.2 that are allowed, ours and our agent's; those of TLS 1.3 are all of this kind.
    static let authenticatedSuites: [NIOTLSCipher] = suitesInOrder.flatMap { [$0.ecdsa, $0.rsa] }

    /// In the order a server prefers them: each as it is called with either kind of key.
    static let suitesInOrder: [(ecdsa: NIOTLSCipher, rsa: NIOTLSCipher)] = [
        (.TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256, .TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256),
        (.TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384, .TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384),
        (.TLS_ECDHE_ECDSA_WITH_CHACHA20_POLY1305_SHA256, .TLS_ECDHE_RSA_WITH_CHACHA20_POLY1305_SHA256),
    ]
}
