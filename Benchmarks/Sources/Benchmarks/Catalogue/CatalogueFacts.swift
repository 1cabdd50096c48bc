import UpdateProtocols
import Updates

/// What the benchmark catalogue is like, counted from its documents.
struct CatalogueFacts {
    private var types: [UpdateType: Int] = [:]
    private var nonLeaf = 0
    private var bundles = 0
    private var edges = 0
    private var superseding = 0
    private var coreSizes: [Int] = []
    private var documentSizes: [Double] = []
    private let entitled: [(Reach, Int, Int)]
    private var large = Compression()
    private var small = Compression()

    /// Core fragments one after the other, as they stand in answers, and what Xpress makes of them.
    private struct Compression {
        private var run: [UInt8] = []
        private var clear = 0
        private var compressed = 0

        mutating func add(_ core: ChunkedBytes) {
            for chunk in core.chunks { run.append(contentsOf: chunk) }
            if run.count > 1 << 20 { compress() }
        }

        mutating func compress() {
            clear += run.count
            compressed += Xpress.compress(run).count
            run = []
        }

        var ratio: Double { Double(clear) / Double(max(1, compressed)) }
    }

    init(_ plan: CataloguePlan) throws {
        let named = Set(plan.updates.flatMap { $0.prerequisites.flatMap(\.anyOf) })
        for update in plan.updates {
            let bytes = DocumentWriter.document(update)
            var reader = UpdateDocumentReader()
            try bytes.withUnsafeBytes { try reader.feed($0) }
            let document = try reader.finish()
            types[document.metadata.type, default: 0] += 1
            if named.contains(update.id) { nonLeaf += 1 }
            if !document.metadata.bundledUpdates.isEmpty { bundles += 1 }
            edges += document.metadata.supersededUpdates.count
            if !document.metadata.supersededUpdates.isEmpty { superseding += 1 }
            guard let core = document.fragments.first(where: { $0.kind == .core })?.bytes else { continue }
            coreSizes.append(core.count)
            documentSizes.append(Double(bytes.count))
            if core.count > 16_384 { large.add(core) } else { small.add(core) }
        }
        large.compress()
        small.compress()
        entitled = [Reach.fresh, .workstation, .everyProduct].map { ($0, plan.installed(on: $0).count, plan.entitled($0)) }
    }

    var text: String {
        let types = types.map { "\($0.value) \($0.key.rawValue)" }.sorted().joined(separator: ", ")
        let small = coreSizes.filter { $0 <= 1_000_000 }.map(Double.init)
        return """
            \(types); \(nonLeaf) non-leaf, \(bundles) bundles, \(edges) supersedence edges of \(superseding)
            Core: \(coreSizes.reduce(0, +) / 1_000_000) MB, \(coreSizes.count { $0 > 1_000_000 }) over 1 MB, \
            \(coreSizes.count { $0 > 32 << 20 }) over 32 MiB, largest \(coreSizes.max() ?? 0), others: median \(Int(small.median)), \
            99th \(Int(small.quantile(0.99))); under Xpress up to 16 KiB \(format(self.small.ratio, 2)) ×, beyond \(format(large.ratio, 2)) ×
            documents: median \(Int(documentSizes.median))
            \(entitled.map { "\($0.0): \($0.1) installed, entitled to \($0.2)" }.joined(separator: "; "))
            """
    }
}
