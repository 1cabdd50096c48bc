import Testing
import UpdateCatalog
import Updates

/// What RefreshCache answers.
struct RefreshTests {
    static let catalog = UpdateCatalogTests.catalog(
        [
            revision(1, "c", 1, .category), revision(2, "a", 1, in: ["c"]), revision(3, "a", 2, in: ["c"]), revision(4, "m"),
            revision(5, "p", bundles: [[identity("m")]]), revision(6, "gone"), revision(7, "waits", needs: [["missing"]]),
        ],
        approvals: [approval("a", "on", .install, deadline: 5, deployment: 77)], declines: [decline("gone")], groups: [("on", "all")])

    @Test(arguments: [
        ("what is given, in the order asked", [identity("a", 2), identity("c")], [3, 1]),
        ("a bundle but not its member", [identity("m"), identity("p")], [5]),
        ("not an earlier revision", [identity("a", 1)], []),
        ("not a revision that is not held", [identity("a", 3), identity("b")], []),
        ("not what is declined or waits", [identity("gone"), identity("waits")], []),
        ("each once", [identity("c"), identity("c")], [1]),
        ("nothing for nothing", [], []),
    ])
    func `refreshed is`(name: String, asked: [UpdateIdentity], expected: [Int32]) {
        let answer = Self.catalog.refresh(asked, in: Self.catalog.view(of: [.allComputers]))
        #expect(answer.map(\.id.rawValue) == expected, "\(name)")
    }

    @Test func `a refreshed revision has its deployment for the groups and its leaf flag`() {
        let answer = Self.catalog.refresh([identity("a", 2), identity("c")], in: Self.catalog.view(of: [group("on")]))
        let deployment = Deployment(id: DeploymentID(rawValue: 77), action: .install, deadline: time(5), lastChange: time(100_001))
        #expect(answer.first == RefreshedRevision(id: RevisionID(rawValue: 3), identity: identity("a", 2), isLeaf: true, deployment: deployment))
        #expect(answer.last?.isLeaf == false)
        #expect(answer.last?.deployment.action == .evaluate)
    }

    @Test func `a catalog restricted to what is approved refreshes no more than that`() {
        let catalog = UpdateCatalogTests.catalog(
            [revision(1, "a"), revision(2, "b")], approvals: [approval("a", "on", .install)], groups: [("on", "all")], restrictToApproved: true)
        let asked = [identity("a"), identity("b")]
        #expect(catalog.refresh(asked, in: catalog.view(of: [group("on")])).map(\.id.rawValue) == [1])
        #expect(catalog.refresh(asked, in: catalog.view(of: [.allComputers])) == [])
    }
}
