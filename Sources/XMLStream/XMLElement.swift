/// The name of an element or attribute as written, and the namespace it means.
///
/// The bytes belong to the reader and are valid only during the call that hands the name out.
public struct XMLName {
    /// As written, prefix and colon included.
    public let raw: UnsafeRawBufferPointer
    /// The namespace's URI, empty for none.
    public let namespace: String
    private let localStart: Int

    init(raw: UnsafeRawBufferPointer, localStart: Int, namespace: String) {
        self.raw = raw
        self.localStart = localStart
        self.namespace = namespace
    }

    /// Without the colon; empty for a name without a prefix.
    public var prefix: UnsafeRawBufferPointer { UnsafeRawBufferPointer(rebasing: raw[..<max(0, localStart - 1)]) }
    public var local: UnsafeRawBufferPointer { UnsafeRawBufferPointer(rebasing: raw[localStart...]) }
    public var hasPrefix: Bool { localStart > 0 }

    /// Whether the name without its prefix is `text`.
    public func isLocal(_ text: StaticString) -> Bool { local.isEqual(to: text) }
}

/// An attribute, or a namespace declaration, where it stood in the source.
public struct XMLAttribute {
    public let name: XMLName
    /// The value with references resolved, in UTF-8; valid only during the call that hands it out.
    public let value: UnsafeRawBufferPointer

    /// `xmlns="..."` or `xmlns:prefix="..."`.
    public var isDeclaration: Bool { name.namespace == Namespaces.xmlns }
    /// `xmlns="..."`.
    public var isDefaultDeclaration: Bool { isDeclaration && !name.hasPrefix }
    /// The value as text.
    public var text: String { String(decoding: value, as: UTF8.self) }
}

/// A start tag.
public struct XMLStartElement {
    public let name: XMLName
    /// All attributes and declarations, in source order.
    public let attributes: [XMLAttribute]
    /// 1 for an outermost element.
    public let depth: Int
    /// Where the tag begins in the input.
    public let byteOffset: Int

    /// The value of the attribute of this name and no namespace.
    public func value(_ name: StaticString) -> XMLAttribute? {
        attributes.first { !$0.name.hasPrefix && $0.name.isLocal(name) }
    }
}

/// A part of the text between two tags; one text may come in many parts.
public struct XMLText {
    /// UTF-8, references resolved and line ends made `\n`; valid only during the call that hands it out.
    public let bytes: UnsafeRawBufferPointer
    /// Written in a CDATA section.
    public let isCDATA: Bool
    public let byteOffset: Int

    /// Spaces, tabs and line ends only.
    public var isWhiteSpace: Bool { bytes.allSatisfy { $0 == 0x20 || $0 == 0x0a || $0 == 0x09 || $0 == 0x0d } }
}

/// An end tag, or the end of an empty-element tag.
public struct XMLEndElement {
    /// Written `<a/>`, not `<a></a>`.
    public let isEmptyTag: Bool
    public let depth: Int
    public let byteOffset: Int
}

extension UnsafeRawBufferPointer {
    /// Whether the bytes are those of `text`.
    public func isEqual(to text: StaticString) -> Bool {
        guard text.hasPointerRepresentation, count == text.utf8CodeUnitCount else { return false }
        return elementsEqual(UnsafeRawBufferPointer(start: text.utf8Start, count: text.utf8CodeUnitCount))
    }

    /// Whether the bytes are those of `other`.
    public func isEqual(to other: UnsafeRawBufferPointer) -> Bool { count == other.count && elementsEqual(other) }
}
