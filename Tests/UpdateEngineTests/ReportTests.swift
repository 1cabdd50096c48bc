import Storage
import TestSupport
import Testing
import UpdateProtocols
import Updates

@testable import UpdateEngine

/// What an engine makes of reports with wrong clocks, hostile texts, and no room to store them.
struct ReportTests {
    struct Clock: Sendable, CustomTestStringConvertible {
        let testDescription: String
        /// Of the second 156, beside the server's clock or as it stands.
        var offset: Int64?
        var time: String?
        let isTaken: Bool
    }

    static let clocks = [
        Clock(testDescription: "a second later", offset: 1, isTaken: true),
        Clock(testDescription: "of the same time", offset: 0, isTaken: true),
        Clock(testDescription: "a second older than the last", offset: -1, isTaken: false),
        Clock(testDescription: "five minutes ahead of the server", offset: 300, isTaken: true),
        Clock(testDescription: "more than five minutes ahead of the server", offset: 301, isTaken: false),
        Clock(testDescription: "the end of the calendar", time: "9999-12-31T23:59:59.9999999", isTaken: false),
        Clock(testDescription: "the beginning of the calendar", time: "0001-01-01T00:00:00", isTaken: false),
        Clock(testDescription: "a clock that lost its battery", time: "1970-01-01T00:00:00Z", isTaken: false),
        Clock(testDescription: "before the epoch", time: "1601-01-01T00:00:00Z", isTaken: false),
    ]

    @Test(arguments: clocks)
    func `a status replaces the last where its time allows`(clock: Clock) async throws {
        let test = try await TestEngine()
        var device = TestDevice(test)
        try await device.arrive()
        let now = test.clock.now
        try await device.report(needed: [.numbered(2)], at: now)
        let time = try clock.time.map { try #require(Timestamp($0)) } ?? now.adding(seconds: clock.offset ?? 0)
        try await device.report(installed: [.numbered(2)], at: time)
        let details = try await test.engine.deviceDetails(device.id)
        #expect(details.updates.map(\.state) == [clock.isTaken ? "installed" : "needed"])
        #expect(!details.summary.isDisputed)
        #expect(details.summary.lastReported ?? .init(millisecondsSince1970: 0) <= now)
    }

    @Test func `a first status of long ago is taken, and the next of today too`() async throws {
        let test = try await TestEngine()
        var device = TestDevice(test)
        try await device.arrive()
        try await device.report(needed: [.numbered(2)], at: Timestamp(millisecondsSince1970: -62_135_596_800_000))
        #expect(try await test.engine.deviceDetails(device.id).updates.map(\.state) == ["needed"])
        try await device.report(installed: [.numbered(2)])
        #expect(try await test.engine.deviceDetails(device.id).updates.map(\.state) == ["installed"])
    }

    @Test(arguments: [
        ("control characters", "a\u{9}b\u{a}c\u{d}d\u{85}e\u{9b}31mf", "a\\u{9}b\\u{A}c\\u{D}d\\u{85}e\\u{9B}31mf"),
        ("text turned around", "abc\u{202e}def\u{2066}ghi", "abc\\u{202E}def\\u{2066}ghi"),
        ("invisible characters", "a\u{200b}b\u{feff}c", "a\\u{200B}b\\u{FEFF}c"),
        ("no character at all", "a\u{fffe}\u{ffff}\u{10ffff}", "a\\u{FFFE}\\u{FFFF}\\u{10FFFF}"),
        ("quotes and markup", "'; DROP TABLE event; -- <b>&amp;</b> \"", "'; DROP TABLE event; -- <b>&amp;</b> \""),
        ("many marks on one letter", "a" + String(repeating: "\u{301}", count: 500), "a" + String(repeating: "\u{301}", count: 500)),
    ])
    func `hostile text is kept as it is and shown escaped`(name: String, text: String, shown: String) async throws {
        let test = try await TestEngine()
        var device = TestDevice(test)
        try await device.arrive()
        try await device.report([try device.event(.downloadStarted, update: .numbered(2), text: [text], misc: ["K=\(text)"])])
        let id = try #require(DeviceID(device.id))
        let held = try #require(try await test.engine.store.events(of: id, limit: 1).first)
        #expect(held.event.replacementStrings.map { Array($0.utf8) } == [Array(text.utf8)])
        #expect(held.event.miscData.map { Array($0.utf8) } == [Array("K=\(text)".utf8)])
        let text = try #require(try await test.engine.deviceDetails(device.id).events.first?.text.first)
        #expect(DisplayText.escaped(text) == shown)
    }

    @Test func `sixty-four kibibytes of text are kept to the last byte`() async throws {
        let test = try await TestEngine()
        var device = TestDevice(test)
        try await device.arrive()
        let text = String(repeating: "é", count: 32 << 10)
        try await device.report([try device.event(.downloadStarted, update: .numbered(2), text: [text])])
        #expect(try await test.engine.deviceDetails(device.id).events.map(\.text) == [[text]])
    }

    @Test func `what cannot be stored is InternalServerError, and what was acknowledged is there`() async throws {
        let test = try await TestEngine()
        var device = TestDevice(test)
        try await device.arrive()
        try await device.report([try device.event(.downloadStarted, update: .numbered(2))])
        try await test.engine.store.close()
        do {
            try await device.report([try device.event(.downloadFailed, update: .numbered(2))])
            Issue.record("a report was acknowledged that is stored nowhere")
        } catch ReportRefusal.fault(let fault) {
            #expect(fault.code == .internalServerError)
        }
        let again = try await test.reopened()
        #expect(try await again.deviceDetails(device.id).events.map(\.eventID) == [EventID.downloadStarted.rawValue])
        try await again.close()
    }
}
