import Foundation
import Glibc
import Testing
import Updates

@testable import TrustedTransport

/// What becomes of a key store while time passes, with a clock that the tests turn.
@Suite struct RenewalTests {
    static let day: Int64 = 86_400
    let now = TestIdentity.now

    private func folder(_ test: TestIdentity) throws -> IdentityFolder {
        IdentityFolder(files: test.files, names: [try ServerName("updates.example")])
    }

    /// As a server would at this moment. Nothing where it refuses to start.
    private func look(_ folder: IdentityFolder, _ time: Timestamp) -> ServerIdentity? {
        try? ServerIdentity.load(from: folder.files, names: folder.names, now: time)
    }

    private func export(_ folder: IdentityFolder, at time: Timestamp) throws {
        var store = try folder.keyStore()
        store.publish(store.all.map(\.sha256), at: time, isStated: true)
        try folder.save(store)
    }

    @Test func `a home begins with a certificate and two made ahead, each overlapping the one before it`() throws {
        let test = try TestIdentity("updates.example")
        let store = try folder(test).keyStore()
        #expect(store.next.count == 2)
        for (former, next) in zip(store.all, store.next) {
            #expect(former.notAfter.milliseconds(since: next.notBefore) == 60 * Self.day * 1000)
            #expect(next.notAfter.milliseconds(since: next.notBefore) == 397 * Self.day * 1000)
        }
        #expect(Set(store.all.map(\.keyType)) == ["ECDSA P-256"])
        #expect(Set(try store.all.map { try PEM.bytes(of: $0.key) }).count == 3)
    }

    @Test func `over ten years devices always find a valid certificate, and the CA signs once a year`() throws {
        let test = try TestIdentity("updates.example")
        let folder = try folder(test)
        var shown: [HeldCertificate] = []
        for day in stride(from: Int64(0), to: 3649, by: 1) {
            let identity = try #require(look(folder, now.adding(seconds: day * Self.day)), "day \(day)")
            if shown.last != identity.certificate { shown.append(identity.certificate) }
        }
        #expect((10...12).contains(shown.count), "\(shown.count)")
    }

    // MARK: - Pins

    @Test func `with pins a published next certificate is taken when it is time, and one that is not published is not`() throws {
        let test = try TestIdentity("updates.example")
        let folder = try folder(test)
        try export(folder, at: now)
        let published = try folder.keyStore()
        let due = test.identity.notAfter.adding(seconds: -29 * Self.day)
        let first = try #require(look(folder, due))
        #expect(first.certificate == published.next[0])
        // The one that was made in its place waits to be exported; the other was.
        let second = try #require(look(folder, first.notAfter.adding(seconds: -29 * Self.day)))
        #expect(second.certificate == published.next[1])
        let blocked = try #require(look(folder, second.notAfter.adding(seconds: -29 * Self.day)))
        #expect(blocked.certificate == second.certificate)
        #expect(blocked.renewalProblem?.code == .pinned)
        #expect(look(folder, second.notAfter) == nil)
    }

    @Test(arguments: [(29, .warning), (8, .warning), (7, .error), (1, .error)] as [(Int64, CertificateWarning.Level)])
    func `without publication a renewal waits and warns, and within seven days it is an error`(
        row: (daysLeft: Int64, level: CertificateWarning.Level)
    ) throws {
        let test = try TestIdentity("updates.example")
        let folder = try folder(test)
        var store = try folder.keyStore()
        store.beginPublication(at: now)
        try folder.save(store)
        let time = test.identity.notAfter.adding(seconds: -row.daysLeft * Self.day)
        let renewal = try folder.renewedByItself(now: time)
        #expect(renewal.shown == nil)
        let warnings = try folder.warnings(of: renewal.store, obstacle: renewal.obstacle, now: time)
        #expect(warnings.first { $0.code == .blocked }?.level == row.level)
        #expect(warnings.contains { $0.code == .unpublished })
    }

    static let announcements: [(Int64, CertificateWarning.Level?)] = [
        (31, nil), (30, .notice), (15, .notice), (14, .warning), (4, .warning), (3, .error), (0, .error),
    ]

    @Test(arguments: announcements)
    func `the end is announced thirty, fourteen and three days ahead`(row: (daysLeft: Int64, level: CertificateWarning.Level?)) throws {
        let test = try TestIdentity("updates.example")
        let folder = try folder(test)
        let time = test.identity.notAfter.adding(seconds: -row.daysLeft * Self.day)
        let warnings = try folder.warnings(of: try folder.keyStore(), obstacle: nil, now: time)
        #expect(warnings.first { $0.code == .expires }?.level == row.level)
    }

    @Test func `by hand a change passes the same gate, and only force passes by it`() throws {
        let test = try TestIdentity("updates.example")
        let folder = try folder(test)
        var store = try folder.keyStore()
        store.beginPublication(at: now)
        func renew(_ options: RenewalOptions, at time: Timestamp) throws -> Renewal {
            try folder.renewal(of: store, by: options, try folder.issuer(), now: time)
        }
        let time = now.adding(seconds: 350 * Self.day)
        #expect(#expect(throws: TrustError.self) { try renew(RenewalOptions(), at: time) }?.code == .pinned)
        store.publish([store.next[0].sha256], at: time, isStated: true)
        #expect(throws: TrustError.self) { try renew(RenewalOptions(), at: time) }
        #expect(throws: TrustError.self) { try renew(RenewalOptions(), at: time.adding(milliseconds: -1)) }
        #expect(try renew(RenewalOptions(), at: time.adding(milliseconds: 1)).shown == store.next[0])
        let forced = try renew(RenewalOptions(isForced: true), at: now)
        #expect(forced.shown.map { store.all.contains($0) } == false)
        // What was published stays in line behind it.
        #expect(forced.store.next == store.next)
        #expect(forced.store.publication[store.next[0].sha256] != nil)
    }

    @Test func `one prepared for an early change is the first that a renewal takes`() throws {
        let test = try TestIdentity("updates.example")
        let folder = try folder(test)
        try export(folder, at: now)
        let prepared = try folder.renewal(of: try folder.keyStore(), by: RenewalOptions(prepares: true), try folder.issuer(), now: now)
        #expect(prepared.shown == nil)
        try folder.save(prepared.store)
        let later = now.adding(seconds: 60)
        #expect(throws: TrustError.self) {
            try folder.renewal(of: try folder.keyStore(), by: RenewalOptions(), try folder.issuer(), now: later)
        }
        try export(folder, at: later)
        let done = try folder.renewal(of: try folder.keyStore(), by: RenewalOptions(), try folder.issuer(), now: later.adding(seconds: 1))
        #expect(done.shown == prepared.store.next[0])
    }

    @Test func `one that ends soon is not taken while one that lasts is open`() throws {
        let test = try TestIdentity("updates.example")
        let folder = try folder(test)
        let store = try folder.renewal(of: try folder.keyStore(), by: RenewalOptions(prepares: true), try folder.issuer(), now: now).store
        var soon = store
        soon.publish(soon.all.map(\.sha256), at: now, isStated: true)
        let lasting = soon.next[1]
        // The prepared one is in its last days, the one after it has begun.
        let late = soon.next[0].notAfter.adding(seconds: -4 * Self.day)
        #expect(soon.next[0].notAfter < lasting.notAfter && lasting.notBefore < late)
        #expect(try folder.renewal(of: soon, by: RenewalOptions(), try folder.issuer(), now: late).shown == lasting)
    }

    /// Exports, renewals by hand and by itself, imports and a clock that jumps, in any order.
    @Test func `once pins were exported nothing is shown that was not published before`() throws {
        let test = try TestIdentity("updates.example")
        let folder = try folder(test)
        let other = try TestIdentity("updates.example")
        let stranger = try HeldCertificateText(other.identity.certificate)
        let imported = ImportedCertificate(certificates: stranger.chain, key: stranger.key)
        var random = Xorshift(state: 0xface)
        for round in 0..<40 {
            var store = KeyStore(current: try folder.keyStore().current, next: try folder.keyStore().next)
            var time = now
            store.beginPublication(at: time)
            if round % 2 == 0 { store.publish([store.current.sha256], at: time, isStated: true) }
            var published: [SHA256Digest: Timestamp] = [:]
            for _ in 0..<40 {
                time = time.adding(seconds: random.signed(60 * Self.day) + 30 * Self.day)
                var renewal: Renewal?
                switch random.below(5) {
                case 0:
                    store.publish(store.all.map(\.sha256), at: time, isStated: true)
                    for certificate in store.all { published[certificate.sha256] = min(published[certificate.sha256] ?? time, time) }
                case 1: renewal = try? folder.renewal(of: store, by: RenewalOptions(), try folder.issuer(), now: time)
                case 2: renewal = try? folder.renewal(of: store, by: RenewalOptions(prepares: true), try folder.issuer(), now: time)
                case 3: renewal = try? folder.renewal(of: store, importing: imported, asNext: false, isForced: false, now: time)
                default:
                    renewal = store.renewing(try folder.issuer(), names: folder.names, ca: try folder.authority().certificate, now: time)
                }
                guard let renewal else { continue }
                if let shown = renewal.shown {
                    let since = try #require(published[shown.sha256], "what is shown was never published")
                    #expect(since < time)
                    #expect(shown.notBefore <= time && time < shown.notAfter)
                }
                store = renewal.store
            }
        }
    }

    // MARK: - A clock that is wrong

    @Test func `a clock that jumps to and fro ends with the certificate it began with, and makes no storm`() throws {
        let test = try TestIdentity("updates.example")
        let folder = try folder(test)
        let first = test.identity.certificate
        var made: Set<HeldCertificate> = Set(try folder.keyStore().all)
        for years in [2, 0, 5, 0, 2, 0, 5, 0, 2, 5, 0, -3, 0] as [Int64] {
            let identity = look(folder, now.adding(seconds: years * 365 * Self.day))
            // By a clock that ends them all, or is before them all, nothing is shown and nothing made.
            #expect((identity == nil) == (years == 5 || years < 0))
            made.formUnion(try folder.keyStore().all)
        }
        #expect(try folder.keyStore().current == first)
        #expect(look(folder, now)?.certificate == first)
        #expect(made.count == 4, "\(made.count) certificates were made")
    }

    @Test func `with a clock before the first day nothing is shown and nothing made`() throws {
        let test = try TestIdentity("updates.example")
        let folder = try folder(test)
        let before = try folder.keyStore()
        let error = #expect(throws: TrustError.self) {
            try ServerIdentity.load(from: folder.files, names: folder.names, now: Timestamp(millisecondsSince1970: 0))
        }
        #expect(error?.message.contains("valid from") == true)
        #expect(try folder.keyStore().current == before.current)
        #expect(try folder.keyStore().next == before.next)
    }

    @Test func `one start with a clock years ahead costs no certificate whose pin was published`() throws {
        let test = try TestIdentity("updates.example")
        let folder = try folder(test)
        try export(folder, at: now)
        let published = try folder.keyStore()
        func start(_ days: Int64) -> ServerIdentity? { look(folder, now.adding(seconds: days * 86_400)) }
        #expect(start(751)?.certificate == published.next[1])
        #expect(start(1)?.certificate == published.current)
        #expect(start(372)?.certificate == published.next[0])
        #expect(start(400)?.certificate == published.next[0])
        for certificate in published.all { #expect(try folder.keyStore()[certificate.sha256] != nil) }
    }

    @Test func `certificates that ended long ago are forgotten`() throws {
        let test = try TestIdentity("updates.example")
        let folder = try folder(test)
        for year in 0..<9 { _ = look(folder, now.adding(seconds: Int64(year) * 300 * 86_400)) }
        let time = now.adding(seconds: 8 * 300 * 86_400)
        #expect(try folder.keyStore().next.filter { $0.notAfter <= time }.count <= KeyStore.endedCount)
        #expect(try folder.keyStore().next.count <= KeyStore.endedCount + KeyStore.nextCount)
    }

    @Test func `a key store that is lost does not open the gate for good`() throws {
        let test = try TestIdentity("updates.example")
        let folder = try folder(test)
        try export(folder, at: now)
        #expect(unlink(test.files.keyStore) == 0)
        let replaced = try folder.replacing(by: try folder.issuer(), now: now).store
        try folder.save(replaced)
        #expect(replaced.publication.isPinned)
        #expect(
            #expect(throws: TrustError.self) {
                try folder.renewal(of: replaced, by: RenewalOptions(), try folder.issuer(), now: now)
            }?.code == .pinned)
        var store = replaced
        store.withdrawPublication()
        try folder.save(store)
        #expect(unlink(test.files.keyStore) == 0)
        #expect(try !folder.replacing(by: try folder.issuer(), now: now).store.publication.isPinned, "withdrawn pins are no gate")
    }

    // MARK: - The CA's key elsewhere

    @Test func `where the CA's key is elsewhere, the current certificate and the next two are made there`() throws {
        let test = try TestIdentity("updates.example")
        let folder = try folder(test)
        #expect(rename(test.files.caKey, test.folder.file("away.key")) == 0)
        let before = try folder.keyStore()
        #expect(throws: TrustError.self) { try folder.renewal(of: before, by: RenewalOptions(), try folder.issuer(), now: now) }
        let times = try folder.missing(RenewalOptions(), now: now)
        #expect(times.count == 3)
        let authority = try CertificateAuthority.load(
            certificateFile: test.files.caCertificate, keyBytes: try KeyFileBytes(path: test.folder.file("away.key"))
        ) { [] }
        let brought = try authority.issue(names: folder.names, times, now: now).map { try $0.certificate() }
        let renewal = try folder.renewal(of: before, by: RenewalOptions(), .brought(brought), now: now)
        #expect(renewal.shown == brought[0])
        #expect(renewal.store.next == Array(brought[1...]))
        for wrong in [Array(brought[..<2]), brought + [brought[0]]] {
            #expect(throws: TrustError.self) { try folder.renewal(of: before, by: RenewalOptions(), .brought(wrong), now: now) }
        }
        let strange = try TestIdentity("updates.example")
        let foreign = try IdentityFolder(files: strange.files, names: folder.names).keyStore().all
        #expect(throws: TrustError.self) { try folder.renewal(of: before, by: RenewalOptions(), .brought(foreign), now: now) }
    }

    @Test func `a key file that is open to others is not taken`() throws {
        let test = try TestIdentity("updates.example")
        #expect(chmod(test.files.caKey, 0o640) == 0)
        #expect(#expect(throws: TrustError.self) { try KeyFileBytes(path: test.files.caKey) }?.code == .unsafeFile)
    }

    // MARK: - Crashes

    @Test func `what a killed change left beside the key store is passed over`() throws {
        let test = try TestIdentity("updates.example")
        let folder = try folder(test)
        let whole = try test.folder.bytes("keystore.json")
        for length in [0, 1, whole.count / 2, whole.count - 1, whole.count] {
            try test.folder.write("keystore.json.new", Array(whole.prefix(length)))
            #expect(look(folder, now)?.certificate == test.identity.certificate)
            let renewal = try folder.renewal(of: try folder.keyStore(), by: RenewalOptions(), try folder.issuer(), now: now)
            try folder.save(renewal.store)
            #expect(look(folder, now)?.certificate == renewal.shown)
            try test.folder.write("keystore.json", whole)
        }
    }
}
