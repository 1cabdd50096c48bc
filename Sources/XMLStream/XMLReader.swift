/// Takes what a reader finds, in document order.
///
/// Comments and processing instructions are not handed out: text goes on across them.
public protocol XMLEvents {
    associatedtype Failure: Error

    mutating func start(_ element: XMLStartElement) throws(Failure)
    mutating func text(_ text: XMLText) throws(Failure)
    mutating func end(_ end: XMLEndElement) throws(Failure)
    /// How the receiver tells its caller that the XML itself was refused.
    static func failure(_ error: XMLError) -> Failure
}

/// What stands at the top of the input.
public enum XMLContent: Sendable {
    /// A document with one outermost element, in UTF-8 or UTF-16 (by byte order mark, declaration or first character).
    case document
    /// Any number of elements, in UTF-8 and without a declaration: a fragment as agents are given it.
    case sequence
}

/// Reads XML that arrives in pieces, in bounded memory, and hands what it finds to an ``XMLEvents``.
///
/// Document type declarations are refused before anything in them is used, so there are no entities but the five predefined ones. After a failure every
/// further call throws it again.
public struct XMLReader<Events: XMLEvents>: ~Copyable {
    private let session: ExpatEvents<Events>

    public init(_ events: Events, limits: XMLLimits, content: XMLContent = .document) {
        session = ExpatEvents(events, limits: limits, content: content)
    }

    /// Bytes fed.
    public var byteCount: Int { session.byteCount }

    /// Reads on. The bytes are not kept, except the beginning of a tag or text that is not ended yet.
    public mutating func feed(_ bytes: UnsafeRawBufferPointer) throws(Events.Failure) {
        session.parse(bytes)
        try check()
    }

    public mutating func feed(_ bytes: [UInt8]) throws(Events.Failure) {
        bytes.withUnsafeBytes { session.parse($0) }
        try check()
    }

    /// Says that the input ends here, and gives back what took the events. Nothing can be read after.
    public mutating func finish() throws(Events.Failure) -> Events {
        session.finish()
        try check()
        // Taken out, not copied: what it holds may be large and is about to be changed.
        guard let events = session.events.take() else {
            throw Events.failure(XMLError(.syntax, at: byteCount, "the input has ended before"))
        }
        return events
    }

    private func check() throws(Events.Failure) {
        if let failure = session.failure { throw failure }
        if let error = session.error {
            let failure = Events.failure(error)
            session.failure = failure
            throw failure
        }
    }
}

/// Joins expat's findings to the receiver: the one generic step between C callbacks, which can be neither generic nor throwing, and it.
final class ExpatEvents<Events: XMLEvents>: ExpatSession {
    fileprivate var events: Events?
    fileprivate(set) var failure: Events.Failure?

    init(_ events: Events, limits: XMLLimits, content: XMLContent) {
        self.events = events
        super.init(limits: limits, content: content)
    }

    override func start(_ element: XMLStartElement) {
        do throws(Events.Failure) { try events?.start(element) } catch { refuse(error) }
    }

    override func text(_ text: XMLText) {
        do throws(Events.Failure) { try events?.text(text) } catch { refuse(error) }
    }

    override func end(_ end: XMLEndElement) {
        do throws(Events.Failure) { try events?.end(end) } catch { refuse(error) }
    }

    private func refuse(_ failure: Events.Failure) {
        self.failure = failure
        stop()
    }
}
