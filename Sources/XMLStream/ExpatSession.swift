import CExpat
import Glibc

/// One expat parser with its limits. It keeps the first error and then hands out nothing more.
class ExpatSession {
    private let parser: OpaquePointer?
    private let limits: XMLLimits
    private let content: XMLContent
    private var namespaces: Namespaces
    private var utf16 = UTF16Check()
    private var attributes: [XMLAttribute] = []
    private var pairs: [(name: UnsafeRawBufferPointer, value: UnsafeRawBufferPointer)] = []
    private var depth = 0
    private var textLength = 0
    private var isCDATA = false
    private var isStopped = false
    private var isFinishing = false
    /// The tag that encloses a sequence was seen.
    private var isInSequence = false
    private(set) var byteCount = 0
    private(set) var error: XMLError?

    /// What encloses a sequence, so that expat sees one document.
    private static let openingTag: StaticString = "<sequence>"
    private static let closingTag: StaticString = "</sequence>"
    /// Bytes given to expat at once: its buffer is a small multiple of this.
    private static let pieceSize = 64 << 10

    init(limits: XMLLimits, content: XMLContent) {
        self.limits = limits
        self.content = content
        namespaces = Namespaces(limit: limits.declarations)
        parser = content == .sequence ? XML_ParserCreate("UTF-8") : XML_ParserCreate(nil)
        guard let parser else {
            error = XMLError(.outOfMemory, at: 0, "no memory for a parser")
            isStopped = true
            return
        }
        // The parser dies with this object, so it never outlives what it points to.
        XML_SetUserData(parser, Unmanaged.passUnretained(self).toOpaque())
        XML_SetElementHandler(parser, { session(of: $0)?.didStart($1, $2) }, { data, _ in session(of: data)?.didEnd() })
        XML_SetCharacterDataHandler(parser) { session(of: $0)?.didRead($1, count: Int($2)) }
        XML_SetCdataSectionHandler(parser, { session(of: $0)?.isCDATA = true }, { session(of: $0)?.isCDATA = false })
        XML_SetStartDoctypeDeclHandler(parser) { data, _, _, _, _ in session(of: data)?.didStartDocumentType() }
        XML_SetXmlDeclHandler(parser) { data, _, encoding, _ in session(of: data)?.didDeclare(encoding) }
        if content == .sequence { give(Self.openingTag) }
    }

    deinit {
        if let parser { XML_ParserFree(parser) }
    }

    // What a receiver overrides.
    func start(_ element: XMLStartElement) {}
    func text(_ text: XMLText) {}
    func end(_ end: XMLEndElement) {}

    /// Hands out nothing more.
    final func stop() {
        guard !isStopped else { return }
        isStopped = true
        if let parser { XML_StopParser(parser, XML_Bool(0)) }
    }

    final func parse(_ bytes: UnsafeRawBufferPointer) {
        let allowed = min(bytes.count, limits.document - byteCount)
        var rest = UnsafeRawBufferPointer(rebasing: bytes[..<allowed])
        while !rest.isEmpty, !isStopped {
            let piece = UnsafeRawBufferPointer(rebasing: rest.prefix(Self.pieceSize))
            let fault = content == .document ? utf16.firstFault(in: piece) : nil
            let good = fault.map { max(0, $0 - byteCount) } ?? piece.count
            byteCount += good
            give(UnsafeRawBufferPointer(rebasing: piece[..<good]), isLast: false)
            if let fault { fail(.encoding, at: fault, "a surrogate that stands alone") }
            rest = UnsafeRawBufferPointer(rebasing: rest[piece.count...])
        }
        if allowed < bytes.count {
            fail(.documentTooLarge, at: limits.document, "more than \(limits.document) bytes")
        }
    }

    final func finish() {
        guard !isFinishing else { return }
        isFinishing = true
        if content == .sequence, !isStopped { give(Self.closingTag) }
        if !isStopped { give(UnsafeRawBufferPointer(start: nil, count: 0), isLast: true) }
    }

    private func give(_ tag: StaticString) {
        give(UnsafeRawBufferPointer(start: tag.utf8Start, count: tag.utf8CodeUnitCount), isLast: false)
    }

    private func give(_ bytes: UnsafeRawBufferPointer, isLast: Bool) {
        guard let parser, !bytes.isEmpty || isLast else { return }
        let status = XML_Parse(parser, bytes.bindMemory(to: CChar.self).baseAddress, Int32(bytes.count), isLast ? 1 : 0)
        guard status == XML_STATUS_ERROR, !isStopped else { return }
        let code = XML_GetErrorCode(parser)
        let message = XML_ErrorString(code).map { String(cString: $0) } ?? "not well-formed"
        fail(self.code(of: code, isLast: isLast), at: offset, message)
    }

    private func code(of code: XML_Error, isLast: Bool) -> XMLError.Code {
        switch code {
        case XML_ERROR_NO_MEMORY, XML_ERROR_AMPLIFICATION_LIMIT_BREACH: .outOfMemory
        case XML_ERROR_NO_ELEMENTS: isLast ? .truncated : .syntax
        case XML_ERROR_UNCLOSED_TOKEN, XML_ERROR_UNCLOSED_CDATA_SECTION: .truncated
        case XML_ERROR_PARTIAL_CHAR, XML_ERROR_UNKNOWN_ENCODING, XML_ERROR_INCORRECT_ENCODING: .encoding
        case XML_ERROR_DUPLICATE_ATTRIBUTE: .duplicateAttribute
        case XML_ERROR_UNDEFINED_ENTITY, XML_ERROR_RECURSIVE_ENTITY_REF, XML_ERROR_ASYNC_ENTITY, XML_ERROR_BINARY_ENTITY_REF,
            XML_ERROR_ATTRIBUTE_EXTERNAL_ENTITY_REF:
            .entity
        case XML_ERROR_INVALID_TOKEN where isAtForeignByte: .encoding
        case XML_ERROR_TAG_MISMATCH where content == .sequence && isFinishing: .truncated
        default: .syntax
        }
    }

    /// Whether expat stopped at a byte that no ASCII character has: the token is invalid because the bytes are.
    private var isAtForeignByte: Bool {
        var position: Int32 = 0
        var count: Int32 = 0
        guard let parser, let context = XML_GetInputContext(parser, &position, &count), position < count else { return false }
        return UInt8(bitPattern: context[Int(position)]) >= 0x80
    }

    private var offset: Int {
        guard let parser else { return 0 }
        let wrapper = content == .sequence ? Self.openingTag.utf8CodeUnitCount : 0
        return min(max(0, Int(XML_GetCurrentByteIndex(parser)) - wrapper), byteCount)
    }

    private func fail(_ code: XMLError.Code, at offset: Int, _ message: String) {
        if error == nil, !isStopped { error = XMLError(code, at: offset, message) }
        stop()
    }
}

// MARK: - What expat calls

/// The session behind expat's user data; nothing once it has stopped, for expat may still call then.
private func session(of data: UnsafeMutableRawPointer?) -> ExpatSession? {
    guard let data else { return nil }
    let session = Unmanaged<ExpatSession>.fromOpaque(data).takeUnretainedValue()
    return session.isActive ? session : nil
}

extension ExpatSession {
    fileprivate var isActive: Bool { !isStopped }

    fileprivate func didStart(_ name: UnsafePointer<CChar>?, _ pairs: UnsafeMutablePointer<UnsafePointer<CChar>?>?) {
        guard let name else { return }
        textLength = 0
        if content == .sequence, !isInSequence {
            isInSequence = true
            return
        }
        let offset = offset
        depth += 1
        if depth > limits.depth { return fail(.tooDeep, at: offset, "more than \(limits.depth) elements within each other") }
        defer {
            attributes.removeAll(keepingCapacity: true)
            self.pairs.removeAll(keepingCapacity: true)
        }
        guard readAttributes(pairs, at: offset) else { return }
        do throws(Namespaces.Fault) {
            let name = try namespaces.element(bytes(name))
            start(XMLStartElement(name: name, attributes: attributes, depth: depth, byteOffset: offset))
        } catch { fail(error.code, at: offset, error.message) }
    }

    fileprivate func didEnd() {
        textLength = 0
        if content == .sequence, depth == 0 {
            if !isFinishing { fail(.syntax, at: offset, "an end tag without its start") }
            return
        }
        namespaces.leave(depth: depth)
        // expat reports no bytes for the end of an empty-element tag: its bytes were the start's.
        end(XMLEndElement(isEmptyTag: parser.map { XML_GetCurrentByteCount($0) } == 0, depth: depth, byteOffset: offset))
        depth -= 1
    }

    fileprivate func didRead(_ text: UnsafePointer<CChar>?, count: Int) {
        textLength += count
        if textLength > limits.text { return fail(.textTooLong, at: offset, "a text of more than \(limits.text) bytes") }
        let text = XMLText(bytes: UnsafeRawBufferPointer(start: text, count: count), isCDATA: isCDATA, byteOffset: offset)
        if depth == 0 {
            if !text.isWhiteSpace { fail(.syntax, at: offset, "text outside of every element") }
            return
        }
        self.text(text)
    }

    fileprivate func didStartDocumentType() {
        fail(.documentType, at: offset, "a document type declaration")
    }

    fileprivate func didDeclare(_ encoding: UnsafePointer<CChar>?) {
        guard let encoding else { return }
        if !["utf-8", "utf-16", "utf-16le", "utf-16be"].contains(String(cString: encoding).lowercased()) {
            fail(.encoding, at: offset, "an encoding other than UTF-8 and UTF-16")
        }
    }

    /// Whether the attributes are as they should be; else it has failed.
    private func readAttributes(_ source: UnsafeMutablePointer<UnsafePointer<CChar>?>?, at offset: Int) -> Bool {
        guard var next = source else { return true }
        while let name = next[0], let value = next[1] {
            pairs.append((bytes(name), bytes(value)))
            next += 2
        }
        if pairs.count > limits.attributes {
            fail(.tooManyAttributes, at: offset, "more than \(limits.attributes) attributes on an element")
            return false
        }
        if pairs.contains(where: { $0.value.count > limits.text }) {
            fail(.textTooLong, at: offset, "an attribute of more than \(limits.text) bytes")
            return false
        }
        do throws(Namespaces.Fault) {
            // Declarations hold for the whole tag, attributes before them included.
            for (name, value) in pairs { try namespaces.declare(name, value, depth: depth) }
            for (name, value) in pairs { attributes.append(XMLAttribute(name: try namespaces.attribute(name), value: value)) }
        } catch {
            fail(error.code, at: offset, error.message)
            return false
        }
        if !areDistinct() {
            fail(.duplicateAttribute, at: offset, "two attributes of one name")
            return false
        }
        return true
    }

    /// expat compares names as written; two prefixes of one namespace make one name of two.
    private func areDistinct() -> Bool {
        for (index, attribute) in attributes.enumerated() where attribute.name.hasPrefix {
            let isRepeated = attributes[..<index].contains {
                $0.name.hasPrefix && $0.name.namespace == attribute.name.namespace && $0.name.local.isEqual(to: attribute.name.local)
            }
            if isRepeated { return false }
        }
        return true
    }

    private func bytes(_ text: UnsafePointer<CChar>) -> UnsafeRawBufferPointer { UnsafeRawBufferPointer(start: text, count: strlen(text)) }
}
