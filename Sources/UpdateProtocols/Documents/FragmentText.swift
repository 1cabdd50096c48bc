public import Updates
public import XMLStream

/// The text form of fragments: a sequence of elements without a document around it ([MS-WUSP] 3.1.1.1; ADR 0002).
public enum FragmentText {
    /// Parses a fragment and writes it anew. What a real server wrote comes out as it went in.
    public static func rewritten(_ fragment: ChunkedBytes, limits: XMLLimits = .documents) throws(DocumentError) -> ChunkedBytes {
        var reader = XMLReader(FragmentTextEvents(limits: limits), limits: limits, content: .sequence)
        for chunk in fragment.chunks { try reader.feed(chunk) }
        return try reader.finish().finish()
    }
}

private struct FragmentTextEvents: XMLEvents {
    private var writer: FragmentWriter

    init(limits: XMLLimits) {
        writer = FragmentWriter(.same, limits: limits)
    }

    static func failure(_ error: XMLError) -> DocumentError { DocumentError(error) }

    mutating func start(_ element: XMLStartElement) throws(DocumentError) { try writer.start(element) }
    mutating func text(_ text: XMLText) throws(DocumentError) { try writer.text(text) }
    mutating func end(_ end: XMLEndElement) throws(DocumentError) { try writer.end(short: end.isEmptyTag, at: end.byteOffset) }

    consuming func finish() -> ChunkedBytes { writer.finish() }
}

extension RevisionMetadata {
    /// What the fragments of a revision say of it, where there is no document: an offline scan cabinet, or what an agent was sent.
    ///
    /// Core must be among them. Fragments do not tell the publication state and the creation date; they stay `published` and nothing.
    /// The offset of an error is within the fragment at fault.
    public init(fragments: [Fragment], limits: XMLLimits = .documents) throws(DocumentError) {
        var metadata = MetadataReader()
        for fragment in fragments {
            var reader = XMLReader(FragmentMetadataEvents(metadata: metadata), limits: limits, content: .sequence)
            for chunk in fragment.bytes.chunks { try reader.feed(chunk) }
            metadata = try reader.finish().metadata
        }
        self = try metadata.metadata(at: 0)
    }
}

private struct FragmentMetadataEvents: XMLEvents {
    var metadata: MetadataReader

    static func failure(_ error: XMLError) -> DocumentError { DocumentError(error) }

    mutating func start(_ element: XMLStartElement) throws(DocumentError) {
        try metadata.start(element, isPlain: element.name.namespace.isEmpty)
    }

    mutating func text(_ text: XMLText) throws(DocumentError) { metadata.text(text.bytes) }
    mutating func end(_ end: XMLEndElement) throws(DocumentError) { _ = try metadata.end(at: end.byteOffset) }
}
