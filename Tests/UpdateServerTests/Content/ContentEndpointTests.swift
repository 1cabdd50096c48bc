import Foundation
import NIOHTTP1
import NIOPosix
import Storage
import Synchronization
import TestSupport
import Testing
import TrustedTransport
import Updates

@testable import UpdateServer

@Suite struct ContentEndpointTests {
    struct Fixture {
        let files: ScriptedFiles
        let log = LogRecorder()
        let endpoint: ContentEndpoint
        let digested: Counter

        init() throws {
            files = try ScriptedFiles()
            let digested = Counter()
            self.digested = digested
            let verification = ContentVerification(files: files, threads: .singleton, log: log.logger) {
                digested.add()
                _ = try FileVerifier.verify(path: $0.path, size: $0.size, sha1: $0.sha1, sha256: $0.sha256)
            }
            endpoint = ContentEndpoint(files: files, verification: verification, log: log.logger)
        }

        func ask(_ path: String, _ headers: [(String, String)] = [], method: HTTPMethod = .GET) async throws -> HTTPAnswer {
            let request = HTTPRequest(method: method, target: path, headers: HTTPHeaders(headers))
            return await (try #require(endpoint.answer(request, path: path))).settled
        }
    }

    final class Counter: Sendable {
        private let kept = Mutex(0)
        var count: Int { kept.withLock { $0 } }
        func add() { kept.withLock { $0 += 1 } }
    }

    static let payload = (0..<1000).map { UInt8(truncatingIfNeeded: $0 * 7) }

    @Test func `a payload is given whole, with its headers`() async throws {
        let fixture = try Fixture()
        let file = try fixture.files.hold(Self.payload)
        let answer = try await fixture.ask(file.urlPath)
        #expect(answer.status == .ok)
        #expect(answer.content() == Self.payload)
        #expect(answer.header("Content-Type") == "application/octet-stream")
        #expect(answer.header("X-Content-Type-Options") == "nosniff")
        #expect(answer.header("Accept-Ranges") == "bytes")
        #expect(answer.header("ETag") == "\"\(file.sha256)\"")
        #expect(answer.header("ETag")?.count == 66)
        #expect(answer.header("Content-Encoding") == nil)
        #expect(answer.header("Content-Range") == nil)
        #expect(!answer.isLast)
    }

    @Test func `path and digits are of any case, the extension any`() async throws {
        let fixture = try Fixture()
        let file = try fixture.files.hold(Self.payload)
        let name = file.sha1.description
        for path in [
            "/content/\(name.suffix(2).lowercased())/\(name.lowercased()).CAB", "/CONTENT/\(name.suffix(2))/\(name).exe",
            "/Content/\(name.suffix(2))/\(name).tar.gz",
        ] {
            #expect(try await fixture.ask(path).status == .ok, "\(path)")
        }
    }

    @Test func `other paths beneath Content are not found, a name without an extension is forbidden`() async throws {
        let fixture = try Fixture()
        let file = try fixture.files.hold(Self.payload)
        let name = file.sha1.description
        let folder = name.suffix(2)
        for path in [
            "/Content", "/Content/\(folder)", "/Content/\(name).cab", "/Content/\(folder)/x/\(name).cab",
            "/Content/\(folder == "00" ? "01" : "00")/\(name).cab", "/Content/\(folder)/\(name.dropLast()).cab", "/Content/\(folder)/\(name)0.cab",
            "/Content/\(folder)/.cab", "/Content/\(folder)/\(name.dropLast())g.cab", "/Content/\(folder)/\(file.sha256).cab",
            "/Content/\(folder)/\(String(repeating: "0", count: 38))\(folder).cab",
            "/Content/\(folder.dropFirst())/\(name).cab",
        ] {
            #expect(try await fixture.ask(path).status == .notFound, "\(path)")
        }
        for path in ["/Content/\(folder)/\(name)", "/Content/\(folder)/\(name)."] {
            #expect(try await fixture.ask(path).status == .forbidden, "\(path)")
        }
        #expect(fixture.endpoint.answer(HTTPRequest(method: .GET, target: "/x", headers: [:]), path: "/x") == nil)
        #expect(fixture.digested.count == 0)
    }

    @Test(arguments: [HTTPMethod.POST, .PUT, .DELETE, .OPTIONS, .RAW(value: "BREW")])
    func `GET and HEAD only`(method: HTTPMethod) async throws {
        let fixture = try Fixture()
        let file = try fixture.files.hold(Self.payload)
        let answer = try await fixture.ask(file.urlPath, method: method)
        #expect(answer.status == .methodNotAllowed)
        #expect(answer.header("Allow") == "GET, HEAD")
    }

    @Test(arguments: [
        ("bytes=0-0", 0..<1), ("bytes=100-199", 100..<200), ("bytes=990-", 990..<1000), ("bytes=-10", 990..<1000), ("bytes=0-5000", 0..<1000),
    ])
    func `a range is given exactly`(header: String, range: Range<Int>) async throws {
        let fixture = try Fixture()
        let file = try fixture.files.hold(Self.payload)
        let answer = try await fixture.ask(file.urlPath, [("Range", header)])
        #expect(answer.status == .partialContent)
        #expect(answer.content() == Array(Self.payload[range]))
        #expect(answer.header("Content-Range") == "bytes \(range.lowerBound)-\(range.upperBound - 1)/1000")
        #expect(answer.header("ETag") == "\"\(file.sha256)\"")
    }

    @Test func `a range outside is a 416 that tells the size`() async throws {
        let fixture = try Fixture()
        let file = try fixture.files.hold(Self.payload)
        for header in ["bytes=1000-", "bytes=1000-1001", "bytes=-0"] {
            let answer = try await fixture.ask(file.urlPath, [("Range", header)])
            #expect(answer.status == .rangeNotSatisfiable)
            #expect(answer.header("Content-Range") == "bytes */1000")
            #expect(!answer.isLast)
        }
    }

    @Test func `several ranges, a broken one, or two headers get the whole`() async throws {
        let fixture = try Fixture()
        let file = try fixture.files.hold(Self.payload)
        for headers in [[("Range", "bytes=0-1,4-5")], [("Range", "bytes=x")], [("Range", "bytes=0-1"), ("Range", "bytes=4-5")]] {
            let answer = try await fixture.ask(file.urlPath, headers)
            #expect(answer.status == .ok)
            #expect(answer.content() == Self.payload)
        }
    }

    @Test func `a range of another file's tag gets the whole`() async throws {
        let fixture = try Fixture()
        let file = try fixture.files.hold(Self.payload)
        let tag = "\"\(file.sha256)\""
        for (condition, status) in [
            (tag, HTTPResponseStatus.partialContent), ("W/\(tag)", .ok), ("\"other\"", .ok), ("Sun, 06 Nov 1994 08:49:37 GMT", .ok),
            (String(tag.dropFirst()), .ok),
        ] {
            #expect(try await fixture.ask(file.urlPath, [("Range", "bytes=0-1"), ("If-Range", condition)]).status == status, "\(condition)")
        }
    }

    @Test func `who holds the file is told so`() async throws {
        let fixture = try Fixture()
        let file = try fixture.files.hold(Self.payload)
        let tag = "\"\(file.sha256)\""
        for (known, isKnown) in [(tag, true), ("W/\(tag)", true), ("\"a\", \(tag)", true), ("*", true), ("\"a\"", false), ("", false)] {
            for method in [HTTPMethod.GET, .HEAD] {
                let answer = try await fixture.ask(file.urlPath, [("If-None-Match", known), ("Range", "bytes=0-1")], method: method)
                #expect((answer.status == .notModified) == isKnown, "\(known)")
                if isKnown {
                    #expect(answer.header("ETag") == tag)
                    guard case .none = answer.body else {
                        Issue.record("a 304 has a body")
                        return
                    }
                }
            }
        }
    }

    @Test func `an empty payload is given`() async throws {
        let fixture = try Fixture()
        let file = try fixture.files.hold([])
        let answer = try await fixture.ask(file.urlPath, [("Range", "bytes=0-")])
        #expect(answer.status == .ok)
        #expect(answer.content() == [])
    }

    // MARK: - Verification

    @Test func `a file is compared once, and again where it was written since`() async throws {
        let fixture = try Fixture()
        let file = try fixture.files.hold(Self.payload)
        for _ in 0..<3 { #expect(try await fixture.ask(file.urlPath).status == .ok) }
        #expect(fixture.digested.count == 1)
        try Data(Self.payload).write(to: URL(filePath: file.path))
        #expect(try await fixture.ask(file.urlPath).status == .ok)
        #expect(fixture.digested.count == 2)
    }

    @Test(arguments: ["one byte differs", "a byte is missing", "a byte too many"])
    func `a corrupt file is never served, is put aside, and is said`(what: String) async throws {
        let fixture = try Fixture()
        let file = try fixture.files.hold(Self.payload)
        #expect(try await fixture.ask(file.urlPath).status == .ok)
        var bytes = Self.payload
        switch what {
        case "one byte differs": bytes[500] ^= 1
        case "a byte is missing": bytes.removeLast()
        default: bytes.append(0)
        }
        try Data(bytes).write(to: URL(filePath: file.path))
        #expect(try await fixture.ask(file.urlPath, [("Range", "bytes=0-0")]).status == .notFound)
        #expect(fixture.files.quarantined == [file.sha1])
        #expect(fixture.log.lines.contains { $0.hasPrefix("error") && $0.contains("\(file.sha1)") })
        #expect(try await fixture.ask(file.urlPath).status == .notFound)
        #expect(fixture.digested.count == 2)
    }

    @Test func `who comes while a file is compared waits for that`() async throws {
        let files = try ScriptedFiles()
        let file = try files.hold(Self.payload)
        let started = Counter()
        let go = DispatchSemaphore(value: 0)
        let log = LogRecorder()
        let verification = ContentVerification(files: files, threads: .singleton, log: log.logger) { _ in
            started.add()
            go.wait()
        }
        let endpoint = ContentEndpoint(files: files, verification: verification, log: log.logger)
        let request = HTTPRequest(method: .GET, target: file.urlPath, headers: [:])
        let answers = try await withThrowingTaskGroup(of: HTTPResponseStatus.self) { group in
            for _ in 0..<20 {
                group.addTask { await (try #require(endpoint.answer(request, path: file.urlPath))).settled.status }
            }
            while verification.waiting(for: file.sha1) < 20 { try await Task.sleep(for: .milliseconds(1)) }
            go.signal()
            return try await group.reduce(into: []) { $0.append($1) }
        }
        #expect(answers == [HTTPResponseStatus](repeating: .ok, count: 20))
        #expect(started.count == 1)
    }

    @Test func `a file that is gone, a link, and a folder are not served and not put aside`() async throws {
        let fixture = try Fixture()
        let gone = try fixture.files.hold(Self.payload)
        try FileManager.default.removeItem(atPath: gone.path)
        #expect(try await fixture.ask(gone.urlPath).status == .notFound)
        let link = try fixture.files.hold(Self.payload + [1])
        try FileManager.default.moveItem(atPath: link.path, toPath: link.path + ".real")
        try FileManager.default.createSymbolicLink(atPath: link.path, withDestinationPath: link.path + ".real")
        #expect(try await fixture.ask(link.urlPath).status == .serviceUnavailable)
        let folder = try fixture.files.hold(Self.payload + [2])
        try FileManager.default.removeItem(atPath: folder.path)
        try FileManager.default.createDirectory(atPath: folder.path, withIntermediateDirectories: false)
        #expect(try await fixture.ask(folder.urlPath).status == .serviceUnavailable)
        #expect(fixture.files.quarantined.isEmpty)
        #expect(fixture.log.lines.filter { $0.hasPrefix("error") }.count == 3)
    }

    @Test func `a file replaced while it is compared is not served on that word`() async throws {
        let files = try ScriptedFiles()
        let file = try files.hold(Self.payload)
        let log = LogRecorder()
        let verification = ContentVerification(files: files, threads: .singleton, log: log.logger) { _ in }
        let endpoint = ContentEndpoint(files: files, verification: verification, log: log.logger)
        let request = HTTPRequest(method: .GET, target: file.urlPath, headers: [:])
        guard case .work(let open) = try #require(endpoint.answer(request, path: file.urlPath)), case .pending(let rest) = open() else {
            Issue.record("it was not put off")
            return
        }
        try FileManager.default.removeItem(atPath: file.path)
        try Data(Self.payload).write(to: URL(filePath: file.path))
        let answer = await rest()
        #expect(answer.status == .serviceUnavailable)
        #expect(answer.header("Retry-After") == "30")
    }
}

extension HTTPAnswer {
    /// The bytes of its file's part.
    func content() -> [UInt8]? {
        guard case .file(let file, let range) = body else { return nil }
        var bytes = [UInt8](repeating: 0, count: range.count)
        do { try bytes.withUnsafeMutableBytes { try file.read(at: range.lowerBound, into: $0) } } catch { return nil }
        return bytes
    }
}
