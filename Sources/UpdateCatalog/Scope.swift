/// A set of revisions that devices are given, and which of them a device is entitled to by what it has installed.
final class Scope: Sendable {
    let graph: RevisionGraph
    let revisions: DenseSet
    private let known = BoundedCache<[UInt32], DenseSet>(limit: CatalogLimits.rememberedInstalledSets)

    init(graph: RevisionGraph, revisions: DenseSet) {
        self.graph = graph
        self.revisions = revisions
    }

    /// What a device with one installed set is entitled to now, cached or not.
    ///
    /// - Parameter installed: updates of which the device has some revision installed, ascending, each once.
    func eligibility(installed: [UInt32]) -> DenseSet {
        known.value(for: installed) {
            var eligible = DenseSet(capacity: graph.content.revisions.count)
            for node in graph.prerequisites.satisfied(by: installed) {
                for revision in graph.prerequisites.revisionsOfNode[Int(node)] where revisions.contains(revision) { eligible.insert(revision) }
            }
            return eligible
        }
    }
}
