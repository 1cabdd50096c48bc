public import NIOCore
import NIOPosix

/// What a connection may cost (docs/adr/0007). The defaults are the project's; tests shorten the times.
public struct DeviceLimits: Sendable {
    /// Bytes of a request's body; 413 beyond.
    public var bodyBytes = 4 << 20
    /// Bytes of the request line and all header and trailer fields, line ends included; 431 beyond.
    public var headerBytes = 16 << 10
    /// Header and trailer fields of a request; 431 beyond.
    public var headerFields = 100
    /// Bytes of the request line and of each field, without the line end; 431 beyond.
    public var headerLineBytes = 8 << 10
    /// From the connection, the TLS handshake included, to the first byte of its first request; 408 beyond.
    public var firstByte = TimeAmount.seconds(10)
    /// From a request's first byte to the end of its header; 408 beyond.
    public var header = TimeAmount.seconds(10)
    /// From the end of the header to the end of the body; 408 beyond.
    public var body = TimeAmount.seconds(60)
    /// A body must arrive at this rate on the whole, once ``bodyGrace`` is over; 408 where it does not.
    public var bodyBytesPerSecond = 1024
    public var bodyGrace = TimeAmount.seconds(10)
    /// Between requests of a kept connection, which is closed then. Native agents close first, after 27 to 76 s (observed.md sections 1, 5).
    public var idle = TimeAmount.seconds(75)
    /// An answer must be taken at this rate, slice by slice, each of which has ``writeGrace`` besides; closed where it is not.
    public var writeBytesPerSecond = 1024
    public var writeGrace = TimeAmount.seconds(30)
    /// How long the rest of a refused request is read and dropped: closed at once, the refusal could be lost on its way.
    public var linger = TimeAmount.seconds(2)
    /// For requests in progress when the server ends.
    public var drain = TimeAmount.seconds(10)
    /// Connections at a time; one more is closed as it comes. Fewer where the process may not have so many descriptors.
    public var connections = 20_000
    /// Of those, from one address (of IPv6, one network of 64 bits): a site's devices may all come through one.
    public var connectionsPerAddress = 10_000
    /// Of those, connections whose TLS handshake is not done.
    public var handshakes = 4096
    /// Handshakes in a second from one address (of IPv6, one network of 64 bits); whoever is faster waits. Not bounded if nothing.
    public var handshakesPerSecond: Int? = 400
    /// Pages that are made at a time, on as many threads. Another processor is left to those who are answered at once.
    public var pagesAtOnce = max(1, System.coreCount - 1)
    /// Requests that may wait for a page to be made; 503 beyond.
    public var pagesWaiting = 2000
    /// Bytes of an answer that are given to TLS at a time.
    public var piece = 1 << 20
    /// Bytes of bodies and answers that all connections hold together. Beyond it a request gets 503, and content goes in small pieces.
    public var heldBytes = 1 << 30

    public init() {}
}
