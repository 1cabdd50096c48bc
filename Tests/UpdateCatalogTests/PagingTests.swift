import Testing
import UpdateCatalog
import Updates

/// A whole first scan of a large catalogue, page by page.
struct PagingTests {
    /// 6,000 revisions of 1.2 GB with sizes as real catalogues have them: 280 that others wait for, in six levels, among 4,250 categories and
    /// detectoids; 525 bundles with a member each; 46 revisions over 1 MB, 10 over 32 MiB.
    static let catalogue: [CatalogRevision] = {
        var random = SeededGenerator(seed: 1)
        let nonLeaf = 280
        let evaluated = 4250
        let count = 6000
        var order = Array(evaluated + 1...count).shuffled(using: &random)
        var sizes: [Int: Int] = [:]
        for large in 0..<46 { sizes[order.removeLast()] = large < 10 ? 34_000_000 + large * 1_400_000 : 1_000_000 + large * 560_000 }
        for middle in 0..<700 { sizes[order.removeLast()] = 60_000 + middle * 500 }
        return (1...count).map { number in
            let level = (number - 1) * 6 / nonLeaf
            let above = number <= nonLeaf ? 1 + (level - 1) * nonLeaf / 6...max(1, level * nonLeaf / 6) : 1 + nonLeaf / 2...nonLeaf
            let needs = number > nonLeaf || level > 0 ? [["n\(Int.random(in: above, using: &random))"]] : []
            let isBundle = number > evaluated && number % 3 == 2 && number < evaluated + 1575
            return revision(
                Int32(number), "n\(number)", 1, number <= evaluated ? .detectoid : .software, needs: needs,
                bundles: isBundle ? [[identity("n\(number - 1)")]] : [], size: sizes[number] ?? Int.random(in: 300...900, using: &random))
        }
    }()

    /// What a device with everything installed that others wait for is told, page by page.
    private func firstScan(_ catalog: Catalog) -> [ScanAnswer] {
        var pages: [ScanAnswer] = []
        var (installed, other): ([RevisionID], [RevisionID]) = ([], [])
        while pages.count < 300 {
            let request = ScanRequest(installedNonLeaf: installed, otherCached: other, anchor: pages.last?.generation ?? .zero)
            let page = catalog.scan(request, in: catalog.view(of: [.unassignedComputers]))
            pages.append(page)
            for update in page.newUpdates {
                if !update.isLeaf { installed.append(update.id) } else { other.append(update.id) }
            }
            if !page.isTruncated && page.newUpdates.allSatisfy(\.isLeaf) { break }
            installed.reverse()
            other.reverse()
        }
        return pages
    }

    @Test func `a device that is entitled to everything gets it in less than a hundred trips, in pages of bounded size`() {
        let catalog = catalog(Self.catalogue)
        let size = Dictionary(uniqueKeysWithValues: Self.catalogue.map { ($0.id, $0.coreSize) })
        let total = size.values.reduce(0, +)
        #expect((1_150_000_000...1_250_000_000).contains(total))
        let pages = firstScan(catalog)
        #expect(pages.count < 100)
        #expect(pages.map(\.newUpdates.count).reduce(0, +) == Self.catalogue.count)
        for page in pages {
            let bytes = page.newUpdates.map { size[$0.id] ?? 0 }.reduce(0, +)
            #expect(page.newUpdates.count <= 200)
            #expect(page.newUpdates.count == 1 || bytes <= max(4 << 20, total / 60))
            #expect(page.outOfScope == [] && page.changedUpdates == [])
        }
        #expect(pages == firstScan(catalog), "like devices get like pages")
    }

    @Test func `what is too large for a page makes way for what is not, but no bundle comes before its member`() {
        let catalog = catalog([
            revision(1, "c", 1, .category), revision(2, "x", needs: [["c"]], size: 4 << 20), revision(3, "y", size: 1),
            revision(4, "z", size: 4 << 20),
            revision(5, "m", size: 4 << 20), revision(6, "n", size: 5 << 20), revision(7, "p", bundles: [[identity("n")], [identity("m")]], size: 1),
        ])
        #expect(catalog.answer().new == [1], "members do not fit beside")
        #expect(catalog.answer(other: [1]).new == [5])
        #expect(catalog.answer(other: [1, 5]).new == [6], "more than a page alone")
        #expect(catalog.answer(other: [1, 5, 6]).new == [3, 7])
        #expect(catalog.answer(other: [1, 5, 6, 3, 7]).new == [4])
        #expect(!catalog.answer(other: [1, 5, 6, 3, 7]).isTruncated)
    }
}
