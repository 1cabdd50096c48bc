import Testing
import UpdateCatalog
import Updates

/// What administrators are told of an update.
struct ConditionTests {
    @Test func `an update that is not held has no condition`() {
        #expect(catalog([]).condition(of: update("a")) == nil)
        #expect(catalog([]).current(update("a")) == nil)
        #expect(catalog([]).revision(RevisionID(rawValue: 1)) == nil)
    }

    struct SupersedenceRow: CustomTestStringConvertible, Sendable {
        let name: String
        let revisions: [CatalogRevision]
        let expected: [String]
        var testDescription: String { name }
    }

    @Test(arguments: [
        SupersedenceRow(name: "one of the same source", revisions: [revision(1, "a"), revision(2, "b", supersedes: ["a"])], expected: ["b"]),
        SupersedenceRow(
            name: "one of a more trusted source", revisions: [revision(1, "a"), revision(2, "b", supersedes: ["a"], from: .microsoft)],
            expected: ["b"]),
        SupersedenceRow(
            name: "none of a less trusted source",
            revisions: [revision(1, "a", from: .microsoft), revision(2, "b", supersedes: ["a"], from: .local)], expected: []),
        SupersedenceRow(
            name: "none whose current revision says so no more",
            revisions: [revision(1, "a"), revision(2, "b", 1, supersedes: ["a"]), revision(3, "b", 2)], expected: []),
        SupersedenceRow(
            name: "none whose newer revision is shadowed",
            revisions: [
                revision(1, "a"), revision(2, "b", 1, from: .microsoft), revision(3, "b", 2, supersedes: ["a"], from: .microsoft),
                revision(4, "b", 3, from: .hearsay),
            ], expected: ["b"]),
        SupersedenceRow(name: "never itself", revisions: [revision(1, "a", supersedes: ["a"])], expected: []),
        SupersedenceRow(
            name: "all that do", revisions: [revision(1, "a"), revision(2, "c", supersedes: ["a"]), revision(3, "b", supersedes: ["a"])],
            expected: ["b", "c"]),
    ])
    func `superseded by`(row: SupersedenceRow) throws {
        let condition = try #require(catalog(row.revisions).condition(of: update("a")))
        #expect(condition.supersededBy == row.expected.map { update($0) })
        #expect(condition.isSuperseded == !row.expected.isEmpty)
    }

    @Test func `what an update waits for is named`() throws {
        let catalog = catalog(
            [
                revision(1, "declined"), revision(2, "m", 1), revision(3, "m", 2),
                revision(4, "a", needs: [["x", "y"], ["declined"]], bundles: [[identity("m", 1)], [identity("n", 3)]]),
                revision(5, "b", bundles: [[identity("m", 2)]]), revision(6, "only", needs: [["m"]]),
                revision(7, "c", bundles: [[identity("only")], [identity("z")]]),
            ], declines: [decline("declined")])
        let condition = try #require(catalog.condition(of: update("a")))
        #expect(
            condition.unmet == [
                .prerequisiteNotHeld(anyOf: [update("x"), update("y")]), .prerequisiteNotDelivered(anyOf: [update("declined")]),
                .memberNotDelivered(anyOf: [identity("m", 1)]), .memberNotHeld(anyOf: [identity("n", 3)]),
            ])
        #expect(condition.delivered == nil)
        #expect(condition.bundleMembers == [update("m")])
        let member = try #require(catalog.condition(of: update("only")))
        #expect(member.unmet == [.bundlesNotDelivered([update("c")])])
        #expect(member.isBundleMember)
        let met = try #require(catalog.condition(of: update("m")))
        #expect(met.unmet == [])
        #expect(met.delivered == RevisionID(rawValue: 3))
        #expect(met.bundleParents == [update("a"), update("b")])
        #expect(try #require(catalog.condition(of: update("declined"))).isDeclined)
    }

    @Test func `shadowed revisions are shown`() throws {
        let catalog = catalog([
            revision(1, "a", 1, from: .microsoft), revision(2, "a", 2, isExpired: true, from: .microsoft), revision(3, "a", 3, from: .hearsay),
            revision(4, "a", 4, from: .local),
        ])
        let condition = try #require(catalog.condition(of: update("a")))
        #expect(condition.current.id.rawValue == 2)
        #expect(condition.isExpired)
        #expect(condition.shadowed.map(\.rawValue) == [3, 4])
    }

    @Test func `a less trusted source expires nothing`() throws {
        let catalog = catalog(
            [revision(1, "a", 1, from: .microsoft), revision(2, "a", 2, isExpired: true, from: .local)], approvals: [approval("a", "all", .install)])
        #expect(try #require(catalog.condition(of: update("a"))).isExpired == false)
        #expect(catalog.action(1, for: "all") == .install)
    }

    @Test func `categories are found through what files an update and what stands above`() throws {
        let catalog = catalog(ScanTests.product)
        let filed = try #require(catalog.condition(of: update("a"))).categories
        #expect(filed.products == [update("product")])
        #expect(filed.productFamilies == [update("family")])
        #expect(filed.companies == [update("company")])
        #expect(filed.classifications == [update("class")])
        let member = try #require(catalog.condition(of: update("m"))).categories
        #expect(member == UpdateCondition.Categories(), "a plain prerequisite files nothing")
    }

    @Test func `what stands above a category does not classify the update`() throws {
        let catalog = catalog([
            revision(1, "maker", 1, .category, category: .company), revision(2, "kind", 1, .category, in: ["maker"], category: .updateClassification),
            revision(3, "firm", 1, .category, needs: [["kind"]], category: .company),
            revision(4, "outer", 1, .category, in: ["firm"], category: .product),
            revision(5, "inner", 1, .category, in: ["outer"], category: .product), revision(6, "a", in: ["inner"]),
            revision(7, "b", in: ["kind"]),
        ])
        var expected = UpdateCondition.Categories()
        expected.products = [update("inner")]
        expected.companies = [update("firm")]
        #expect(try #require(catalog.condition(of: update("a"))).categories == expected)
        var classified = UpdateCondition.Categories()
        classified.classifications = [update("kind")]
        #expect(try #require(catalog.condition(of: update("b"))).categories == classified)
    }

    @Test func `updates are listed by id`() {
        #expect(catalog([revision(1, "b"), revision(2, "a"), revision(3, "a", 2)]).updateIDs == [update("a"), update("b")])
    }
}
