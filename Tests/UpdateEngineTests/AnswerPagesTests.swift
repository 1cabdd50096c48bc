import Foundation
import Storage
import Synchronization
import TestSupport
import Testing
import UpdateProtocols
import Updates

@testable import UpdateEngine

/// Fragments in memory; what is read of them is counted.
private final class CountedFragments: FragmentTexts {
    let isBroken = Mutex(false)
    let number = Mutex(0)
    private let reads = Mutex<[RevisionID: Int]>([:])
    private let sizes: [RevisionID: Int]

    struct Broken: Error {}

    /// Sizes of Core fragments, from revision 1 on.
    init(_ sizes: [Int]) {
        self.sizes = Dictionary(uniqueKeysWithValues: sizes.enumerated().map { (RevisionID(rawValue: Int32($0.offset + 1)), $0.element) })
    }

    var version: Int { number.withLock { $0 } }

    func reads(of id: Int32) -> Int { reads.withLock { $0[RevisionID(rawValue: id)] ?? 0 } }

    private func bytes(_ id: RevisionID) throws -> [UInt8] {
        if isBroken.withLock({ $0 }) { throw Broken() }
        reads.withLock { $0[id, default: 0] += 1 }
        let unit = Array("<Rule a=\"\(id.rawValue)\" v=\"\(version)\"/>".utf8)
        return (0..<(sizes[id] ?? 0)).map { unit[$0 % unit.count] }
    }

    func size(of id: RevisionID, _ kind: FragmentKind) throws -> Int { sizes[id] ?? 0 }

    func append(_ id: RevisionID, _ kind: FragmentKind, to xml: inout XMLBytes) throws { xml.appendEscaped(try bytes(id)) }

    func text(of id: RevisionID, _ kind: FragmentKind) throws -> DeferredBytes {
        let bytes = try bytes(id)
        return DeferredBytes(escaping: bytes.count) { range, give in bytes.withUnsafeBytes { give(UnsafeRawBufferPointer(rebasing: $0[range])) } }
    }

    func blocks(of id: RevisionID, _ kind: FragmentKind) throws -> AnswerBody.Piece {
        var blocks: [UInt8] = []
        _ = try bytes(id).withUnsafeBytes { Xpress.compressText($0) { blocks.append(contentsOf: $0) } }
        return .bytes(blocks)
    }
}

struct AnswerPagesTests {
    private static func answer(_ ids: ClosedRange<Int32>, action: DeploymentAction = .evaluate, isTruncated: Bool = false) -> ScanAnswer {
        ScanAnswer(
            newUpdates: ids.map {
                ScannedUpdate(
                    id: RevisionID(rawValue: $0),
                    deployment: Deployment(
                        id: DeploymentID(rawValue: $0), action: action, deadline: nil, lastChange: Timestamp(millisecondsSince1970: 0)),
                    isLeaf: true)
            }, isTruncated: isTruncated, generation: .zero)
    }

    private static func scan(_ answer: ScanAnswer, _ pages: AnswerPages, cookie: UInt8 = 1) -> DeviceScan {
        DeviceScan(answer: answer, cookie: CookieElement(encryptedData: [cookie]), pages: pages)
    }

    private static func text(_ body: AnswerBody) throws -> String {
        let bytes = try body.joined()
        #expect(bytes.count == body.count)
        return String(decoding: body.isXpress ? try Xpress.decompress(bytes, limit: 1 << 24) : bytes, as: UTF8.self)
    }

    @Test func `pages of pieces, uniform pages and pages in clear are one text`() throws {
        let fragments = CountedFragments([0, 10, 16_383, 16_384, 100_000, 5, 40_000])
        let answer = Self.answer(1...7)
        let clear = try Self.text(Self.scan(answer, AnswerPages(texts: fragments)).body(AnswerForm(.identity)))
        let pieces = try Self.scan(answer, AnswerPages(texts: fragments)).body(AnswerForm(.xpress))
        let uniform = try Self.scan(answer, AnswerPages(texts: fragments, isUniform: true)).body(AnswerForm(.xpress))
        #expect(try Self.text(pieces) == clear)
        #expect(try Self.text(uniform) == clear)
        #expect(pieces.pieces.count == 7)
        #expect(uniform.pieces.count == 1)
        #expect(try uniform.joined() == Xpress.compress(Array(clear.utf8)))
        let response = try SyncUpdates.decodeResponse(Array(clear.utf8))
        #expect(response.newUpdates.map(\.core.count) == [0, 10, 16_383, 16_384, 100_000, 5, 40_000])
    }

    @Test func `like devices cost one page, and each gets its own cookie`() throws {
        let fragments = CountedFragments(Array(repeating: 100, count: 20))
        let pages = AnswerPages(texts: fragments)
        for cookie in 1...50 as ClosedRange<UInt8> {
            let scan = Self.scan(Self.answer(1...20), pages, cookie: cookie)
            #expect((scan.bodyAtHand(AnswerForm(.xpress)) == nil) == (cookie == 1))
            let response = try SyncUpdates.decodeResponse(Array(try Self.text(scan.body(AnswerForm(.xpress))).utf8))
            #expect(response.newCookie?.encryptedData == [cookie])
            #expect(response.newUpdates.count == 20)
        }
        #expect(fragments.reads(of: 7) == 1)
    }

    @Test func `what differs in anything it shows is another page`() throws {
        let fragments = CountedFragments(Array(repeating: 100, count: 20))
        let pages = AnswerPages(texts: fragments)
        _ = try Self.scan(Self.answer(1...3), pages).body(AnswerForm(.xpress))
        for (name, answer, form) in [
            ("an action", Self.answer(1...3, action: .install), AnswerForm(.xpress)), ("its updates", Self.answer(1...4), AnswerForm(.xpress)),
            ("its coding", Self.answer(1...3), AnswerForm(.identity)), ("its envelope", Self.answer(1...3), AnswerForm(.xpress, soap: .v12)),
            ("who reads it", Self.answer(1...3), AnswerForm(.xpress, client: ProtocolVersion(major: 1, minor: 7))),
        ] as [(String, ScanAnswer, AnswerForm)] {
            #expect(Self.scan(answer, pages).bodyAtHand(form) == nil, "\(name)")
        }
        // Versions that are answered alike, and what follows the new updates, are no part of it.
        #expect(Self.scan(Self.answer(1...3), pages).bodyAtHand(AnswerForm(.xpress, client: ProtocolVersion(major: 1, minor: 8))) != nil)
        #expect(Self.scan(Self.answer(1...3, isTruncated: true), pages).bodyAtHand(AnswerForm(.xpress)) != nil)
        fragments.number.withLock { $0 += 1 }
        #expect(Self.scan(Self.answer(1...3), pages).bodyAtHand(AnswerForm(.xpress)) == nil)
        #expect(try Self.text(Self.scan(Self.answer(1...3), pages).body(AnswerForm(.xpress))).contains("v=\"1\""))
    }

    @Test func `devices that need one page at once get one page`() async throws {
        let fragments = CountedFragments(Array(repeating: 2000, count: 20))
        let pages = AnswerPages(texts: fragments)
        try await withThrowingTaskGroup(of: Int.self) { group in
            for _ in 0..<16 { group.addTask { try Self.text(Self.scan(Self.answer(1...20), pages).body(AnswerForm(.xpress))).utf8.count } }
            var counts: Set<Int> = []
            for try await count in group { counts.insert(count) }
            #expect(counts.count == 1)
        }
        #expect(fragments.reads(of: 1) == 1)
    }

    @Test func `what is kept stays within its limit, and what was used last stays`() throws {
        let fragments = CountedFragments(Array(repeating: 1000, count: 400))
        let kept = KeptParts(limit: 40_000)
        let pages = AnswerPages(texts: fragments, kept: kept, isUniform: false)
        for id in 1...400 as ClosedRange<Int32> {
            _ = try Self.scan(Self.answer(1...1), pages).body(AnswerForm(.identity))
            _ = try Self.scan(Self.answer(id...id), pages).body(AnswerForm(.identity))
            #expect(kept.bytes <= 40_000)
        }
        #expect(kept.bytes > 30_000)
        #expect(fragments.reads(of: 1) == 1)
        #expect(Self.scan(Self.answer(400...400), pages).bodyAtHand(AnswerForm(.identity)) != nil)
        #expect(Self.scan(Self.answer(2...2), pages).bodyAtHand(AnswerForm(.identity)) == nil)
    }

    @Test func `parts are bounded in number too, and room is made for one without looking at all`() throws {
        let kept = KeptParts(limit: 1 << 30)
        func key(_ id: Int) -> KeptParts.Key {
            let piece = GetExtendedUpdateInfo.Piece(id: RevisionID(rawValue: Int32(id)), kind: .extended)
            return KeptParts.Key(content: .extended([piece], [], []), form: AnswerForm(.identity), version: 0)
        }
        // Looked at one by one for each that goes, these would be thousands of millions.
        for id in 1...5 * KeptParts.countLimit { _ = try kept.value(key(id)) { AnswerWriter(.identity) } }
        #expect(kept.count == KeptParts.countLimit)
        #expect(kept.find(key(5 * KeptParts.countLimit)) != nil)
        #expect(kept.find(key(4 * KeptParts.countLimit)) == nil)
    }

    @Test func `what holds no fragment is not kept`() throws {
        let kept = KeptParts(limit: 1 << 20)
        let pages = AnswerPages(texts: CountedFragments([]), kept: kept, isUniform: false)
        _ = try pages.body(.extended([], [], [RevisionID(rawValue: 7)]), AnswerForm(.identity)) { writer, _ in writer.xml.element("a") }
        #expect(kept.count == 0)
    }

    @Test func `a page larger than a quarter of all is made each time`() throws {
        let fragments = CountedFragments([5_000, 11_000])
        let kept = KeptParts(limit: 40_000)
        let pages = AnswerPages(texts: fragments, kept: kept, isUniform: false)
        for _ in 0..<2 { for id in 1...2 as ClosedRange<Int32> { _ = try Self.scan(Self.answer(id...id), pages).body(AnswerForm(.identity)) } }
        #expect(fragments.reads(of: 1) == 1)
        #expect(fragments.reads(of: 2) == 2)
    }

    @Test func `a page that cannot be made is an error, and is made when it can`() throws {
        let fragments = CountedFragments([100])
        let pages = AnswerPages(texts: fragments)
        fragments.isBroken.withLock { $0 = true }
        for _ in 0..<2 { #expect(throws: CountedFragments.Broken.self) { try Self.scan(Self.answer(1...1), pages).body(AnswerForm(.xpress)) } }
        fragments.isBroken.withLock { $0 = false }
        #expect(try Self.text(Self.scan(Self.answer(1...1), pages).body(AnswerForm(.xpress))).contains("Rule"))
    }

    @Test func `an answer without anything new is at hand, unless it is long`() throws {
        let pages = AnswerPages(texts: CountedFragments([]))
        func scan(_ outOfScope: Int) -> DeviceScan {
            Self.scan(ScanAnswer(outOfScope: (0..<outOfScope).map { RevisionID(rawValue: Int32($0 + 1)) }, generation: .zero), pages)
        }
        #expect(scan(0).bodyAtHand(AnswerForm(.xpress)) != nil)
        #expect(scan(256).bodyAtHand(AnswerForm(.xpress)) != nil)
        #expect(scan(257).bodyAtHand(AnswerForm(.xpress)) == nil)
        #expect(try SyncUpdates.decodeResponse(Array(try Self.text(scan(20_000).body(AnswerForm(.xpress))).utf8)).outOfScope.count == 20_000)
    }

    @Test func `extended information is made once for those who ask alike`() throws {
        let fragments = CountedFragments([100, 20_000])
        let pages = AnswerPages(texts: fragments)
        func info(_ ids: ClosedRange<Int32>) -> DeviceExtendedInfo {
            DeviceExtendedInfo(
                pieces: ids.map { .init(id: RevisionID(rawValue: $0), kind: .extended) }, fileLocations: [], outOfScope: [], pages: pages)
        }
        #expect(info(1...2).bodyAtHand(AnswerForm(.xpress)) == nil)
        let first = try Self.text(info(1...2).body(AnswerForm(.xpress)))
        #expect(try GetExtendedUpdateInfo.decodeResponse(Array(first.utf8)).updates.map(\.xml.count) == [100, 20_000])
        #expect(try info(1...2).bodyAtHand(AnswerForm(.xpress)).map { try Self.text($0) } == first)
        #expect(info(1...1).bodyAtHand(AnswerForm(.xpress)) == nil)
    }

    // MARK: - From the pack

    private static let deviceTests = DeviceTests()

    @Test func `an import makes long fragments ready, and pages are served from them`() async throws {
        let test = try await TestEngine()
        var long = DocumentText(.numbered(2), type: .category)
        long.filler = 5000
        try await test.importing(DocumentText(.numbered(1), type: .category), long)
        #expect(test.engine.store.fragmentsNotReady().isEmpty)
        let cookie = try await Self.deviceTests.registered(test.engine)
        let scan = try Self.deviceTests.scan(test.engine, cookie)
        let body = try scan.body(AnswerForm(.xpress))
        #expect(body.pieces.contains { if case .deferred = $0 { true } else { false } })
        #expect(try Self.text(body) == Self.text(scan.body(AnswerForm(.identity))))
        #expect(body.bytesInMemory < 10_000)
    }

    @Test func `what is not ready is made when it is needed, and after a start without a device`() async throws {
        let test = try await TestEngine()
        var long = DocumentText(.numbered(2), type: .category)
        long.filler = 5000
        try await test.importing(long)
        try await test.engine.close()
        let ready = test.home.path + "/ready"
        try TemporaryFolder.empty(ready)
        let engine = try await UpdateEngine.open(test.home, clock: { test.clock.now }, log: TestEngine.log)
        #expect(engine.store.fragmentsNotReady().count == 1)
        let cookie = try await Self.deviceTests.registered(engine)
        let scan = try Self.deviceTests.scan(engine, cookie)
        #expect(try Self.text(scan.body(AnswerForm(.xpress))) == Self.text(scan.body(AnswerForm(.identity))))
        #expect(engine.store.fragmentsNotReady().isEmpty)
        try await engine.close()
        try TemporaryFolder.empty(ready)
        let again = try await UpdateEngine.open(test.home, clock: { test.clock.now }, log: TestEngine.log)
        await again.makeFragmentsReady()
        #expect(again.store.fragmentsNotReady().isEmpty)
    }
}

extension TemporaryFolder {
    fileprivate static func empty(_ path: String) throws {
        for name in try FileManager.default.contentsOfDirectory(atPath: path) { try FileManager.default.removeItem(atPath: "\(path)/\(name)") }
    }
}
