import CoreFoundation
import Dispatch
import Foundation
import Glibc
import Storage
import TrustedTransport
import UpdateProtocols
import Updates

/// Reads the documents of an import ahead of their commit, in parallel, and gives them in order.
///
/// What is read ahead is bounded: small documents are read in groups, and one that is large is read while no other is.
actor DocumentQueue {
    /// A document that was read, or why it was not.
    struct Item: Sendable {
        let path: String
        let outcome: Result<RevisionImport, any Error>
    }

    /// Documents of one batch, and the bytes of fragments after which it is full.
    static let batchDocuments = 500
    static let batchBytes = 8 << 20
    /// Documents larger than this are stored from their file, never held whole.
    private static let wholeDocumentLimit = 1 << 20
    /// Documents that one thread reads in a row, and their bytes.
    private static let groupDocuments = 64
    private static let groupBytes = 1 << 20
    /// Groups that are read at once or wait to be taken.
    private static let groups = 6

    private let provenance: Provenance
    private var rest: ArraySlice<ImportedFiles.Document>
    private var ahead: [Task<[Item], any Error>] = []
    private var isLargeAhead = false
    private var read: [Item] = []
    let count: Int

    init(_ documents: [ImportedFiles.Document], _ provenance: Provenance) {
        rest = documents[...]
        count = documents.count
        self.provenance = provenance
    }

    /// The next documents, at most ``batchDocuments``; none at the end.
    func nextBatch() async throws -> [Item] {
        var batch: [Item] = []
        var bytes = 0
        while batch.count < Self.batchDocuments, bytes < Self.batchBytes {
            if read.isEmpty {
                readAhead()
                guard !ahead.isEmpty else { break }
                read = try await ahead.removeFirst().value.reversed()
                // Nothing is read beside a large document, and nothing before it is committed.
                if isLargeAhead { isLargeAhead = false } else { readAhead() }
            }
            guard let item = read.popLast() else { continue }
            if case .success(let revision) = item.outcome { bytes += revision.fragments.reduce(0) { $0 + $1.bytes.count } }
            batch.append(item)
        }
        return batch
    }

    private func readAhead() {
        while ahead.count < Self.groups, !rest.isEmpty, !isLargeAhead {
            let (group, isLarge) = nextGroup()
            // Alone: neither beside others nor with others behind it.
            if isLarge, !ahead.isEmpty { return }
            rest = rest.dropFirst(group.count)
            isLargeAhead = isLarge
            ahead.append(
                Task { [provenance] in
                    try await blocking {
                        group.map { document in
                            Item(
                                path: document.path,
                                outcome: Result {
                                    document.isCabinet
                                        ? try UpdateEngine.readBlob(at: document.path, provenance: provenance)
                                        : try Self.readDocument(at: document.path, provenance: provenance)
                                })
                        }
                    }
                })
        }
    }

    private func nextGroup() -> (documents: ArraySlice<ImportedFiles.Document>, isLarge: Bool) {
        var bytes: Int64 = 0
        var end = rest.startIndex
        while end < rest.endIndex, end - rest.startIndex < Self.groupDocuments {
            var status = stat()
            let document = rest[end]
            // How large the document in a cabinet is, is not known yet.
            let size = document.isCabinet ? Int64(Self.groupBytes) + 1 : stat(document.path, &status) == 0 ? Int64(status.st_size) : 0
            if end > rest.startIndex, bytes + size > Self.groupBytes { break }
            bytes += size
            end += 1
        }
        return (rest[rest.startIndex..<end], bytes > Self.groupBytes)
    }

    /// Reads one document. What it throws names the file and, where there is one, the byte.
    private static func readDocument(at path: String, provenance: Provenance) throws -> RevisionImport {
        do {
            var reader = UpdateDocumentReader()
            var whole: [UInt8]? = []
            let file = try FileVerifier.read(path: path) { chunk in
                if whole != nil {
                    whole?.append(contentsOf: chunk)
                    if (whole?.count ?? 0) > wholeDocumentLimit { whole = nil }
                }
                try reader.feed(chunk)
            }
            let document = try reader.finish()
            return RevisionImport(
                metadata: document.metadata, fragments: document.fragments, provenance: provenance,
                document: whole.map { .bytes($0) } ?? .file(path: path, sha256: file.sha256))
        } catch let error as DocumentError {
            throw EngineError(.refused, "\(path): byte \(error.byteOffset): \(error.message)")
        } catch {
            throw EngineError(.failed, "\(path): \(error)")
        }
    }
}
