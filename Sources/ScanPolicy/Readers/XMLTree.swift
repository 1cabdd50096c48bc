import XMLStream

/// An element of a small XML file with all that is in it. Only for files of administrators, which are bounded in bytes, depth and elements;
/// names keep their local part.
struct XMLNode {
    let namespace: String
    let name: String
    let attributes: [String: String]
    let byteOffset: Int
    var children: [XMLNode] = []
    /// All text directly in it.
    var text = ""

    /// The one child of this name; nil for none, and the first of several.
    func child(_ name: String) -> XMLNode? { children.first { $0.name == name } }
    func children(_ name: String) -> [XMLNode] { children.filter { $0.name == name } }
    /// The text of the child of this name, without white space around it.
    func value(_ name: String) -> String? { child(name)?.trimmedText }

    /// Without white space around it, and with one space for each run of it within: labels are wrapped differently by each tool.
    var trimmedText: String { text.split(whereSeparator: \.isWhitespace).joined(separator: " ") }

    static func read(_ bytes: [UInt8], file: String, limits: PolicyFileLimits) throws(PolicyFileError) -> XMLNode {
        if bytes.count > limits.file {
            throw PolicyFileError(.tooLarge, file: file, at: limits.file, expected: "a file of at most \(limits.file) bytes")
        }
        do throws(TreeFailure) {
            var reader = XMLReader(
                TreeBuilder(limits: limits),
                limits: XMLLimits(depth: limits.depth, attributes: 64, text: limits.text, document: limits.file))
            try reader.feed(bytes)
            guard let root = try reader.finish().root else { throw TreeFailure(code: .truncated, byteOffset: bytes.count, expected: "an element") }
            return root
        } catch {
            throw PolicyFileError(error.code, file: file, at: error.byteOffset, expected: error.expected)
        }
    }
}

private struct TreeFailure: Error {
    let code: PolicyFileError.Code
    let byteOffset: Int
    let expected: String
}

private struct TreeBuilder: XMLEvents {
    let limits: PolicyFileLimits
    var open: [XMLNode] = []
    var root: XMLNode?
    var elements = 0

    init(limits: PolicyFileLimits) { self.limits = limits }

    mutating func start(_ element: XMLStartElement) throws(TreeFailure) {
        elements += 1
        if elements > limits.elements {
            throw TreeFailure(code: .tooLarge, byteOffset: element.byteOffset, expected: "at most \(limits.elements) elements")
        }
        var attributes: [String: String] = [:]
        for attribute in element.attributes where !attribute.isDeclaration {
            attributes[String(decoding: attribute.name.local, as: UTF8.self)] = attribute.text
        }
        open.append(
            XMLNode(
                namespace: element.name.namespace, name: String(decoding: element.name.local, as: UTF8.self), attributes: attributes,
                byteOffset: element.byteOffset))
    }

    mutating func text(_ text: XMLText) throws(TreeFailure) {
        guard !open.isEmpty else { return }
        open[open.count - 1].text += String(decoding: text.bytes, as: UTF8.self)
    }

    mutating func end(_ end: XMLEndElement) throws(TreeFailure) {
        guard let node = open.popLast() else { return }
        if open.isEmpty { root = node } else { open[open.count - 1].children.append(node) }
    }

    static func failure(_ error: XMLError) -> TreeFailure {
        let code: PolicyFileError.Code =
            switch error.code {
            case .tooDeep, .tooManyAttributes, .textTooLong, .documentTooLarge, .outOfMemory: .tooLarge
            case .truncated: .truncated
            case .encoding: .encoding
            case .documentType, .entity: .unsupported
            case .syntax, .duplicateAttribute, .namespace: .syntax
            }
        return TreeFailure(code: code, byteOffset: error.byteOffset, expected: "well-formed XML within the limits (\(error.message))")
    }
}
