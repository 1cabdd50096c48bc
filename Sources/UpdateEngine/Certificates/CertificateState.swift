import Synchronization
import TrustedTransport
import Updates

/// What a running server knows of its certificates beside what is on disk.
final class CertificateState: Sendable {
    typealias Show = @Sendable (ServerIdentity) throws -> Void

    struct Running {
        /// Gives a certificate to the listener.
        var show: Show?
        /// What the listener shows.
        var shown: SHA256Digest?
        var clock = ClockWatch()
        /// What was last said in the log, and when by the uptime.
        var said: (warnings: [CertificateWarning], uptime: Int64)?
        /// What stood in the way of a change at the last look.
        var obstacle: TrustError?
    }

    /// One change at a time, apart from the catalog's: an import of hours holds up no renewal.
    let gate = SerialGate()
    let running = Mutex(Running())
}
