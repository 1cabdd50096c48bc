import Testing
import UpdateCatalog
import Updates

/// Which approval counts for a device in several groups of a tree.
struct ApprovalTests {
    /// all > a > a1 > a2, all > b > b1.
    static let groups = [("a", "all"), ("a1", "a"), ("a2", "a1"), ("b", "all"), ("b1", "b")]

    struct Row: CustomTestStringConvertible, Sendable {
        let name: String
        let approvals: [Approval]
        let device: [String]
        /// The group whose approval counts.
        let expected: String?
        var testDescription: String { name }
    }

    static let rows: [Row] = [
        Row(name: "none where nothing is said", approvals: [], device: ["a"], expected: nil),
        Row(name: "the group's own", approvals: [approval("u", "a", .install)], device: ["a"], expected: "a"),
        Row(name: "an inherited one", approvals: [approval("u", "a", .install)], device: ["a2"], expected: "a"),
        Row(name: "that of All Computers, for every group", approvals: [approval("u", "all", .install)], device: ["b1"], expected: "all"),
        Row(
            name: "that of All Computers, for a device in a group that is gone", approvals: [approval("u", "all", .install)],
            device: ["gone"], expected: "all"),
        Row(name: "none of a group that is gone", approvals: [approval("u", "gone", .install)], device: ["gone"], expected: nil),
        Row(name: "that of All Computers, for a device without a group", approvals: [approval("u", "all", .install)], device: [], expected: "all"),
        Row(name: "none of a group below", approvals: [approval("u", "a2", .install)], device: ["a1"], expected: nil),
        Row(name: "none of a group beside", approvals: [approval("u", "b", .install)], device: ["a"], expected: nil),
        Row(
            name: "the nearest of a chain", approvals: [approval("u", "all", .install), approval("u", "a1", .uninstall)], device: ["a2"],
            expected: "a1"),
        Row(
            name: "a block over what is inherited", approvals: [approval("u", "a", .install), approval("u", "a1", .block)], device: ["a2"],
            expected: "a1"),
        Row(
            name: "an install below a block", approvals: [approval("u", "a", .block), approval("u", "a1", .install)], device: ["a2"],
            expected: "a1"),
        Row(
            name: "what is above a withdrawn one", approvals: [approval("u", "a", .install), approval("u", "a1", nil)], device: ["a2"],
            expected: "a"),
        Row(
            name: "the deeper group's, although it only blocks", approvals: [approval("u", "b", .install), approval("u", "a1", .block)],
            device: ["a1", "b"], expected: "a1"),
        Row(
            name: "the deeper group's, although it removes", approvals: [approval("u", "b", .install), approval("u", "a1", .uninstall)],
            device: ["a1", "b"], expected: "a1"),
        Row(
            name: "the depth of the group that speaks, not of the device's",
            approvals: [approval("u", "all", .install), approval("u", "b", .uninstall)],
            device: ["a2", "b"], expected: "b"),
        Row(
            name: "install over uninstall at one depth", approvals: [approval("u", "a", .uninstall, deadline: 1), approval("u", "b", .install)],
            device: ["a", "b"], expected: "b"),
        Row(
            name: "install over block at one depth", approvals: [approval("u", "a", .block), approval("u", "b", .install)], device: ["a", "b"],
            expected: "b"),
        Row(
            name: "uninstall over block at one depth", approvals: [approval("u", "a", .block), approval("u", "b", .uninstall)],
            device: ["a", "b"], expected: "b"),
        Row(
            name: "the earlier deadline", approvals: [approval("u", "a", .install, deadline: 20), approval("u", "b", .install, deadline: 10)],
            device: ["a", "b"], expected: "b"),
        Row(
            name: "a deadline over none", approvals: [approval("u", "a", .install), approval("u", "b", .install, deadline: 10)],
            device: ["a", "b"], expected: "b"),
        Row(
            name: "the older deployment of equals",
            approvals: [approval("u", "a", .install, deployment: 9), approval("u", "b", .install, deployment: 8)], device: ["a", "b"],
            expected: "b"),
        Row(
            name: "the inner of two groups of one chain", approvals: [approval("u", "a", .install), approval("u", "a1", .block)],
            device: ["a", "a1"], expected: "a1"),
        Row(name: "none of another update", approvals: [approval("v", "a", .install)], device: ["a"], expected: nil),
    ]

    @Test(arguments: rows)
    func `the approval that counts is`(row: Row) {
        let catalog = catalog([revision(1, "u")], approvals: row.approvals, groups: Self.groups)
        let device = Set(row.device.map { group($0) })
        let expected = row.expected.flatMap { name in row.approvals.first { $0.groupID == group(name) } }
        #expect(catalog.effectiveApproval(of: update("u"), in: device) == expected)
        let deployment = catalog.deployment(of: RevisionID(rawValue: 1), in: catalog.view(of: device))
        #expect(deployment?.id == expected?.deploymentID ?? DeploymentID(rawValue: 1001))
    }

    @Test func `groups that name each other as parents end`() {
        let catalog = catalog(
            [revision(1, "u")], approvals: [approval("u", "y", .install)], groups: [("x", "y"), ("y", "x")])
        #expect(catalog.effectiveApproval(of: update("u"), in: [group("x")])?.groupID == group("y"))
    }

    @Test func `a later row for the same update and group takes the place of the earlier`() {
        let before = catalog([revision(1, "u")], approvals: [approval("u", "a", .install)], groups: Self.groups)
        let after = before.applying(approvals: [approval("u", "a", .block, at: 2)], declines: [], generation: Generation(rawValue: 2))
        #expect(after.effectiveApproval(of: update("u"), in: [group("a")])?.action == .block)
        #expect(before.effectiveApproval(of: update("u"), in: [group("a")])?.action == .install, "the earlier value is untouched")
    }
}
