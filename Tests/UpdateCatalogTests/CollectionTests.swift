import Testing
import Updates

@testable import UpdateCatalog

/// The small collections beneath the catalog.
struct CollectionTests {
    @Test(arguments: [0, 1, 63, 64, 65, 130])
    func `a dense set is a set of numbers`(capacity: Int) {
        var set = DenseSet(capacity: capacity)
        #expect(Array(set) == [])
        let members = (0..<UInt32(capacity)).filter { $0 % 3 == 0 || $0 % 64 == 63 }
        for member in members.reversed() { set.insert(member) }
        #expect(Array(set) == members)
        #expect((0..<UInt32(capacity)).allSatisfy { set.contains($0) == members.contains($0) })
        var odd = DenseSet(capacity: capacity)
        for member in 0..<UInt32(capacity) where member % 2 == 1 { odd.insert(member) }
        #expect(Array(set.intersection(odd)) == members.filter { $0 % 2 == 1 })
        #expect(Array(set.subtracting(odd)) == members.filter { $0 % 2 == 0 })
        for member in members { set.remove(member) }
        #expect(Array(set) == [])
    }

    @Test func `revision ids are found wherever they lie`() {
        let ids: [Int32] = [1, 2, 255, 256, 511, 70_000, .max - 1, .max]
        let index = RevisionIndex(ids.map { RevisionID(rawValue: $0) })
        for (position, id) in ids.enumerated() { #expect(index[RevisionID(rawValue: id)] == UInt32(position)) }
        for id: Int32 in [.min, -1, 0, 3, 254, 257, 512, 69_999, 70_001, .max - 2] { #expect(index[RevisionID(rawValue: id)] == nil) }
        #expect(RevisionIndex([RevisionID]())[RevisionID(rawValue: 1)] == nil)
    }

    @Test func `a cache forgets what came first`() {
        let cache = BoundedCache<Int, Int>(limit: 2)
        var computed: [Int] = []
        func value(_ key: Int) -> Int {
            cache.value(for: key) {
                computed.append(key)
                return key * 10
            }
        }
        #expect([1, 2, 1, 3, 2, 3, 1, 3].map { value($0) } == [10, 20, 10, 30, 20, 30, 10, 30])
        #expect(computed == [1, 2, 3, 1])
    }

    @Test func `revisions with the same clauses share a node`() {
        let revisions = [
            revision(1, "a"), revision(2, "b"), revision(3, "x", needs: [["a", "b"], ["b"]]),
            revision(4, "y", needs: [["b"], ["b", "a", "a"], ["b"]]),
            revision(5, "z", needs: [["b", "missing"]]),
        ]
        let graph = RevisionGraph(revisions)
        let nodes = graph.prerequisites
        #expect(nodes.clauses.count == 2)
        #expect(nodes.nodes.count == 3)
        #expect(nodes.nodeOfRevision[2] == nodes.nodeOfRevision[3])
        #expect(nodes.revisionsOfNode[Int(nodes.nodeOfRevision[0])] == [0, 1])
    }
}
