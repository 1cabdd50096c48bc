import Testing
import UpdateProtocols
import Updates

struct ReportEventBatchTests {
    private func decode(_ batch: String) throws(SOAPFault) -> ReportEventBatch.Request {
        let body =
            "<s:Envelope xmlns:s='http://schemas.xmlsoap.org/soap/envelope/'><s:Body><ReportEventBatch "
            + "xmlns='http://www.microsoft.com/SoftwareDistribution'><cookie/>\(batch)</ReportEventBatch></s:Body></s:Envelope>"
        var reader = SOAPRequestReader(Array(body.utf8))
        guard try reader.operation() == .reportEventBatch else { throw SOAPFault(.internalServerError) }
        return try ReportEventBatch.decode(&reader) { (_) throws(SOAPFault) in }.1
    }

    /// One event; `basic` comes after the values that must be there and so replaces one.
    private func event(_ basic: String = "", extended: String = "", more: String = "") -> String {
        "<ReportingEvent><BasicData><TargetID><Sid>d-1</Sid></TargetID><TimeAtTarget>2026-10-04T15:20:47.397Z</TimeAtTarget>"
            + "<EventInstanceID>\(Samples.update)</EventInstanceID><EventID>156</EventID>\(basic)</BasicData>"
            + "<ExtendedData>\(extended)</ExtendedData>\(more)</ReportingEvent>"
    }

    private func batch(_ events: String) -> String { "<eventBatch>\(events)</eventBatch>" }

    @Test func `an event may lack all but whose, when, which and what`() throws {
        let request = try decode(batch(event()))
        #expect(request.clientTime == nil)
        let read = try #require(request.events.first)
        #expect(read.namespaceID == 1)
        #expect(read.sourceID == 0)
        #expect(read.update == nil)
        #expect(read.win32HResult == 0)
        #expect(read.appName.isEmpty)
        #expect(read.replacementStrings.isEmpty && read.miscData.isEmpty)
    }

    @Test(arguments: ["Win32HResult", "Win32Hresult"])
    func `both spellings of the result are read`(name: String) throws {
        #expect(try decode(batch(event("<\(name)>-2145123272</\(name)>"))).events.first?.win32HResult == -2_145_123_272)
    }

    @Test func `the zero GUID is no update, whatever its revision`() throws {
        let none = "<UpdateID><UpdateID>\(UpdateID.none)</UpdateID><RevisionNumber>9</RevisionNumber></UpdateID>"
        let some = "<UpdateID><UpdateID>\(Samples.update)</UpdateID></UpdateID>"
        let request = try decode(batch(event(none) + event(some)))
        #expect(request.events.map(\.update) == [nil, UpdateIdentity(updateID: Samples.update, revisionNumber: RevisionNumber(rawValue: 0))])
    }

    @Test(arguments: [
        ("<EventID>x</EventID>", "eventBatch.EventID"),
        ("<EventID>2147483648</EventID>", "eventBatch.EventID"),
        ("<EventInstanceID>1</EventInstanceID>", "eventBatch.EventInstanceID"),
        ("<TimeAtTarget>now</TimeAtTarget>", "eventBatch.TimeAtTarget"),
        ("<TargetID><Sid>no spaces</Sid></TargetID>", "eventBatch.Sid"),
        ("<TargetID><Sid/></TargetID>", "eventBatch.Sid"),
        ("<NamespaceID/>", "eventBatch.NamespaceID"),
        ("<SourceID>-</SourceID>", "eventBatch.SourceID"),
        ("<Win32HResult>0x80240438</Win32HResult>", "eventBatch.Win32HResult"),
        ("<UpdateID><UpdateID>x</UpdateID></UpdateID>", "eventBatch.UpdateID"),
        ("<UpdateID><RevisionNumber>x</RevisionNumber></UpdateID>", "eventBatch.RevisionNumber"),
    ])
    func `a value of the wrong type is InvalidParameters`(basic: String, message: String) {
        #expect(throws: SOAPFault(.invalidParameters, message)) { try decode(batch(event() + event(basic))) }
    }

    @Test(arguments: ["TargetID", "TimeAtTarget", "EventInstanceID", "EventID"])
    func `an event that lacks what it must have is InvalidParameters`(element: String) {
        let without = event().replacing("<\(element)>", with: "<x>").replacing("</\(element)>", with: "</x>")
        #expect(throws: SOAPFault.self) { try decode(batch(without)) }
    }

    @Test func `a batch is needed, its time and events are not`() throws {
        #expect(throws: SOAPFault(.invalidParameters, "eventBatch")) { try decode("<clientTime>2026-10-04T15:20:47.397Z</clientTime>") }
        #expect(throws: SOAPFault(.invalidParameters, "clientTime")) { try decode("<clientTime>soon</clientTime><eventBatch/>") }
        #expect(try decode("<eventBatch/>") == ReportEventBatch.Request(clientTime: nil, events: []))
    }

    @Test func `a batch has as many events as allowed, and no more`() throws {
        let one = event()
        #expect(try decode(batch(String(repeating: one, count: 499))).events.count == 499)
        #expect(try decode(batch(String(repeating: one, count: 500))).events.count == 500)
        #expect(throws: SOAPFault(.invalidParameters, "eventBatch")) { try decode(batch(String(repeating: one, count: 501))) }
    }

    @Test func `events that are dropped count too`() {
        let tooMany = event(extended: "<MiscData>" + String(repeating: "<string/>", count: 65) + "</MiscData>")
        #expect(throws: SOAPFault(.invalidParameters, "eventBatch")) {
            try decode(batch(String(repeating: event(), count: 500) + tooMany))
        }
    }

    @Test func `an event is as long as allowed, or dropped and counted`() throws {
        let empty = event(extended: "<MiscData><string></string></MiscData>").utf8.count
        for (length, isKept) in [(65_535, true), (65_536, true), (65_537, false)] {
            let long = event(extended: "<MiscData><string>\(String(repeating: "x", count: length - empty))</string></MiscData>")
            #expect(long.utf8.count == length)
            let request = try decode(batch(event() + long + event()))
            #expect(request.events.count == (isKept ? 3 : 2), "\(length) bytes")
            #expect(request.droppedEvents == (isKept ? 0 : 1), "\(length) bytes")
        }
    }

    @Test(arguments: ["MiscData", "ReplacementStrings"])
    func `a list of an event is as long as allowed, or the event is dropped and counted`(list: String) throws {
        for (count, isKept) in [(63, true), (64, true), (65, false)] {
            let strings = (0..<count).map { "<string>\($0)</string>" }.joined()
            let request = try decode(batch(event(extended: "<\(list)>\(strings)</\(list)>") + event()))
            #expect(request.events.count == (isKept ? 2 : 1), "\(count) strings")
            #expect(request.droppedEvents == (isKept ? 0 : 1), "\(count) strings")
            if isKept { #expect((request.events[0].miscData + request.events[0].replacementStrings).count == count) }
        }
    }

    @Test(arguments: ["&#0;", "&#xD800;", "&#xDFFF;", "&#xD83D;&#xDE00;", "&#x1F;", "&#xFFFE;", "&#x110000;", "\u{0}", "\u{1b}"])
    func `what is no character of XML is refused, not changed`(text: String) {
        let hostile = event(extended: "<ReplacementStrings><string>a\(text)b</string></ReplacementStrings>")
        #expect(throws: SOAPFault.self) { try decode(batch(hostile)) }
    }

    @Test(arguments: ["0000-01-01T00:00:00", "-0001-01-01T00:00:00", "10000-01-01T00:00:00", "2026-02-29T00:00:00", "2026-06-30T23:59:60"])
    func `a time that is none is InvalidParameters`(time: String) {
        let wrong = event().replacing(/<TimeAtTarget>[^<]*/, with: "<TimeAtTarget>\(time)")
        #expect(throws: SOAPFault(.invalidParameters, "eventBatch.TimeAtTarget")) { try decode(batch(wrong)) }
    }

    @Test func `a dropped event's values are not judged`() throws {
        let long = event("<EventID>x</EventID>", more: "<PrivateData>\(String(repeating: "x", count: 65_536))</PrivateData>")
        #expect(try decode(batch(long)) == ReportEventBatch.Request(clientTime: nil, events: [], droppedEvents: 1))
    }
}
