import Testing
import UpdateCatalog
import Updates

/// One answer at a time: what is new, changed and out of scope.
struct ScanTests {
    /// company > family > product, an update and a bundle in the product.
    static let product = [
        revision(1, "company", 1, .category, category: .company),
        revision(2, "family", 1, .category, in: ["company"], category: .productFamily),
        revision(3, "product", 1, .category, in: ["family"], category: .product),
        revision(4, "class", 1, .category, category: .updateClassification),
        revision(5, "detect", 1, .detectoid, needs: [["product"]]),
        revision(6, "a", needs: [["detect"]], in: ["product", "class"]),
        revision(7, "m", needs: [["detect"]]),
        revision(8, "p", in: ["product", "class"], bundles: [[identity("m")]]),
        revision(9, "lone", 1, .category, in: ["company"], category: .product),
        revision(10, "b", in: ["lone"]),
    ]

    @Test func `a device climbs down the prerequisites one level a round`() {
        let catalog = catalog(Self.product)
        #expect(catalog.answer().new == [1, 4])
        #expect(catalog.answer(installed: [1]).new == [2, 4, 9], "what others wait for, by id")
        #expect(catalog.answer(installed: [1, 2, 4]).new == [3, 9])
        #expect(catalog.answer(installed: [1, 2, 3, 4, 9]).new == [5, 8, 10])
        let last = catalog.answer(installed: [1, 2, 3, 4, 5], other: [9])
        #expect(last.new == [7, 6, 8], "members come before their bundles")
        #expect(last.newUpdates.map(\.isLeaf) == [true, true, true])
        #expect(catalog.answer(installed: [1]).newUpdates.map(\.isLeaf) == [false, false, false])
        #expect(!last.isTruncated)
        #expect(last.generation == Generation(rawValue: 1))
    }

    @Test func `being held is not being installed`() {
        #expect(catalog(Self.product).answer(other: [1]).new == [4])
    }

    @Test func `any revision of a prerequisite that is held meets it`() {
        let catalog = catalog(Self.product + [revision(11, "company", 2, .category, category: .company)])
        let answer = catalog.answer(installed: [1])
        #expect(answer.new == [2, 4, 9, 11])
        #expect(answer.gone == [1], "the earlier revision is replaced by the current one")
    }

    struct OutOfScopeRow: CustomTestStringConvertible, Sendable {
        let name: String
        let installed: [Int32]
        let other: [Int32]
        let expected: [Int32]
        var testDescription: String { name }
    }

    @Test(arguments: [
        OutOfScopeRow(name: "unknown ids, each once", installed: [99, -1, 0], other: [99, 1, .max, .min], expected: [.min, -1, 0, 99, .max]),
        OutOfScopeRow(name: "what misses a prerequisite", installed: [], other: [2, 3], expected: [2, 3]),
        OutOfScopeRow(name: "nothing that is needed, held as installed or not", installed: [1], other: [2, 4], expected: []),
        OutOfScopeRow(name: "known and unknown ids in ascending order", installed: [20], other: [8, 2, 15], expected: [2, 8, 15, 20]),
    ])
    func `out of scope is`(row: OutOfScopeRow) {
        let catalog = catalog(Self.product)
        let answer = catalog.answer(installed: row.installed, other: row.other)
        #expect(answer.gone == row.expected)
        let gone = Set(row.expected)
        let next = catalog.answer(installed: row.installed.filter { !gone.contains($0) }, other: row.other.filter { !gone.contains($0) })
        #expect(next.gone == [], "a device that dropped them is told nothing more")
    }

    @Test func `a decline takes an update off devices and a decline taken back returns it`() {
        let declined = catalog([revision(1, "a")]).applying(approvals: [], declines: [decline("a", at: 2)], generation: Generation(rawValue: 2))
        #expect(declined.answer(other: [1], anchor: 1).gone == [1])
        let again = declined.applying(approvals: [], declines: [decline("a", false, at: 3)], generation: Generation(rawValue: 3))
        #expect(again.answer(anchor: 2).new == [1])
        #expect(again.answer(other: [1], anchor: 1).changed == [1], "a device that missed both is told")
    }

    @Test func `an empty catalog answers nothing`() {
        let catalog = catalog([])
        #expect(
            catalog.answer(installed: [1], other: [2])
                == ScanAnswer(
                    outOfScope: [1, 2].map { RevisionID(rawValue: $0) }, isDriverSyncNotNeeded: true, generation: catalog.generation))
    }

    // MARK: - Leaves

    @Test(arguments: [
        ("a prerequisite is none", "detect", false), ("a category is none", "product", false), ("a bundle member is one", "m", true),
        ("a bundle is one", "p", true), ("what nothing names is one", "b", true),
    ])
    func `of leaves`(name: String, update name2: String, expected: Bool) {
        #expect(catalog(Self.product).condition(of: update(name2))?.isLeaf == expected, "\(name)")
    }

    @Test func `only revisions in use make a prerequisite`() {
        let catalog = catalog([revision(1, "a"), revision(2, "b"), revision(3, "u", 1, needs: [["a"]]), revision(4, "u", 2, needs: [["b"]])])
        #expect(catalog.condition(of: update("a"))?.isLeaf == true)
        #expect(catalog.condition(of: update("b"))?.isLeaf == false)
    }

    @Test func `the revision that a bundle names is in use`() {
        let catalog = catalog([
            revision(1, "a"), revision(3, "m", 1, needs: [["a"]]), revision(4, "m", 2), revision(5, "p", bundles: [[identity("m", 1)]]),
        ])
        #expect(catalog.condition(of: update("a"))?.isLeaf == false)
    }

    // MARK: - Changed

    struct ChangeRow: CustomTestStringConvertible, Sendable {
        let name: String
        let change: @Sendable (Catalog) -> Catalog
        let expected: [Int32]
        var testDescription: String { name }
    }

    static let generation = Generation(rawValue: 2)
    static let standing = catalog(
        [revision(1, "a"), revision(2, "b"), revision(3, "c"), revision(4, "p", 1, bundles: [[identity("c")]])],
        approvals: [approval("a", "x", .install), approval("b", "y", .install)], groups: [("x", "all"), ("x1", "x"), ("y", "all")])

    static let changes: [ChangeRow] = [
        ChangeRow(name: "nothing, when nothing happened", change: { $0 }, expected: []),
        ChangeRow(
            name: "an approval for the device's group",
            change: { $0.applying(approvals: [approval("b", "x1", .install, at: 2)], declines: [], generation: generation) }, expected: [2]),
        ChangeRow(
            name: "an approval for a group above",
            change: { $0.applying(approvals: [approval("b", "all", .install, at: 2)], declines: [], generation: generation) }, expected: [2]),
        ChangeRow(
            name: "an approval taken back",
            change: { $0.applying(approvals: [approval("a", "x", nil, at: 2)], declines: [], generation: generation) }, expected: [1]),
        ChangeRow(
            name: "not an approval for another group",
            change: { $0.applying(approvals: [approval("a", "y", .install, at: 2)], declines: [], generation: generation) }, expected: []),
        ChangeRow(
            name: "a decline taken back",
            change: { $0.applying(approvals: [], declines: [decline("a", false, at: 2)], generation: generation) }, expected: [1]),
        ChangeRow(
            name: "what a new update waits for",
            change: { $0.adding([revision(9, "n", needs: [["b"]], at: 2)], generation: generation) }, expected: [2]),
        ChangeRow(
            name: "the members of a new bundle",
            change: { $0.adding([revision(9, "n", bundles: [[identity("a")]], at: 2)], generation: generation) }, expected: [1]),
        ChangeRow(
            name: "what a bundle's new revision left out",
            change: { $0.adding([revision(9, "p", 2, bundles: [[identity("b")]], at: 2)], generation: generation) }, expected: [2, 3]),
    ]

    @Test(arguments: changes)
    func `changed since the last scan is`(row: ChangeRow) {
        let catalog = row.change(Self.standing)
        let held: [Int32] = [1, 2, 3, 4]
        #expect(catalog.answer(other: held, anchor: 1, groups: "x1").changed == row.expected)
        let next = catalog.answer(other: held, anchor: catalog.generation.rawValue, groups: "x1")
        #expect(next.changed == [], "and told once")
    }

    @Test func `what is not held or not needed has not changed`() {
        let catalog = Self.standing.applying(
            approvals: [approval("a", "x", nil, at: 2), approval("b", "x", .install, at: 2)], declines: [decline("b", at: 2)],
            generation: Self.generation)
        #expect(catalog.answer(other: [2, 3], anchor: 1, groups: "x").changed == [])
    }

    @Test func `a device that was moved is told of everything that approvals decide`() {
        let held: [Int32] = [1, 2, 3, 4]
        #expect(Self.standing.answer(other: held, anchor: 1, groupsGeneration: 1, groups: "y").changed == [])
        #expect(Self.standing.answer(other: held, anchor: 1, groupsGeneration: 2, groups: "y").changed == [1, 2, 4], "not of bundle members")
    }

    @Test func `a device whose group was removed loses its approvals`() throws {
        let catalog = Self.standing.replacing(
            groups: tree([("y", "all")]), approvals: [approval("b", "y", .install)], generation: Self.generation)
        let answer = catalog.answer(other: [1, 2, 3, 4], anchor: 1, groupsGeneration: 2, groups: "unassigned")
        let changed = try #require(answer.changedUpdates.first { $0.id.rawValue == 1 })
        #expect(changed.deployment.action == .preDeploymentCheck)
    }

    @Test func `a changed update comes with its new deployment`() throws {
        let catalog = Self.standing.applying(
            approvals: [approval("b", "x", .uninstall, deployment: 31, at: 2)], declines: [], generation: Self.generation)
        let changed = try #require(catalog.answer(other: [2], anchor: 1, groups: "x").changedUpdates.first)
        #expect(changed.deployment.action == .uninstall)
        #expect(changed.deployment.id.rawValue == 31)
        #expect(changed.isLeaf)
    }

    @Test func `a view of an earlier catalog is not mistaken for this one's`() {
        let old = Self.standing.view(of: [group("x")])
        let now = Self.standing.applying(approvals: [approval("a", "x", nil, at: 2)], declines: [], generation: Self.generation)
            .adding([revision(50, "z"), revision(51, "zz")], generation: Generation(rawValue: 3))
        #expect(now.scan(ScanRequest(), in: old) == now.scan(ScanRequest(), in: now.view(of: [group("x")])))
        #expect(now.isDelivered(RevisionID(rawValue: 51), in: old))
    }

    // MARK: - Pages

    static func flat(_ count: Int, size: Int) -> [CatalogRevision] {
        (1...Int32(count)).map { revision($0, "u\($0)", size: size) }
    }

    @Test(arguments: [
        ("two hundred are one page", 200, 10, 200, false), ("one more makes two", 201, 10, 200, true),
        ("four megabytes are one page", 4, 1 << 20, 4, false), ("a byte more makes two", 4, 1 << 20 + 1, 3, true),
        ("one that is larger than a page comes alone", 2, 5 << 20, 1, true), ("the last of them ends it", 1, 5 << 20, 1, false),
        ("a sixtieth of all there is", 120, 3 << 20, 2, true), ("and not more", 119, 3 << 20, 1, true),
    ])
    func `of pages`(name: String, count: Int, size: Int, expected: Int, isTruncated: Bool) {
        let answer = catalog(Self.flat(count, size: size)).answer()
        #expect(answer.new.count == expected, "\(name)")
        #expect(answer.isTruncated == isTruncated, "\(name)")
    }

    @Test func `a page is not smaller for what is already held`() {
        let catalog = catalog(Self.flat(120, size: 3 << 20))
        #expect(catalog.answer(other: Array(1...117)).new == [118, 119])
    }

    @Test func `changed updates are never cut`() {
        let catalog = catalog(Self.flat(500, size: 10), approvals: (1...300).map { approval("u\($0)", "all", .install, at: 2) }, at: 2)
        let answer = catalog.answer(other: Array(1...300), anchor: 1)
        #expect(answer.changed.count == 300)
        #expect(answer.new.count == 200)
        #expect(!catalog.answer(other: Array(1...500), anchor: 1).isTruncated)
    }

    // MARK: - Filters

    @Test func `a filtered scan brings the product with what is above it, one level a round, and what is filed under it`() {
        let catalog = catalog(Self.product)
        #expect(catalog.answer(filter: ["product"]).new == [1, 4])
        #expect(catalog.answer(installed: [1], filter: ["product"]).new == [2, 4], "not the other product")
        #expect(catalog.answer(installed: [1, 2, 3, 4, 5], filter: ["product"]).new == [7, 6, 8])
        #expect(catalog.answer(installed: [1], filter: ["lone"]).new == [9])
        #expect(catalog.answer(installed: [1, 9], filter: ["lone", "unknown"]).new == [10])
        #expect(catalog.answer(installed: [1, 2, 3, 4, 5, 9], filter: ["family"]).new == [7, 6, 8], "what is filed under its products")
        #expect(catalog.answer(filter: ["unknown"]).new == [])
        #expect(catalog.answer(filter: []).new == [1, 4], "no category at all filters nothing")
    }

    @Test func `a filtered scan lists apart what is deployed outside the filter`() {
        let catalog = catalog(Self.product)
        let held: [Int32] = [2, 9, 10, 6, 77]
        let apart = catalog.answer(installed: [1], other: held, filter: ["product"], twoGroups: true)
        #expect(apart.gone == [6, 10, 77], "their prerequisites are not installed, or they are unknown")
        #expect(apart.hidden == [9])
        let together = catalog.answer(installed: [1], other: held, filter: ["product"])
        #expect(together.gone == [6, 9, 10, 77])
        #expect(together.hidden == [])
        let unknown = catalog.answer(installed: [1], other: held, filter: ["unknown"], twoGroups: true)
        #expect(unknown.gone == [6, 10, 77], "a category that is not held costs the device nothing")
        #expect(unknown.hidden == [1, 2, 9])
        let whole = catalog.answer(installed: [1], other: held, twoGroups: true)
        #expect(whole.gone == [6, 10, 77])
        #expect(whole.hidden == [])
    }

    @Test func `a scan for a category without updates climbs down to it and ends, as captured`() {
        let catalog = catalog([
            revision(1, "company", 1, .category, category: .company), revision(2, "family", 1, .category, in: ["company"], category: .productFamily),
            revision(3, "product", 1, .category, in: ["family"], category: .product), revision(4, "os", 1, .detectoid),
            revision(5, "a", needs: [["os"]]),
        ])
        #expect(catalog.startCategoryScan([(0, update("product"))]).preferred == [update("product")])
        let rounds = [[], [1], [1, 2]].map { catalog.answer(installed: $0, filter: ["product"], twoGroups: true) }
        #expect(rounds.map(\.new) == [[1], [2], [3]])
        #expect(rounds.map { $0.newUpdates.map(\.isLeaf) } == [[false], [false], [true]])
        #expect(rounds.allSatisfy { !$0.isTruncated && $0.isDriverSyncNotNeeded && $0.gone == [] && $0.hidden == [] })
        #expect(catalog.answer(installed: [1, 2], other: [3], filter: ["product"], twoGroups: true).new == [])
    }

    @Test func `a scan that does not tell of every change leaves the anchor where it is`() {
        let catalog = catalog(Self.product, approvals: [approval("a", "all", .install, at: 5)], at: 5)
        #expect(catalog.answer(anchor: 3).generation.rawValue == 5)
        #expect(catalog.answer(anchor: 3, filter: ["product"]).generation.rawValue == 3)
        #expect(catalog.answer(anchor: 3, pass: .driver).generation.rawValue == 3)
        // Who holds nothing and was told nothing has seen all that there is for it.
        #expect(catalog.answer(anchor: 0, filter: ["product"]).generation.rawValue == 5)
        #expect(catalog.answer(other: [1], anchor: 0, filter: ["product"]).generation.rawValue == 0)
        #expect(catalog.answer(anchor: 0, pass: .driver).generation.rawValue == 0)
    }

    // MARK: - StartCategoryScan

    struct CategoryRow: CustomTestStringConvertible, Sendable {
        let name: String
        let asked: [(andGroup: Int32, id: UpdateID)]
        let preferred: [String]
        let inError: [String]
        var testDescription: String { name }

        init(_ name: String, _ asked: [(Int32, String)], preferred: [String], inError: [String] = []) {
            self.name = name
            self.asked = asked.map { (andGroup: $0.0, id: update($0.1)) }
            self.preferred = preferred
            self.inError = inError
        }
    }

    @Test(arguments: [
        CategoryRow("nothing", [], preferred: []),
        CategoryRow("one product", [(0, "product")], preferred: ["product"]),
        CategoryRow("two products, each in a group", [(0, "product"), (1, "lone")], preferred: ["product", "lone"]),
        CategoryRow("a product twice", [(0, "product"), (1, "product"), (1, "product")], preferred: ["product"]),
        CategoryRow("a product with a classification", [(3, "class"), (3, "product")], preferred: ["product"]),
        CategoryRow("groups that are not in a row", [(1, "product"), (2, "lone"), (1, "class")], preferred: ["product", "lone"]),
        CategoryRow("two products in one group", [(0, "lone"), (1, "product"), (1, "lone")], preferred: []),
        CategoryRow("a classification alone", [(0, "product"), (1, "class")], preferred: []),
        CategoryRow("a family", [(0, "family")], preferred: []),
        CategoryRow("a product with a family", [(0, "product"), (0, "family")], preferred: []),
        CategoryRow("an unknown id", [(0, "nowhere"), (1, "product")], preferred: ["product"], inError: ["nowhere"]),
        CategoryRow("an unknown id and its group", [(0, "nowhere"), (0, "lone"), (1, "product")], preferred: ["product"], inError: ["nowhere"]),
        CategoryRow("an update that is no category", [(0, "a")], preferred: [], inError: ["a"]),
        CategoryRow("errors, even where nothing is preferred", [(0, "class"), (1, "nowhere"), (2, "nowhere")], preferred: [], inError: ["nowhere"]),
    ])
    func `categories to scan for`(row: CategoryRow) {
        let answer = catalog(Self.product).startCategoryScan(row.asked)
        #expect(answer.preferred == row.preferred.map { update($0) })
        #expect(answer.inError == row.inError.map { update($0) })
    }
}
