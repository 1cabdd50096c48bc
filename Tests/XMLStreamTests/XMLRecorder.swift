import XMLStream

/// Writes down what a reader hands out, adjoining texts joined.
struct XMLRecorder: XMLEvents {
    private(set) var lines: [String] = []
    private var text: String?
    private var path: [String] = []

    static func failure(_ error: XMLError) -> XMLError { error }

    mutating func start(_ element: XMLStartElement) throws(XMLError) {
        flush()
        let attributes = element.attributes.map { " \(Self.shown($0.name))=\($0.text.debugDescription)" }.joined()
        lines.append("<\(Self.shown(element.name))\(attributes)> at \(element.byteOffset)")
        path.append(Self.shown(element.name))
    }

    mutating func text(_ text: XMLText) throws(XMLError) {
        self.text = (self.text ?? "") + String(decoding: text.bytes, as: UTF8.self)
    }

    mutating func end(_ end: XMLEndElement) throws(XMLError) {
        flush()
        lines.append("\(end.isEmptyTag ? "/" : "</")\(path.removeLast())")
    }

    private mutating func flush() {
        if let text { lines.append(text.debugDescription) }
        text = nil
    }

    private static func shown(_ name: XMLName) -> String {
        "\(String(decoding: name.raw, as: UTF8.self)){\(name.namespace)}"
    }
}

enum XMLOutcome: Equatable {
    case read([String])
    case refused(XMLError.Code, Int)

    var error: XMLError.Code? {
        if case .refused(let code, _) = self { code } else { nil }
    }

    var byteOffset: Int? {
        if case .refused(_, let offset) = self { offset } else { nil }
    }
}

/// Reads pieces one after the other.
func readXML(_ pieces: [[UInt8]], limits: XMLLimits = .documents, content: XMLContent = .document) -> XMLOutcome {
    var reader = XMLReader(XMLRecorder(), limits: limits, content: content)
    do throws(XMLError) {
        for piece in pieces { try reader.feed(piece) }
        return .read(try reader.finish().lines)
    } catch {
        return .refused(error.code, error.byteOffset)
    }
}

func readXML(_ text: String, limits: XMLLimits = .documents, content: XMLContent = .document) -> XMLOutcome {
    readXML([Array(text.utf8)], limits: limits, content: content)
}

func utf16(_ text: String, littleEndian: Bool, mark: Bool = false) -> [UInt8] {
    ((mark ? [0xfeff] : []) + Array(text.utf16)).flatMap {
        littleEndian ? [UInt8($0 & 255), UInt8($0 >> 8)] : [UInt8($0 >> 8), UInt8($0 & 255)]
    }
}
