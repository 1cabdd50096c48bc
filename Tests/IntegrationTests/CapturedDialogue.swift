import Foundation
import TestSupport
import Testing
import UpdateProtocols
import Updates

/// The captured dialogue of a native agent with a real server, its requests made fit for another server.
///
/// What a server gives is rewritten: cookies, the configuration's time, and revision ids, by way of the GUIDs that the captured answers and the
/// live ones give them.
struct CapturedDialogue {
    static let folder = "soap-wua-native"

    private(set) var authorizationCookie: [UInt8] = []
    private(set) var cookie: [UInt8] = []
    private(set) var lastChange = ""
    /// What the captured and the live server call each update.
    private var capturedIDs: [String: String] = [:]
    private var liveIDs: [String: String] = [:]

    static func text(_ path: String) throws -> String { String(decoding: try Evidence.bytes("\(folder)/\(path)"), as: UTF8.self) }

    /// A captured request for the live server.
    func request(_ path: String) throws -> [UInt8] { Array(try rewritten(Self.text("\(path)/request.body")).utf8) }

    func rewritten(_ request: String) throws -> String {
        var text = Self.replacing("CookieData", in: request, by: Self.base64(authorizationCookie))
        text = Self.replacing("EncryptedData", in: text, by: Self.base64(cookie))
        text = Self.replacing("lastChange", in: text, by: lastChange)
        var rewritten = ""
        var rest = text[...]
        while let match = rest.firstMatch(of: /<int>(\d+)<\/int>/) {
            rewritten += rest[..<match.range.lowerBound]
            let id = try #require(live(String(match.1)), "no answer before named revision \(match.1)")
            rewritten += "<int>\(id)</int>"
            rest = rest[match.range.upperBound...]
        }
        return rewritten + rest
    }

    /// The live server's name for what the captured one called `captured`.
    func live(_ captured: String) -> String? { capturedIDs[captured].flatMap { liveIDs[$0] } }

    /// Learns from both servers' answers to one request.
    mutating func learn(captured: String, live: String) throws {
        for match in captured.matches(of: Self.updateInfo) { capturedIDs[String(match.1)] = match.2.lowercased() + "." + match.3 }
        for match in live.matches(of: Self.updateInfo) { liveIDs[match.2.lowercased() + "." + match.3] = String(match.1) }
        if let value = Self.value("LastChange", in: live) { lastChange = value }
        if let value = Self.value("CookieData", in: live) { authorizationCookie = try #require(Base64.decode(value.utf8)) }
        if let value = Self.value("EncryptedData", in: live) { cookie = try #require(Base64.decode(value.utf8)) }
    }

    private static var updateInfo: Regex<(Substring, Substring, Substring, Substring)> {
        /<UpdateInfo><ID>(\d+)<\/ID>.*?&lt;UpdateIdentity UpdateID="([^"]*)" RevisionNumber="(\d+)"/
    }

    static func value(_ element: String, in text: String) -> String? {
        guard let start = text.range(of: "<\(element)>"), let end = text.range(of: "</\(element)>", range: start.upperBound..<text.endIndex) else {
            return nil
        }
        return String(text[start.upperBound..<end.lowerBound])
    }

    private static func replacing(_ element: String, in text: String, by value: String) -> String {
        guard let old = Self.value(element, in: text) else { return text }
        return text.replacing("<\(element)>\(old)</\(element)>", with: "<\(element)>\(value)</\(element)>")
    }

    private static func base64(_ bytes: [UInt8]) -> String { String(decoding: Base64.encode(bytes), as: UTF8.self) }
}

/// Two answers to one request, compared element by element: every tag with its attributes, in order, and every text but those that are a
/// server's own.
struct AnswerComparison {
    /// Elements whose texts may differ, and why.
    static let own: [String: String] = [
        "LastChange": "its configuration's time", "CookieData": "sealed by its own key", "EncryptedData": "sealed by its own key",
        "Expiration": "an hour from its own now", "LastChangeTime": "the day of its own import", "Value": "its own name",
    ]

    /// What differs and may.
    private(set) var differences: [String] = []
    /// What differs and must not.
    private(set) var problems: [String] = []

    init(captured: String, live: String, dialogue: CapturedDialogue) {
        let old = Self.parts(captured)
        let new = Self.parts(live)
        if old.map(\.tag) != new.map(\.tag) {
            problems.append("elements: captured \(old.map(\.tag)), live \(new.map(\.tag))")
            return
        }
        var parent = ""
        for (old, new) in zip(old, new) {
            defer { if !old.tag.hasPrefix("/"), old.text.isEmpty { parent = old.tag } }
            if old.text == new.text { continue }
            if old.tag == "ID", parent == "Deployment" {
                note("Deployment/ID (its own number)")
            } else if old.tag == "ID", dialogue.live(old.text) == new.text {
                note("ID (its own number for the same revision)")
            } else if old.tag == "ID", UpdateID(old.text) != nil, UpdateID(new.text) != nil {
                note("ID (of the occurrence)")
            } else if old.tag == "Value", !new.text.hasSuffix("\\UpdateServicesPackages") {
                problems.append("Value: captured \(old.text), live \(new.text)")
            } else if let reason = Self.own[old.tag] {
                if Self.form(old.text) != Self.form(new.text) { problems.append("\(old.tag): \(new.text) has not the form of \(old.text)") }
                note("\(old.tag) (\(reason))")
            } else {
                problems.append("\(old.tag): captured \(old.text.prefix(300)), live \(new.text.prefix(300))")
            }
        }
    }

    private mutating func note(_ difference: String) {
        if !differences.contains(difference) { differences.append(difference) }
    }

    private static func parts(_ body: String) -> [(tag: String, text: String)] {
        body.matches(of: /<([^>]*)>([^<]*)/).map { (String($0.1), String($0.2)) }
    }

    /// A time as one of its forms: a date, or a moment in UTC, whatever the fraction.
    private static func form(_ text: String) -> String {
        guard Timestamp(text) != nil else { return "text" }
        return text.count == 10 ? "date" : text.hasSuffix("Z") ? "moment" : "another time"
    }
}
