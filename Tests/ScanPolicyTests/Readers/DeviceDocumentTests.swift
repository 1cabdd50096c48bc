import Foundation
import ScanPolicy
import TestSupport
import Testing

@Suite struct DeviceDocumentTests {
    private func read(_ text: String, name: String? = nil, limits: PolicyFileLimits = .standard) throws(PolicyFileError) -> DeviceFacts {
        try DeviceDocument.read(Array(text.utf8), file: "fleet.ndjson", at: 1000, name: name, limits: limits)
    }

    private static let sha256 = String(repeating: "ab", count: 32)

    /// Every member that there is.
    static let whole = """
        {"name": "PC-1", "policy": {"WUServer": "https:\\/\\/wsus.example.test:8531", "UseWUServer": 1, "SetProxyBehaviorForUpdateDetection": 0},
         "systemProxy": {"proxy": "proxy.example.test:8080", "bypass": "<local>"}, "userProxy": {"scriptURL": "http://pac", "detectsAutomatically": true},
         "proxySettingsPerUser": 1, "pinStore": ["\(sha256)"], "windows": "10.0.19045.4291", "level": "2021-01", "isSignedIn": false,
         "tls": {"isTLS12Enabled": true, "cipherSuites": ["TLS_AES_128_GCM_SHA256"], "machineRoots": ["\(sha256)"], "clockOffset": -60}}
        """

    @Test func `every member is read`() throws {
        let facts = try read(Self.whole)
        #expect(facts.name == "PC-1")
        #expect(facts.policy[.wuServer] == "https://wsus.example.test:8531")
        #expect(facts.policy[.useWUServer] == 1)
        #expect(facts.systemProxy == .static("proxy.example.test:8080", bypass: "<local>"))
        #expect(facts.userProxy == ProxySettings(scriptURL: "http://pac", detectsAutomatically: true))
        #expect(facts.proxySettingsPerUser == 1)
        #expect(facts.pinStore == CertificateFingerprint(Self.sha256).map { .certificates([$0]) })
        #expect(facts.windows == WindowsVersion("10.0.19045.4291"))
        #expect(facts.level == .january2021)
        #expect(facts.isSignedIn == false)
        #expect(facts.tls.isTLS12Enabled == true)
        #expect(facts.tls.cipherSuites == ["TLS_AES_128_GCM_SHA256"])
        #expect(facts.tls.machineRoots?.count == 1)
        #expect(facts.tls.clockOffset == -60)
    }

    @Test func `what is not given is not a fact`() throws {
        let facts = try read(#"{"name": "a", "systemProxy": {}, "pinStore": []}"#)
        #expect(facts.systemProxy == ProxySettings.none)
        #expect(facts.pinStore == .empty)
        #expect(facts.userProxy == nil)
        #expect(facts.isSignedIn == nil)
        #expect(try read(#"{"pinStore": ["unknown"]}"#, name: "b").pinStore == .unknown)
        #expect(try read("{}", name: "b").name == "b")
    }

    static let refused: [(String, PolicyFileError.Code)] = [
        ("", .truncated), ("[]", .syntax), ("{}", .syntax), (#"{"name": ""}"#, .value), (#"{"name": "a", "name": "b"}"#, .contradiction),
        (#"{"name": "a"} x"#, .syntax), (#"{"name": "a",}"#, .syntax), (#"{"name": "a" "level": "2021-01"}"#, .syntax),
        (#"{"name": "a", "sysemProxy": {}}"#, .unsupported), (#"{"name": "a", "policy": {"WuServer": "x"}}"#, .unsupported),
        (#"{"name": "a", "policy": {"WUServer": 1}}"#, .syntax), (#"{"name": "a", "policy": {"UseWUServer": "1"}}"#, .syntax),
        (#"{"name": "a", "policy": {"UseWUServer": 1.0}}"#, .syntax), (#"{"name": "a", "policy": {"UseWUServer": -1}}"#, .value),
        (#"{"name": "a", "policy": {"UseWUServer": 4294967296}}"#, .value), (#"{"name": "a", "policy": {"UseWUServer": 01}}"#, .syntax),
        (#"{"name": "a", "policy": {"UseWUServer": 99999999999999999999}}"#, .value), (#"{"name": "a", "systemProxy": {"bypass": "x"}}"#, .value),
        (#"{"name": "a", "systemProxy": {"proxy": " "}}"#, .value), (#"{"name": "a", "systemProxy": null}"#, .syntax),
        (#"{"name": "a", "pinStore": "unknown"}"#, .syntax), (#"{"name": "a", "pinStore": ["unknown", "unknown"]}"#, .value),
        (#"{"name": "a", "pinStore": ["12"]}"#, .value), (#"{"name": "a", "windows": "eleven"}"#, .value),
        (#"{"name": "a", "level": "2022"}"#, .value), (#"{"name": "a", "isSignedIn": 1}"#, .syntax), (#"{"name": "\ud800"}"#, .encoding),
        (#"{"name": "\x"}"#, .syntax), ("{\"name\": \"a\nb\"}", .syntax), ("{\"name\": \"\u{0}\"}", .encoding),
        (#"{"name": "a", "proxySettingsPerUser": 2}"#, .value),
    ]

    @Test(arguments: refused.indices)
    func `what is not the form is refused with its place`(_ index: Int) {
        let (text, code) = Self.refused[index]
        let error = refusal { () throws(PolicyFileError) in try read(text) }
        #expect(error?.code == code, "\(text): \(String(describing: error))")
        #expect((1000...1000 + text.utf8.count).contains(error?.byteOffset ?? -1), "\(text)")
    }

    @Test func `a document cut anywhere is refused`() throws {
        let bytes = Array(Self.whole.utf8)
        for count in 0..<bytes.count {
            _ = refusal { () throws(PolicyFileError) in try DeviceDocument.read(Array(bytes[..<count]), file: "a", name: "b") }
        }
    }

    @Test func `bytes that are no UTF-8 are refused`() {
        let bytes = Array("{\"name\": \"".utf8) + [0xcf] + Array("\"}".utf8)
        #expect(refusal { () throws(PolicyFileError) in try DeviceDocument.read(bytes, file: "a", name: nil) }?.code == .encoding)
    }

    @Test func `escapes mean what JSON says`() throws {
        #expect(try read(#"{"name": "\u00e4\ud83e\udd86\"\\\/\b\f\n\r\t"}"#).name == "ä🦆\"\\/\u{8}\u{c}\n\r\t")
    }

    @Test func `limits hold to the byte`() throws {
        func check(_ path: WritableKeyPath<PolicyFileLimits, Int>, _ needed: Int) throws {
            var limits = PolicyFileLimits.standard
            limits[keyPath: path] = needed
            #expect(try read(Self.whole, limits: limits).name == "PC-1")
            limits[keyPath: path] = needed - 1
            #expect(refusal { () throws(PolicyFileError) in try read(Self.whole, limits: limits) }?.code == .tooLarge)
        }
        try check(\.line, Self.whole.utf8.count)
        try check(\.nesting, 3)
    }

    /// What our reader takes, Foundation's takes too.
    @Test func `documents are JSON by Foundation's opinion as well`() throws {
        #expect(throws: Never.self) { try JSONSerialization.jsonObject(with: Data(Self.whole.utf8)) }
    }

    @Test func `the documented schema names what is read, and nothing else`() throws {
        let schema = try #require(JSONSchema.documented(in: "docs/policy-files.md")["device"])
        #expect(try schema.problems(in: Data(Self.whole.utf8)) == [])
        let examples = try JSONSchema.examples(in: "docs/policy-files.md", of: "device-example")
        #expect(!examples.isEmpty)
        for example in examples {
            #expect(try schema.problems(in: Data(example.utf8)) == [])
            _ = try read(example)
        }
        for value in PolicyNumber.allCases {
            let text = #"{"name": "a", "policy": {"\#(value.rawValue)": 1}}"#
            #expect(try schema.problems(in: Data(text.utf8)) == [])
            #expect(try read(text).policy[value] == 1)
        }
        for value in PolicyText.allCases {
            let text = #"{"name": "a", "policy": {"\#(value.rawValue)": "x"}}"#
            #expect(try schema.problems(in: Data(text.utf8)) == [])
            #expect(try read(text).policy[value] == "x")
        }
    }
}
