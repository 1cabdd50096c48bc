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

    @Test func `lists lie one behind the other and can be turned round`() {
        var lists = Lists<UInt32>()
        #expect(lists.count == 0)
        for list: [UInt32] in [[2, 0], [], [0, 0, 3]] { lists.append(list) }
        #expect(lists.indices.map { Array(lists[$0]) } == [[2, 0], [], [0, 0, 3]])
        let inverse = lists.inverse(count: 5)
        #expect(inverse.indices.map { Array(inverse[$0]) } == [[0, 2, 2], [], [0], [2], []])
        let positions = Lists(positionsIn: [1, 0, 1] as [UInt32], count: 3)
        #expect(positions.indices.map { Array(positions[$0]) } == [[1], [0, 2], []])
        #expect(Lists<UInt32>().inverse(count: 0).count == 0)
    }

    @Test func `equal lists have one number`() {
        var interner = ListInterner()
        let lists = (0..<500).map { number in (0..<UInt32(number % 7)).map { $0 &* UInt32(number) } }
        let numbers = lists.map { interner.number(of: $0) }
        for (list, number) in zip(lists, numbers) {
            #expect(Array(interner.lists[Int(number)]) == list)
            #expect(interner.number(of: list) == number)
        }
        #expect(interner.lists.count == Set(lists).count)
    }

    @Test func `revisions with the same list of clauses share a node`() {
        let revisions = [
            revision(1, "a"), revision(2, "b"), revision(3, "x", needs: [["a", "b"], ["b"]]), revision(4, "y", needs: [["b", "a", "a"], ["b"]]),
            revision(5, "z", needs: [["b", "missing"]]), revision(6, "v", needs: [["b"], ["b"]]),
        ]
        let graph = RevisionGraph(RevisionTable().appending(revisions))
        let nodes = graph.prerequisites
        #expect(nodes.clauses.count == 3)
        #expect(nodes.nodes.count == 4)
        let node = graph.content.row(2).node
        #expect(node == graph.content.row(3).node)
        #expect(Array(nodes.revisionsOfNode[Int(graph.content.row(0).node)]) == [0, 1])
        #expect(nodes.nodes[Int(graph.content.row(5).node)].count == 1, "a clause counts once")
    }

    @Test func `revisions come by id, the later of two with one id`() {
        let table = RevisionTable().appending([
            revision(9, "a", bundles: [[identity("m")], []]), revision(2, "b", supersedes: ["x"]), revision(9, "c", bundles: [[identity("n")]]),
            revision(4, "d", supersedes: ["y"]),
        ])
        #expect(table.rows.map(\.id.rawValue) == [2, 4, 9])
        #expect(table.rows.map { table.updateIDs[Int($0.update)] } == [update("b"), update("d"), update("c")])
        #expect(table.rows.indices.map { table.superseded[$0].map { table.updateIDs[Int($0)] } } == [[update("x")], [update("y")], []])
        let groups = table.rows.indices.map { table.groupsOfRow[$0].map { table.membersOfGroup[Int($0)].map { table.updateIDs[Int($0.update)] } } }
        #expect(groups == [[], [], [[update("n")]]])
        let replaced = table.appending([revision(11, "b")], without: [0])
        #expect(replaced.rows.map(\.id.rawValue) == [4, 9, 11])
        #expect(replaced.rows.map { replaced.updateIDs[Int($0.update)] } == [update("d"), update("c"), update("b")])
    }

    @Test func `devices of one kind cost one computation, and no decision forgets it`() {
        let revisions = [revision(1, "os", 1, .detectoid), revision(2, "a", needs: [["os"]]), revision(3, "b", needs: [["os"]])]
        let catalog = catalog(revisions, groups: [("on", "all")])
        func computations(_ catalog: Catalog) -> Int { catalog.standing.graph.satisfied.computations }
        #expect(catalog.answer(installed: [1]).new == [2, 3])
        #expect(catalog.answer(installed: [1, 1], other: [2, 77]).new == [3])
        #expect(catalog.answer(installed: [1], groups: "on").new == [2, 3])
        #expect(computations(catalog) == 1)
        let approved = catalog.applying(approvals: [approval("a", "on", .install, at: 2)], declines: [], generation: Generation(rawValue: 2))
        #expect(approved.answer(installed: [1], groups: "on").newUpdates.map(\.deployment.action) == [.install, .preDeploymentCheck])
        let declined = approved.applying(approvals: [], declines: [decline("b", at: 3)], generation: Generation(rawValue: 3))
        #expect(declined.answer(installed: [1]).new == [2])
        #expect(computations(declined) == 1)
        _ = declined.answer()
        #expect(computations(declined) == 2, "another installed set")
        let restricted = UpdateCatalogTests.catalog(
            revisions, approvals: [approval("a", "on", .install)], groups: [("on", "all")], restrictToApproved: true)
        #expect(restricted.answer(installed: [1], groups: "on").new == [2])
        #expect(restricted.answer(installed: [1]).new == [])
        #expect(computations(restricted) == 1, "what is approved makes no difference to what is met")
    }

    @Test func `changes of approvals are found however they come`() {
        var table = ApprovalTable([approval("b", "g", nil, at: 5), approval("a", "g", .install, at: 2), approval("c", "g", .block, at: 9)])
        func changed(after anchor: Int64) -> Set<UpdateID> {
            Set(EffectiveApprovals(for: [group("g")], in: GroupTree(tree([("g", "all")])), table).changed(after: Generation(rawValue: anchor)))
        }
        #expect(changed(after: 0) == [update("a"), update("b"), update("c")])
        #expect(changed(after: 4) == [update("b"), update("c")])
        #expect(changed(after: 9) == [])
        for generation: Int64 in 10...200 { table.apply([approval("a", "g", .install, at: generation)]) }
        #expect(changed(after: 9) == [update("a")])
        #expect(changed(after: 4) == [update("a"), update("b"), update("c")])
        #expect(table.groups[group("g")]?.rows.count == 3)
    }
}
