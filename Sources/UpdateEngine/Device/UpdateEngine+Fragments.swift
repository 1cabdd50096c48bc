import Logging
import Storage
public import UpdateProtocols
public import Updates

/// Fragments off the pack. One that is damaged is not served: it is derived again from its document, and the device asks again.
extension UpdateEngine: FragmentTexts {
    public var version: Int { store.fragmentReplacements }

    public func size(of id: RevisionID, _ kind: FragmentKind) throws -> Int {
        try found(id) { store.fragmentSize(id, kind) }
    }

    public func append(_ id: RevisionID, _ kind: FragmentKind, to xml: inout XMLBytes) throws {
        try found(id) { try store.withFragment(id, kind) { xml.appendEscaped($0) } }
    }

    public func text(of id: RevisionID, _ kind: FragmentKind) throws -> DeferredBytes {
        let bytes = try found(id) { try store.fragment(id, kind) }
        return DeferredBytes(escaping: bytes.count) { range, body in bytes.withBytes(range, body) }
    }

    public func blocks(of id: RevisionID, _ kind: FragmentKind) throws -> AnswerBody.Piece {
        do {
            let ready = try found(id) { try store.readyBlocks(id, kind, Xpress.compressText) }
            return .deferred(DeferredBytes(ready.bytes.count) { range, body in ready.bytes.withBytes(range, body) })
        } catch let error as StorageError where error.code != .corrupt && error.code != .notFound {
            // A full disk keeps nobody from the page: it is made for this one.
            log.error("a fragment of revision \(id.rawValue) cannot be kept ready: \(error)")
            var blocks: [UInt8] = []
            try found(id) { try store.withFragment(id, kind) { _ = Xpress.compressText($0) { blocks.append(contentsOf: $0) } } }
            return .bytes(blocks)
        }
    }

    private func found<Result>(_ id: RevisionID, _ find: () throws -> Result?) throws -> Result {
        do {
            guard let found = try find() else { throw StorageError(.notFound, "revision \(id.rawValue) lacks a fragment") }
            return found
        } catch {
            if let error = error as? StorageError, error.code == .corrupt || error.code == .notFound {
                log.error("a fragment of revision \(id.rawValue) cannot be served: \(error)")
                repair(id)
            }
            throw error
        }
    }

    // MARK: - Making ready

    /// Makes long fragments ready for the wire where they are not: after an import, or where `ready/` was lost. Devices
    /// that ask meanwhile are answered; what they need is made first.
    public func makeFragmentsReady() async {
        let missing = (try? await blocking { [store] in store.fragmentsNotReady() }) ?? []
        if missing.isEmpty { return }
        log.info("\(missing.count) long fragments are made ready for the wire")
        await makeReady(missing)
    }

    private func makeReady(_ fragments: [(revision: RevisionID, kind: FragmentKind)]) async {
        for (revision, kind) in fragments {
            guard !Task.isCancelled, (try? refuseIfEnding()) != nil else { return }
            do {
                _ = try await blocking { [store] in try store.readyBlocks(revision, kind, Xpress.compressText)?.textCount }
            } catch {
                // Nothing is lost: whoever needs it makes it.
                log.warning("a fragment of revision \(revision.rawValue) was not made ready: \(error)")
                if let error = error as? StorageError, error.code == .diskFull { return }
            }
        }
    }
}
