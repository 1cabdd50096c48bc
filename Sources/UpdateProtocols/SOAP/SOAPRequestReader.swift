public import XMLStream

/// A request being read: which operation first, then its cookie, then the rest.
///
/// Every error is an InvalidParameters fault that names the parameter, `request` where the XML itself is at fault. Elements that are not known are
/// skipped wherever they stand; parameters are found in any order.
public struct SOAPRequestReader: Sendable {
    var elements: ElementReader
    private var state = State.new

    private enum State {
        case new
        /// The operation's start tag was read.
        case entered
        /// Its first child's start tag was read, and not looked at.
        case holdsChild
        case ended
    }

    /// Where the operation's element lies: in Body, in Envelope.
    private static let level = 3

    public init(_ body: [UInt8], limits: XMLLimits = .requests) {
        elements = ElementReader(body, limits: limits)
    }

    /// What is wrong with the XML and where, for the log: nothing where the fault thrown has another reason.
    public var malformation: RequestXMLError? { elements.malformation }

    /// The version of the request's envelope; nothing until ``operation()`` was called, and where the document is no envelope.
    public var version: SOAPVersion? { elements.version }

    /// The operation asked for, by namespace and name of the first element of the Body. To be called once, before anything else.
    public mutating func operation() throws(SOAPFault) -> DeviceOperation {
        guard state == .new else { throw SOAPFault(.internalServerError, "operation") }
        try elements.enterBody()
        let known = elements.knownNamespace
        let name = elements.name
        for operation in DeviceOperation.allCases
        where operation.isBound(in: elements.version ?? .v11)
            && known == ElementReader.Known(operation) && operation.name.utf8.elementsEqual(name.local)
        {
            elements.namespace = ElementReader.Known(operation)
            state = .entered
            return operation
        }
        throw SOAPFault(.invalidParameters, "operation")
    }

    /// Reads the cookie, which is the first child or counts as missing, and has it opened before anything after it is looked at.
    mutating func session<Session>(
        _ open: (CookieElement?) throws(SOAPFault) -> Session
    ) throws(SOAPFault) -> Session {
        guard state == .entered, try elements.anyChild(of: Self.level) else {
            if state == .entered { state = .ended }
            return try open(nil)
        }
        guard elements.isExpected, "cookie" ~= elements.name else {
            state = .holdsChild
            return try open(nil)
        }
        return try open(try CookieElement(from: &elements))
    }

    /// Goes to the next parameter; nothing at the operation's end.
    mutating func parameter() throws(SOAPFault) -> ElementReader.Name? {
        switch state {
        case .holdsChild:
            state = .entered
            if elements.isExpected { return elements.name }
        case .new, .ended: return nil
        case .entered: break
        }
        guard let name = try elements.child(of: Self.level) else {
            state = .ended
            return nil
        }
        return name
    }

    /// Reads what is left, so that a document that breaks off is never taken for a whole one.
    mutating func finish() throws(SOAPFault) {
        guard state != .new else { throw SOAPFault(.internalServerError, "operation") }
        try elements.finish()
    }
}
