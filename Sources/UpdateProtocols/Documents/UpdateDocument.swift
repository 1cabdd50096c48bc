public import Updates
public import XMLStream

/// A whole `upd:Update` document as read: what it says, and the fragments that agents are given of it ([MS-WUSP] 3.1.1.1).
public struct UpdateDocument: Sendable {
    public let metadata: RevisionMetadata
    /// Core, Extended, LocalizedProperties in the document's order, Eula in the document's order.
    public let fragments: [Fragment]
}

/// Reads an update document that arrives in pieces, deriving its fragments on the way. It keeps the fragments and nothing else of it.
///
/// The document is UTF-8, or UTF-16 of either byte order with or without its mark, as in `XmlUpdateBlobCompressed`
/// (observed.md section 0, item 17).
public struct UpdateDocumentReader: ~Copyable {
    private var reader: XMLReader<UpdateDocumentEvents>

    public init(limits: XMLLimits = .documents) {
        reader = XMLReader(UpdateDocumentEvents(limits: limits), limits: limits)
    }

    public mutating func feed(_ bytes: UnsafeRawBufferPointer) throws(DocumentError) {
        try reader.feed(bytes)
    }

    public mutating func feed(_ bytes: [UInt8]) throws(DocumentError) {
        try reader.feed(bytes)
    }

    /// Says that the document ends here.
    public mutating func finish() throws(DocumentError) -> UpdateDocument {
        let events = try reader.finish()
        return try events.document(at: reader.byteCount)
    }
}
