import Storage
public import UpdateProtocols
public import Updates

/// Where answers take fragments from.
public protocol FragmentTexts: Sendable {
    /// Another number says that a fragment may have become another.
    var version: Int { get }
    /// Bytes of a fragment as it is held. This and the rest throw where there is none, or where it is damaged.
    func size(of id: RevisionID, _ kind: FragmentKind) throws -> Int
    /// Appends a fragment, escaped.
    func append(_ id: RevisionID, _ kind: FragmentKind, to xml: inout XMLBytes) throws
    /// A long fragment, escaped.
    func text(of id: RevisionID, _ kind: FragmentKind) throws -> DeferredBytes
    /// A long fragment, escaped and in Xpress blocks.
    func blocks(of id: RevisionID, _ kind: FragmentKind) throws -> AnswerBody.Piece
}

/// Makes the bodies of answers that hold fragments (docs/adr/0011). Those parts that are alike for many devices are made once and kept.
public struct AnswerPages: Sendable {
    private let texts: any FragmentTexts
    private let kept: KeptParts
    private let isUniform: Bool

    /// - Parameters:
    ///   - limit: bytes that are kept; what was used longest ago makes room.
    ///   - isUniform: every page is compressed anew and as a whole, without what is ready.
    public init(texts: any FragmentTexts, limit: Int = KeptParts.defaultLimit, isUniform: Bool = false) {
        self.init(texts: texts, kept: KeptParts(limit: limit), isUniform: isUniform)
    }

    init(texts: any FragmentTexts, kept: KeptParts, isUniform: Bool) {
        self.texts = texts
        self.kept = kept
        self.isUniform = isUniform
    }

    // MARK: - SyncUpdates

    /// What is left to compress for a device when its page is kept: more is no work for an event loop.
    private static let entriesAtHand = 256

    func bodyAtHand(_ scan: DeviceScan, _ form: AnswerForm) -> AnswerBody? {
        let answer = scan.answer
        guard answer.changedUpdates.count + answer.outOfScope.count + answer.deployedOutOfScope.count <= Self.entriesAtHand else { return nil }
        if answer.newUpdates.isEmpty { return shortBody(scan, form) }
        return kept.find(key(.newUpdates(scan.operation, answer.newUpdates), form)).map { finish(scan, form, $0) }
    }

    func body(_ scan: DeviceScan, _ form: AnswerForm) throws -> AnswerBody {
        let updates = scan.answer.newUpdates
        if updates.isEmpty { return shortBody(scan, form) }
        let part = try kept.value(key(.newUpdates(scan.operation, updates), form)) {
            var writer = AnswerWriter(form.coding)
            try SyncUpdates.encodeNewUpdates(scan.operation, updates, form, into: &writer) { try append($0, .core, &$1) }
            return writer
        }
        return finish(scan, form, part)
    }

    private func shortBody(_ scan: DeviceScan, _ form: AnswerForm) -> AnswerBody {
        var writer = AnswerWriter(.identity)
        SyncUpdates.encodeNewUpdates(scan.operation, [], form, into: &writer) { _, _ in }
        SyncUpdates.encodeRest(scan.operation, of: scan.answer, cookie: scan.cookie, form, into: &writer.xml)
        return AnswerBody(writer.xml.bytes, form.coding)
    }

    private func finish(_ scan: DeviceScan, _ form: AnswerForm, _ part: AnswerWriter) -> AnswerBody {
        var writer = part
        SyncUpdates.encodeRest(scan.operation, of: scan.answer, cookie: scan.cookie, form, into: &writer.xml)
        return writer.finish()
    }

    // MARK: - GetExtendedUpdateInfo

    func bodyAtHand(_ content: KeptParts.Key.Content, _ form: AnswerForm) -> AnswerBody? {
        kept.find(key(content, form)).map { $0.finish() }
    }

    /// - Parameter encode: writes the answer, and calls its second parameter where a fragment belongs.
    func body(
        _ content: KeptParts.Key.Content, _ form: AnswerForm,
        _ encode: (inout AnswerWriter, (RevisionID, FragmentKind, inout AnswerWriter) throws -> Void) throws -> Void
    ) throws -> AnswerBody {
        func make() throws -> AnswerWriter {
            var writer = AnswerWriter(form.coding)
            try encode(&writer) { try append($0, $1, &$2) }
            return writer
        }
        // What holds no fragment is soon made, and there is no end to what may be asked for that is not there.
        return try content.hasFragments ? kept.value(key(content, form), make).finish() : make().finish()
    }

    // MARK: - Fragments

    private func key(_ content: KeptParts.Key.Content, _ form: AnswerForm) -> KeptParts.Key {
        KeptParts.Key(content: content, form: form, version: texts.version)
    }

    private func append(_ id: RevisionID, _ kind: FragmentKind, _ writer: inout AnswerWriter) throws {
        guard try texts.size(of: id, kind) >= SQLiteStore.readySize else { return try texts.append(id, kind, to: &writer.xml) }
        switch writer.coding {
        case .identity: writer.append(.deferred(try texts.text(of: id, kind)))
        case .xpress where !isUniform: writer.append(try texts.blocks(of: id, kind))
        case .xpress:
            let text = try texts.text(of: id, kind)
            var cursor = 0
            try writer.appendText { xml in try text.read(&cursor, atMost: 64 << 10) { xml.appendVerbatim($0) } }
        }
    }
}
