import Testing
import UpdateCatalog
import Updates

/// What is delivered, in which revision, with which action (ADR 0004).
struct DeliveryTests {
    struct Row: CustomTestStringConvertible, Sendable {
        let name: String
        let revisions: [CatalogRevision]
        var declines: [Decline] = []
        let expected: [Int32]
        var testDescription: String { name }
    }

    static let rows: [Row] = [
        Row(name: "an unapproved update", revisions: [revision(1, "a")], expected: [1]),
        Row(name: "a superseded one, too", revisions: [revision(1, "a"), revision(2, "b", supersedes: ["a"])], expected: [1, 2]),
        Row(name: "an expired one, too", revisions: [revision(1, "a", isExpired: true)], expected: [1]),
        Row(name: "a driver, where it fits", revisions: [revision(1, "a", 1, .driver)], expected: [1]),
        Row(name: "nothing declined", revisions: [revision(1, "a"), revision(2, "b")], declines: [decline("a")], expected: [2]),
        Row(name: "what is declined no more", revisions: [revision(1, "a")], declines: [decline("a", false)], expected: [1]),
        Row(name: "the newest revision only", revisions: [revision(1, "a", 1), revision(2, "a", 3), revision(3, "a", 2)], expected: [2]),
        Row(
            name: "not a newer one of a less trusted source",
            revisions: [revision(1, "a", 1, from: .microsoft), revision(2, "a", 2, from: .local)], expected: [1]),
        Row(
            name: "an older one of a more trusted source",
            revisions: [revision(1, "a", 5, from: .local), revision(2, "a", 2, from: .microsoft)], expected: [2]),
        Row(
            name: "not what waits for a prerequisite that is not held",
            revisions: [revision(1, "a", needs: [["missing"]]), revision(2, "b", needs: [["a"]]), revision(3, "c")], expected: [3]),
        Row(
            name: "what has one of several prerequisites held",
            revisions: [revision(1, "a", needs: [["missing", "b"]]), revision(2, "b")], expected: [1, 2]),
        Row(name: "not what has an empty clause", revisions: [revision(1, "a", needs: [[]])], expected: []),
        Row(
            name: "not what only a declined update would meet", revisions: [revision(1, "a"), revision(2, "b", needs: [["a"]])],
            declines: [decline("a")], expected: []),
        Row(
            name: "what any revision of its prerequisite meets",
            revisions: [revision(1, "a", 1), revision(2, "a", 2), revision(3, "b", needs: [["a"]])], expected: [2, 3]),
        Row(
            name: "updates that need each other", revisions: [revision(1, "a", needs: [["b"]]), revision(2, "b", needs: [["a"]])], expected: [1, 2]),
        Row(
            name: "a bundle with its members", revisions: [revision(1, "m"), revision(2, "p", bundles: [[identity("m")]])], expected: [1, 2]),
        Row(
            name: "not a bundle whose member is not held, nor its other members",
            revisions: [revision(1, "m"), revision(2, "p", bundles: [[identity("m")], [identity("n")]])], expected: []),
        Row(
            name: "a bundle with one of the alternatives of a group",
            revisions: [revision(1, "m"), revision(2, "p", bundles: [[identity("m"), identity("n")]])], expected: [1, 2]),
        Row(
            name: "not a bundle whose member is held in another revision only",
            revisions: [revision(1, "m", 2), revision(2, "p", bundles: [[identity("m", 1)]])], expected: []),
        Row(
            name: "not the members of declined bundles only",
            revisions: [revision(1, "m"), revision(2, "p", bundles: [[identity("m")]]), revision(3, "q", bundles: [[identity("m")]])],
            declines: [decline("p"), decline("q")], expected: []),
        Row(
            name: "the members that a declined bundle shares with another",
            revisions: [revision(1, "m"), revision(2, "p", bundles: [[identity("m")]]), revision(3, "q", bundles: [[identity("m")]])],
            declines: [decline("p")], expected: [1, 3]),
        Row(
            name: "not a bundle whose member is declined",
            revisions: [revision(1, "m"), revision(2, "n"), revision(3, "p", bundles: [[identity("m")], [identity("n")]])],
            declines: [decline("m")], expected: []),
        Row(
            name: "the member's revision that its bundle names, although a newer one is held",
            revisions: [revision(1, "m", 1), revision(2, "m", 2), revision(3, "p", bundles: [[identity("m", 1)]])], expected: [1, 3]),
        Row(
            name: "the newest revision that bundles name, and no bundle that names an older one",
            revisions: [
                revision(1, "m", 1), revision(2, "m", 2), revision(3, "p", bundles: [[identity("m", 1)]]),
                revision(4, "q", bundles: [[identity("m", 2)]]),
            ], expected: [2, 4]),
        Row(
            name: "the older revision once the bundle with the newer is declined",
            revisions: [
                revision(1, "m", 1), revision(2, "m", 2), revision(3, "p", bundles: [[identity("m", 1)]]),
                revision(4, "q", bundles: [[identity("m", 2)]]),
            ], declines: [decline("q")], expected: [1, 3]),
        Row(
            name: "no untrusted revision of a member, although a trusted bundle names it",
            revisions: [
                revision(1, "m", 1, from: .microsoft), revision(2, "m", 2, from: .hearsay),
                revision(3, "p", bundles: [[identity("m", 2)]], from: .microsoft),
            ], expected: []),
        Row(
            name: "the current revision of what only an untrusted bundle names",
            revisions: [
                revision(1, "m", 1, from: .microsoft), revision(2, "m", 2, from: .microsoft),
                revision(3, "p", bundles: [[identity("m", 1)]], from: .hearsay),
            ], expected: [2]),
        Row(
            name: "bundles of bundles",
            revisions: [revision(1, "m"), revision(2, "p", bundles: [[identity("m")]]), revision(3, "q", bundles: [[identity("p")]])],
            expected: [1, 2, 3]),
        Row(
            name: "nothing of bundles of bundles when the outermost is declined",
            revisions: [revision(1, "m"), revision(2, "p", bundles: [[identity("m")]]), revision(3, "q", bundles: [[identity("p")]])],
            declines: [decline("q")], expected: []),
        Row(
            name: "nothing that leans on a bundle that waits",
            revisions: [
                revision(1, "m"), revision(2, "p", needs: [["missing"]], bundles: [[identity("m")]]), revision(3, "a", needs: [["m"]]),
            ], expected: []),
    ]

    @Test(arguments: rows)
    func `devices are given`(row: Row) {
        #expect(catalog(row.revisions, declines: row.declines).delivered(to: "all") == row.expected)
    }

    static let mixed = catalog(
        [
            revision(1, "c", 1, .category), revision(2, "d", 1, .detectoid), revision(3, "m"), revision(4, "p", bundles: [[identity("m")]]),
            revision(5, "q", bundles: [[identity("p")]]), revision(6, "a"), revision(7, "x", isExpired: true), revision(8, "s"),
        ],
        approvals: [
            approval("c", "all", .install), approval("d", "all", .install), approval("m", "all", .install), approval("p", "all", .install),
            approval("q", "on", .install, deadline: 5, deployment: 77), approval("a", "on", .install), approval("x", "on", .install, deadline: 6),
            approval("a", "off", .uninstall), approval("x", "off", .uninstall), approval("a", "no", .block, deadline: 9),
            approval("q", "was", nil),
        ], groups: [("on", "all"), ("off", "all"), ("no", "all"), ("was", "all")])

    @Test(arguments: [
        ("a category is evaluated whatever is approved", 1, "on", DeploymentAction.evaluate),
        ("a detectoid is evaluated whatever is approved", 2, "on", .evaluate),
        ("a bundle member is a bundle member whatever is approved", 3, "on", .bundle),
        ("a bundle that is itself a member is a member", 4, "on", .bundle),
        ("an approved bundle is installed", 5, "on", .install),
        ("an unapproved bundle is looked for", 5, "all", .preDeploymentCheck),
        ("a withdrawn approval is none", 5, "was", .preDeploymentCheck),
        ("an approved update is installed", 6, "on", .install),
        ("one approved for removal is removed", 6, "off", .uninstall),
        ("a blocked one is looked for", 6, "no", .preDeploymentCheck),
        ("an expired one is never installed", 7, "on", .preDeploymentCheck),
        ("an expired one can be removed", 7, "off", .uninstall),
        ("an unapproved one is looked for", 8, "on", .preDeploymentCheck),
    ])
    func `what a device is to do`(name: String, id: Int, group: String, expected: DeploymentAction) {
        #expect(Self.mixed.action(Int32(id), for: group) == expected, "\(name)")
    }

    @Test func `a deployment is the approval's where one decides and the revision's own elsewhere`() {
        let approved = Self.mixed.deployment(of: RevisionID(rawValue: 5), in: Self.mixed.view(of: [group("on")]))
        #expect(approved == Deployment(id: DeploymentID(rawValue: 77), action: .install, deadline: time(5), lastChange: time(100_001)))
        let standard = Self.mixed.deployment(of: RevisionID(rawValue: 5), in: Self.mixed.view(of: [group("was")]))
        #expect(standard == Deployment(id: DeploymentID(rawValue: 1005), action: .preDeploymentCheck, deadline: nil, lastChange: time(5)))
        let expired = Self.mixed.deployment(of: RevisionID(rawValue: 7), in: Self.mixed.view(of: [group("on")]))
        #expect(expired?.deadline == nil, "there is nothing to do by then")
        let blocked = Self.mixed.deployment(of: RevisionID(rawValue: 6), in: Self.mixed.view(of: [group("no")]))
        #expect(blocked == Deployment(id: DeploymentID(rawValue: 1), action: .preDeploymentCheck, deadline: nil, lastChange: time(100_001)))
        #expect(Self.mixed.deployment(of: RevisionID(rawValue: 99), in: Self.mixed.view(of: [])) == nil)
    }

    @Test func `an untrusted bundle does not make a trusted update its member`() {
        let catalog = catalog(
            [revision(1, "m", from: .microsoft), revision(2, "p", bundles: [[identity("m")]], from: .hearsay)],
            approvals: [approval("m", "all", .install)])
        #expect(catalog.action(1, for: "all") == .install)
        #expect(catalog.action(2, for: "all") == .preDeploymentCheck)
    }

    /// Otherwise what names it would wait for ever: devices count as installed what they were told is non-leaf.
    @Test func `an untrusted prerequisite makes a trusted update non-leaf, and changes nothing else of it`() {
        let before = catalog(
            [revision(1, "a", from: .microsoft), revision(2, "product", 1, .category, from: .microsoft)],
            approvals: [approval("a", "all", .install)])
        let view = before.view(of: [group("all")])
        let after = before.adding(
            [revision(3, "b", needs: [["a"]], in: ["product"], from: .hearsay, at: 2)], generation: Generation(rawValue: 2))
        for (id, name) in [(1, "a"), (2, "product")] as [(Int32, String)] {
            #expect(before.condition(of: update(name))?.isLeaf == true)
            #expect(after.condition(of: update(name))?.isLeaf == false)
            #expect(after.current(update(name)) == before.current(update(name)))
            let id = RevisionID(rawValue: id)
            #expect(after.deployment(of: id, in: after.view(of: [group("all")])) == before.deployment(of: id, in: view))
        }
        #expect(after.answer(other: [1, 2], anchor: 1, groups: "all").changed == [1, 2])
        #expect(after.answer(installed: [1, 2], anchor: 2, groups: "all").new == [3])
    }

    @Test func `an untrusted member that a trusted bundle lacks is delivered with it`() {
        let before = catalog(
            [revision(1, "p", bundles: [[identity("m")]], from: .microsoft)], approvals: [approval("p", "all", .install)])
        #expect(before.delivered(to: "all") == [])
        let after = before.adding([revision(2, "m", from: .hearsay, at: 2)], generation: Generation(rawValue: 2))
        #expect(after.delivered(to: "all") == [1, 2])
        #expect(after.action(2, for: "all") == .bundle)
    }

    @Test func `a newer revision of a less trusted source inherits no approval`() {
        let before = catalog([revision(1, "a", from: .microsoft)], approvals: [approval("a", "all", .install)])
        let after = before.adding([revision(2, "a", 2, from: .local, at: 2)], generation: Generation(rawValue: 2))
        #expect(after.delivered(to: "all") == [1])
        #expect(after.action(1, for: "all") == .install)
        #expect(after.action(2, for: "all") == nil)
        let trusted = after.adding([revision(3, "a", 3, from: .microsoft, at: 3)], generation: Generation(rawValue: 3))
        #expect(trusted.action(3, for: "all") == .install, "one of the same source does")
    }

    @Test func `an approval waits for its update`() {
        let before = catalog([], approvals: [approval("a", "all", .install)])
        let after = before.adding([revision(1, "a", at: 2)], generation: Generation(rawValue: 2))
        #expect(after.action(1, for: "all") == .install)
    }

    @Test func `a revision imported again takes the place of the one held`() {
        let before = catalog([revision(1, "a", 1, from: .local), revision(2, "a", 2, from: .hearsay)])
        #expect(before.current(update("a"))?.id.rawValue == 1)
        let after = before.adding([revision(2, "a", 2, from: .microsoft, at: 2)], generation: Generation(rawValue: 2))
        #expect(after.current(update("a"))?.id.rawValue == 2)
        #expect(after.revision(RevisionID(rawValue: 2))?.provenance == .microsoft)
        let renumbered = after.adding([revision(3, "a", 2, needs: [["b"]], from: .microsoft, at: 3)], generation: Generation(rawValue: 3))
        #expect(renumbered.revision(RevisionID(rawValue: 2)) == nil, "one with the same identity takes its place")
        #expect(renumbered.current(update("a"))?.id.rawValue == 3)
        #expect(renumbered.answer(other: [2]).gone == [2])
    }

    @Test func `a catalog is built one revision at a time, in any order`() {
        var builder = CatalogBuilder()
        for revision in [revision(3, "c", needs: [["a"]]), revision(1, "a"), revision(2, "b"), revision(2, "b", isExpired: true)] {
            builder.add(revision)
        }
        let catalog = builder.catalog(
            approvals: [approval("b", "all", .install)], declines: [decline("a")], groups: tree([]), options: CatalogOptions(),
            generation: Generation(rawValue: 7))
        #expect(catalog.delivered(to: "all") == [2])
        #expect(catalog.action(2, for: "all") == .preDeploymentCheck, "of two with one id the later counts")
        #expect(catalog.generation == Generation(rawValue: 7))
    }

    @Test func `restricted to what is approved, devices get that and all it needs`() {
        let revisions = [
            revision(1, "company", 1, .category), revision(2, "product", 1, .category, in: ["company"]), revision(3, "other", 1, .category),
            revision(4, "detect", 1, .detectoid, needs: [["product"]]), revision(5, "mneeds", 1, .detectoid),
            revision(6, "m", needs: [["mneeds"]]), revision(7, "p", needs: [["detect", "either"]], in: ["product"], bundles: [[identity("m")]]),
            revision(8, "either", 1, .detectoid), revision(9, "a", in: ["product"]), revision(10, "blocked", in: ["other"]),
            revision(11, "lone", in: ["other"]),
        ]
        let approvals = [approval("p", "on", .install), approval("blocked", "on", .block), approval("m", "all", .install)]
        let restricted = catalog(revisions, approvals: approvals, groups: [("on", "all")], restrictToApproved: true)
        #expect(restricted.delivered(to: "on") == [1, 2, 4, 5, 6, 7, 8])
        #expect(restricted.delivered(to: "all") == [], "a member is not approved by itself")
        let later = restricted.applying(
            approvals: [approval("a", "all", .uninstall, at: 2)], declines: [], generation: Generation(rawValue: 2))
        #expect(later.delivered(to: "all") == [1, 2, 9])
    }
}
