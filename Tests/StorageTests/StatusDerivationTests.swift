import Storage
import TestSupport
import Testing
import Updates

struct StatusDerivationTests {
    /// Times in seconds after noon; the server's clock says noon and an hour.
    struct Case: Sendable, CustomTestStringConvertible {
        let testDescription: String
        var before: [Row] = []
        var lastReported: Int64?
        let events: [Event]
        let after: [Row]
        var reported: Int64?

        struct Row: Hashable, Sendable {
            let update: UInt64
            let state: UpdateState
            let changedAt: Int64

            init(_ update: UInt64, _ state: UpdateState, _ changedAt: Int64) {
                self.update = update
                self.state = state
                self.changedAt = changedAt
            }
        }

        init(_ name: String, before: [Row] = [], lastReported: Int64? = nil, _ events: [Event], after: [Row], reported: Int64? = nil) {
            testDescription = name
            self.before = before
            self.lastReported = lastReported
            self.events = events
            self.after = after
            self.reported = reported
        }
    }

    private static let device = StoreFixture.device(1)

    private static func status(_ needed: [UInt64], _ installed: [UInt64] = [], at seconds: Int64) -> Event {
        StoreFixture.status(
            of: device, at: StoreFixture.noon.adding(seconds: seconds), needed: needed.map(StoreFixture.update),
            installed: installed.map(StoreFixture.update), instance: 1)
    }

    private static func event(_ id: EventID, _ update: UInt64?, at seconds: Int64) -> Event {
        StoreFixture.event(id, of: device, at: StoreFixture.noon.adding(seconds: seconds), update: update.map(StoreFixture.update), instance: 1)
    }

    private static let server: Int64 = 3600

    static let cases: [Case] = [
        Case(
            "156: U is needed, V is installed", [status([1], [2], at: 5)], after: [.init(1, .notInstalled, 5), .init(2, .installed, 5)], reported: 5),
        Case("156: empty lists are a report too", [status([], at: 5)], after: [], reported: 5),
        Case(
            "156: what is named no more is deleted", before: [.init(1, .notInstalled, 1), .init(2, .installed, 1), .init(3, .failed, 1)],
            lastReported: 1, [status([], at: 5)], after: [], reported: 5),
        Case(
            "156: unchanged rows keep their time", before: [.init(1, .notInstalled, 1), .init(2, .installed, 2)], lastReported: 2,
            [status([1], [2], at: 5)], after: [.init(1, .notInstalled, 1), .init(2, .installed, 2)], reported: 5),
        Case(
            "156: changed rows get its time", before: [.init(1, .notInstalled, 1), .init(2, .installed, 2)], lastReported: 2,
            [status([2], [1], at: 5)], after: [.init(1, .installed, 5), .init(2, .notInstalled, 5)], reported: 5),
        Case(
            "156: failed stays while needed", before: [.init(1, .failed, 3)], lastReported: 1, [status([1], at: 5)], after: [.init(1, .failed, 3)],
            reported: 5),
        Case(
            "156: failed becomes installed", before: [.init(1, .failed, 3)], lastReported: 1, [status([], [1], at: 5)],
            after: [.init(1, .installed, 5)], reported: 5),
        Case("156: in both lists is needed", [status([1], [1], at: 5)], after: [.init(1, .notInstalled, 5)], reported: 5),
        Case(
            "156: of the same time is taken", before: [.init(1, .notInstalled, 5)], lastReported: 5, [status([2], at: 5)],
            after: [.init(2, .notInstalled, 5)], reported: 5),
        Case(
            "156: older than the last changes nothing", before: [.init(1, .notInstalled, 5)], lastReported: 5, [status([2], at: 4)],
            after: [.init(1, .notInstalled, 5)], reported: 5),
        Case(
            "156: five minutes ahead of the server is taken, as of now", [status([1], at: server + 300)], after: [.init(1, .notInstalled, server)],
            reported: server),
        Case(
            "156: more than five minutes ahead changes nothing", before: [.init(1, .notInstalled, 5)], lastReported: 5,
            [status([2], at: server + 301)], after: [.init(1, .notInstalled, 5)], reported: 5),
        Case(
            "156: older than a failure leaves that failure", before: [.init(1, .failed, 9), .init(2, .notInstalled, 1)], lastReported: 1,
            [status([], [1, 2], at: 5)], after: [.init(1, .failed, 9), .init(2, .installed, 5)], reported: 5),
        Case(
            "182: fails a needed update", before: [.init(1, .notInstalled, 1)], lastReported: 1, [event(.installationFailed, 1, at: 5)],
            after: [.init(1, .failed, 5)], reported: 1),
        Case("182: makes the row where there is none", [event(.installationFailed, 1, at: 5)], after: [.init(1, .failed, 5)]),
        Case(
            "182: fails an installed update that fails later", before: [.init(1, .installed, 1)], lastReported: 1,
            [event(.installationFailed, 1, at: 5)], after: [.init(1, .failed, 5)], reported: 1),
        Case(
            "182: again keeps the time of the first", before: [.init(1, .failed, 3)], [event(.installationFailed, 1, at: 5)],
            after: [.init(1, .failed, 3)]),
        Case(
            "182: that comes late fails what is still needed", before: [.init(1, .notInstalled, 1)], lastReported: 9,
            [event(.installationFailed, 1, at: 5)], after: [.init(1, .failed, 5)], reported: 9),
        Case(
            "182: that comes late leaves what was installed since", before: [.init(1, .installed, 9)], lastReported: 9,
            [event(.installationFailed, 1, at: 5)], after: [.init(1, .installed, 9)], reported: 9),
        Case(
            "182: that comes late leaves what was found installed since, as before", before: [.init(1, .installed, 1)], lastReported: 9,
            [event(.installationFailed, 1, at: 5)], after: [.init(1, .installed, 1)], reported: 9),
        Case(
            "182: that comes late makes no row for what is named no more", lastReported: 9, [event(.installationFailed, 1, at: 5)], after: [],
            reported: 9),
        Case(
            "182: that comes late leaves what became needed since", before: [.init(1, .notInstalled, 7)], lastReported: 9,
            [event(.installationFailed, 1, at: 5)], after: [.init(1, .notInstalled, 7)], reported: 9),
        Case(
            "182: five minutes ahead of the server counts, as of now", [event(.installationFailed, 1, at: server + 300)],
            after: [.init(1, .failed, server)]),
        Case("182: more than five minutes ahead changes nothing", [event(.installationFailed, 1, at: server + 301)], after: []),
        Case("182: without an update changes nothing", [event(.installationFailed, nil, at: 5)], after: []),
        Case(
            "183, 181, 167, 162, 161, 201 and 147 change nothing", before: [.init(1, .notInstalled, 1)], lastReported: 1,
            [183, 181, 167, 162, 161, 201, 147].map { event(EventID(rawValue: $0), 1, at: 5) }, after: [.init(1, .notInstalled, 1)], reported: 1),
        Case(
            "a failure and the scan after it, in one batch", [event(.installationFailed, 1, at: 5), status([1], [2], at: 9)],
            after: [.init(1, .failed, 5), .init(2, .installed, 9)], reported: 9),
    ]

    @Test(arguments: cases)
    func `events make states`(case row: Case) {
        func rows(_ rows: [Case.Row]) -> [UpdateStatus] {
            rows.map {
                UpdateStatus(updateID: StoreFixture.update($0.update), state: $0.state, changedAt: StoreFixture.noon.adding(seconds: $0.changedAt))
            }
        }
        var derivation = StatusDerivation(rows: rows(row.before), lastReported: row.lastReported.map { StoreFixture.noon.adding(seconds: $0) })
        for event in row.events { derivation.take(event, now: StoreFixture.noon.adding(seconds: Self.server)) }
        #expect(derivation.rows.values.sorted { $0.updateID < $1.updateID } == rows(row.after).sorted { $0.updateID < $1.updateID })
        #expect(derivation.lastReported == row.reported.map { StoreFixture.noon.adding(seconds: $0) })
    }

    @Test func `a device has ten thousand rows at most, by either event`() {
        let limit = StatusDerivation.maximumRows
        var derivation = StatusDerivation(rows: [], lastReported: nil)
        derivation.take(Self.status((1...UInt64(limit - 1)).map { $0 }, at: 0), now: StoreFixture.noon)
        #expect(derivation.rows.count == limit - 1)
        for update in UInt64(limit)...UInt64(limit + 1) { derivation.take(Self.event(.installationFailed, update, at: 0), now: StoreFixture.noon) }
        #expect(derivation.rows.count == limit)
        derivation.take(Self.status((1...UInt64(limit + 1)).map { $0 }, at: 1), now: StoreFixture.noon)
        #expect(derivation.rows.count == limit)
    }
}
