import Updates
import XMLStream

/// Walks the elements of a SOAP body. What it is not asked for, it skips; an element marked `xsi:nil` counts as absent.
struct ElementReader: Sendable {
    /// The namespaces told apart, in the order the tokenizer is given them.
    enum Known: Int, CaseIterable {
        case envelope
        case envelope12
        case instance
        case client
        case simpleAuth
        case reporting
        case monitorable

        /// The namespace of the envelope.
        init(_ version: SOAPVersion) {
            switch version {
            case .v11: self = .envelope
            case .v12: self = .envelope12
            }
        }

        /// The namespace of an operation's elements.
        init(_ operation: DeviceOperation) {
            switch operation.service {
            case .client: self = .client
            case .simpleAuth: self = .simpleAuth
            case .reporting: self = operation == .ping ? .monitorable : .reporting
            }
        }

        var uri: String {
            switch self {
            case .envelope: SOAPVersion.v11.namespace
            case .envelope12: SOAPVersion.v12.namespace
            case .instance: SOAPEnvelope.schemaInstance
            case .client: DeviceService.client.namespace
            case .simpleAuth: DeviceService.simpleAuth.namespace
            case .reporting: DeviceService.reporting.namespace
            case .monitorable: DeviceOperation.ping.namespace
            }
        }
    }

    /// The name of an element, to be switched over.
    struct Name {
        let local: ArraySlice<UInt8>

        static func ~= (pattern: StaticString, name: Name) -> Bool { RequestValue.isEqual(name.local, pattern) }
    }

    private static let namespaces = Known.allCases.map { Array($0.uri.utf8) }

    private(set) var tokenizer: RequestTokenizer
    /// What is wrong with the XML itself, once something was.
    private(set) var malformation: RequestXMLError?
    /// The envelope's version, once it was read.
    var version: SOAPVersion?
    /// The namespace whose elements ``child(of:)`` finds.
    var namespace = Known.envelope

    init(_ body: [UInt8], limits: XMLLimits) {
        tokenizer = RequestTokenizer(body, namespaces: Self.namespaces, limits: limits)
    }

    /// How deep the current element lies.
    var level: Int { tokenizer.depth }

    var name: Name { Name(local: tokenizer.localName) }

    /// The current element is of the namespace looked for, and not nil.
    var isExpected: Bool {
        guard tokenizer.namespace == namespace.rawValue else { return false }
        let isNil = tokenizer.attribute("nil", namespace: Known.instance.rawValue).flatMap(RequestValue.boolean) ?? false
        return !isNil
    }

    /// The current element's namespace, where it is known.
    var knownNamespace: Known? { tokenizer.namespace.flatMap(Known.init(rawValue:)) }

    /// The current element is of the envelope's namespace.
    var isOfEnvelope: Bool { version.map { knownNamespace == Known($0) } ?? false }

    /// Whether the current element says it must be understood (SOAP 1.1 section 4.2.3, 1.2 section 5.2.3).
    var mustBeUnderstood: Bool {
        guard let version else { return false }
        return tokenizer.attribute("mustUnderstand", namespace: Known(version).rawValue).flatMap(RequestValue.boolean) ?? false
    }

    mutating func next() throws(SOAPFault) -> RequestTokenizer.Token {
        do throws(RequestXMLError) {
            return try tokenizer.next()
        } catch {
            throw malformed(error)
        }
    }

    /// Goes to the next child, of any name and namespace, of the element at `level`; false at its end.
    mutating func anyChild(of level: Int) throws(SOAPFault) -> Bool {
        while true {
            switch try next() {
            case .start where tokenizer.depth == level + 1: return true
            case .end where tokenizer.depth < level, .endOfDocument: return false
            default: continue
            }
        }
    }

    /// Goes to the next child of the namespace looked for; nothing at the end of the element at `level`.
    mutating func child(of level: Int) throws(SOAPFault) -> Name? {
        while try anyChild(of: level) {
            if isExpected { return name }
        }
        return nil
    }

    /// Reads the current element to its end.
    mutating func text() throws(SOAPFault) -> ArraySlice<UInt8> {
        do throws(RequestXMLError) {
            return try tokenizer.content(at: tokenizer.depth)
        } catch {
            throw malformed(error)
        }
    }

    mutating func string() throws(SOAPFault) -> String { String(decoding: try text(), as: UTF8.self) }

    /// A text that a database will keep: at most `limit` bytes.
    mutating func string(_ parameter: String, limit: Int) throws(SOAPFault) -> String {
        let text = try text()
        guard text.count <= limit else { throw SOAPFault(.invalidParameters, parameter) }
        return String(decoding: text, as: UTF8.self)
    }

    mutating func int32(_ parameter: String) throws(SOAPFault) -> Int32 {
        guard let value = RequestValue.int32(try text()) else { throw SOAPFault(.invalidParameters, parameter) }
        return value
    }

    /// `xs:long`.
    mutating func int64(_ parameter: String) throws(SOAPFault) -> Int64 {
        // Int64 is read as the schema has it: digits and at most one sign.
        guard let value = Int64(String(decoding: RequestValue.trimmed(try text()), as: UTF8.self)) else {
            throw SOAPFault(.invalidParameters, parameter)
        }
        return value
    }

    mutating func boolean(_ parameter: String) throws(SOAPFault) -> Bool {
        guard let value = RequestValue.boolean(try text()) else { throw SOAPFault(.invalidParameters, parameter) }
        return value
    }

    mutating func guid(_ parameter: String) throws(SOAPFault) -> UpdateID {
        guard let value = UpdateID(utf8: RequestValue.trimmed(try text())) else { throw SOAPFault(.invalidParameters, parameter) }
        return value
    }

    mutating func timestamp(_ parameter: String) throws(SOAPFault) -> Timestamp {
        guard let value = Self.timestamp(try text()) else { throw SOAPFault(.invalidParameters, parameter) }
        return value
    }

    static func timestamp(_ text: ArraySlice<UInt8>) -> Timestamp? {
        Timestamp(String(decoding: RequestValue.trimmed(text), as: UTF8.self))
    }

    /// The revision ids of an `ArrayOfInt`, appended to `list`, which may hold `limit`.
    mutating func revisionIDs(_ parameter: String, limit: Int, into list: inout [RevisionID]) throws(SOAPFault) {
        var numbers: [Int32] = []
        let end: RequestTokenizer.IntegerList
        do throws(RequestXMLError) {
            end = try tokenizer.integers("int", namespace: namespace.rawValue, limit: limit - list.count, into: &numbers)
        } catch {
            throw malformed(error)
        }
        guard end == .complete else { throw SOAPFault(.invalidParameters, parameter) }
        list.reserveCapacity(list.count + numbers.count)
        for number in numbers { list.append(RevisionID(rawValue: number)) }
    }

    /// The texts of an `ArrayOfString`, appended to `list`, which may hold `limit`, each of at most `bytes`.
    mutating func strings(_ parameter: String, limit: Int, bytes: Int, into list: inout [String]) throws(SOAPFault) {
        let level = level
        while let name = try child(of: level) {
            guard "string" ~= name else { continue }
            guard list.count < limit else { throw SOAPFault(.invalidParameters, parameter) }
            list.append(try string(parameter, limit: bytes))
        }
    }

    /// The `UpdateIdentity` elements of the list the reader stands at, appended to `list`, which may hold `limit`.
    mutating func identities(_ parameter: String, limit: Int, into list: inout [UpdateIdentity]) throws(SOAPFault) {
        let level = level
        while let name = try child(of: level) {
            guard "UpdateIdentity" ~= name else { continue }
            guard list.count < limit else { throw SOAPFault(.invalidParameters, parameter) }
            list.append(try identity(parameter))
        }
    }

    /// The `UpdateIdentity` the reader stands at, whatever its element's name.
    mutating func identity(_ parameter: String) throws(SOAPFault) -> UpdateIdentity {
        var id: UpdateID?
        var number: Int32?
        let level = level
        while let name = try child(of: level) {
            switch name {
            case "UpdateID": id = try guid(parameter)
            case "RevisionNumber": number = try int32(parameter)
            default: break
            }
        }
        guard let id, let number else { throw SOAPFault(.invalidParameters, parameter) }
        return UpdateIdentity(updateID: id, revisionNumber: RevisionNumber(rawValue: number))
    }

    /// Reads to the end of the document: what follows must be well-formed too.
    mutating func finish() throws(SOAPFault) {
        while try next() != .endOfDocument {}
    }

    private mutating func malformed(_ error: RequestXMLError) -> SOAPFault {
        malformation = error
        return SOAPFault(.invalidParameters, "request")
    }
}
