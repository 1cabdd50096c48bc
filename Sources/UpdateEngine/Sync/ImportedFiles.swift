import UpdateProtocols

/// The files of an import, by what they are.
struct ImportedFiles: Sendable {
    var documents: [Document] = []
    var offlineScans: [String] = []
    /// Whatever no update names is left alone later.
    var payloads: [String] = []
    /// Cabinets that cannot be read, where they were named and do not merely lie in a folder: payloads are cabinets too.
    var broken: [ImportReport.Problem] = []

    struct Document: Sendable {
        let path: String
        /// In the cabinet that servers send it in.
        var isCabinet = false
    }

    /// Looks into each file that could be a cabinet. Blocking.
    init(_ found: ImportFolder, named: Set<String>) {
        documents = found.documents.map { Document(path: $0) }
        for path in found.payloads {
            switch CabinetKind.of(path: path) {
            case .offlineScan: offlineScans.append(path)
            case .document: documents.append(Document(path: path, isCabinet: true))
            case .broken(let error) where named.contains(path): broken.append(.init(path: path, message: "\(path): \(error)"))
            case .broken, nil: payloads.append(path)
            }
        }
    }
}

/// What a file of an import is, by its content.
enum CabinetKind {
    /// wsusscn2.cab, or one like it.
    case offlineScan
    /// One update document, compressed.
    case document
    /// A cabinet that cannot be read.
    case broken(any Error)

    /// Nothing for what is no cabinet, or a cabinet of something else: a payload.
    static func of(path: String) -> CabinetKind? {
        do {
            let file = try CabinetFile(path: path)
            var start = [UInt8](repeating: 0, count: CabinetReader.signature.count)
            let count = try start.withUnsafeMutableBytes { try file.read(into: $0, at: 0) }
            guard count == start.count, start == CabinetReader.signature else { return nil }
            do {
                let cabinet = try CabinetReader(try CabinetPart(file))
                if OfflineCabinet.isOne(cabinet) { return .offlineScan }
                return UpdateBlob.isBlob(cabinet) ? .document : nil
            } catch {
                return .broken(error)
            }
        } catch {
            // Whoever reads it as a payload says why it cannot be read.
            return nil
        }
    }
}
