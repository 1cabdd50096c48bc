import Foundation
import Synchronization
import TestSupport
import Testing
import TrustedTransport
import Updates

@testable import UpdateAgent

/// Files on a disk, the real verifier, and a server that breaks off.
@Suite struct ContentDownloadsTests {
    private let folder: TemporaryFolder
    private let target: String

    init() throws {
        folder = try TemporaryFolder()
        target = folder.path + "/files"
    }

    private func bytes(_ seed: Int, count: Int = 1000) -> [UInt8] { (0..<count).map { UInt8(truncatingIfNeeded: $0 &* 31 &+ seed) } }

    /// A file with its true digests.
    private func file(_ bytes: [UInt8], name: String = "setup.cab") throws -> FileDownload {
        let path = try folder.write(bytes, to: "measured")
        let measured = try FileVerifier.read(path: path) { _ in }
        return FileDownload(
            sha1: measured.sha1, sha256: measured.sha256, size: measured.size, name: name, url: "\(Dialogue.origin)/Content/\(measured.sha1).cab")
    }

    private func plan(_ files: [FileDownload]) -> [UpdateDownload] {
        [
            UpdateDownload(
                identity: UpdateIdentity(updateID: ToldUpdate.updateID(1), revisionNumber: RevisionNumber(rawValue: 1)), title: "", files: files,
                refused: [])
        ]
    }

    private func run(_ transport: ScriptedTransport, _ files: [FileDownload]) async throws -> [FileDownload: FileOutcome] {
        try await ContentDownloads(folder: target, transport: transport, trust: .nothing, now: .init(millisecondsSince1970: 0), progress: { _ in })
            .run(plan(files))
    }

    private func names() throws -> [String] { try FileManager.default.contentsOfDirectory(atPath: target).sorted() }

    private func content(_ name: String) throws -> [UInt8] { Array(try Data(contentsOf: URL(filePath: "\(target)/\(name)"))) }

    @Test func `a file arrives under its name, and nothing else stays`() async throws {
        let wanted = try file(bytes(1))
        let outcomes = try await run(ScriptedTransport(files: [wanted.url: .whole(bytes(1))]), [wanted])
        #expect(outcomes == [wanted: .downloaded(path: "\(target)/setup.cab", bytes: 1000)])
        #expect(try names() == ["setup.cab"])
        #expect(try content("setup.cab") == bytes(1))
    }

    @Test func `an empty file arrives too`() async throws {
        let wanted = try file([])
        let outcomes = try await run(ScriptedTransport(files: [wanted.url: .whole([])]), [wanted])
        #expect(outcomes[wanted] == .downloaded(path: "\(target)/setup.cab", bytes: 0))
    }

    @Test func `a file that is there and whole is not fetched`() async throws {
        let wanted = try file(bytes(1))
        let transport = ScriptedTransport(files: [wanted.url: .whole(bytes(1))])
        _ = try await run(transport, [wanted])
        let outcomes = try await run(transport, [wanted])
        #expect(outcomes == [wanted: .present(path: "\(target)/setup.cab")])
        #expect(transport.fetched.count == 1)
    }

    @Test func `a download that breaks off is continued by the next scan`() async throws {
        let wanted = try file(bytes(1))
        let transport = ScriptedTransport(files: [wanted.url: .broken(bytes(1), after: 400)])
        let first = try await run(transport, [wanted])
        #expect(first[wanted] == .failed(FileFailure(.fetch, "the connection broke")))
        #expect(try names() == [".unverified"])
        let second = try await run(transport, [wanted])
        #expect(second[wanted] == .downloaded(path: "\(target)/setup.cab", bytes: 600))
        #expect(transport.bytesSent == 1000)
        #expect(try names() == ["setup.cab"])
    }

    @Test func `bytes that are not the promised ones do not stay, and the others go on`() async throws {
        let wanted = try file(bytes(1))
        let good = try file(bytes(2), name: "good.cab")
        let transport = ScriptedTransport(files: [wanted.url: .whole(bytes(3)), good.url: .whole(bytes(2))])
        let outcomes = try await run(transport, [wanted, good])
        guard case .failed(let failure) = outcomes[wanted] else {
            Issue.record("it did not fail: \(String(describing: outcomes[wanted]))")
            return
        }
        #expect(failure.code == .wrongContent)
        #expect(outcomes[good] == .downloaded(path: "\(target)/good.cab", bytes: 1000))
        #expect(try names() == ["good.cab"])
        #expect(transport.fetched.filter { $0 == wanted.url }.count == 1)
    }

    @Test(arguments: [
        ("SHA-1", true, false), ("SHA-256", false, true),
    ])
    func `one wrong digest is enough`(name: String, hasWrongSHA1: Bool, hasWrongSHA256: Bool) async throws {
        let real = try file(bytes(1))
        let wrongSHA1 = try #require(SHA1Digest(bytes: Array(repeating: 0, count: 20)))
        let wrongSHA256 = try #require(SHA256Digest(bytes: Array(repeating: 0, count: 32)))
        let wanted = FileDownload(
            sha1: hasWrongSHA1 ? wrongSHA1 : real.sha1, sha256: hasWrongSHA256 ? wrongSHA256 : real.sha256, size: real.size, name: real.name,
            url: real.url)
        let outcomes = try await run(ScriptedTransport(files: [wanted.url: .whole(bytes(1))]), [wanted])
        guard case .failed(let failure) = outcomes[wanted] else {
            Issue.record("it did not fail")
            return
        }
        #expect(failure.code == .wrongContent)
        #expect(try names().isEmpty)
    }

    @Test func `a rest that does not fit what was held is fetched whole once more`() async throws {
        let wanted = try file(bytes(1))
        let transport = ScriptedTransport(files: [wanted.url: .broken(bytes(9), after: 400)])
        _ = try await run(transport, [wanted])
        transport.serve(.whole(bytes(1)), at: wanted.url)
        let outcomes = try await run(transport, [wanted])
        #expect(outcomes[wanted] == .downloaded(path: "\(target)/setup.cab", bytes: 1600))
        #expect(try content("setup.cab") == bytes(1))
    }

    @Test func `a file that came whole before a crash is verified, not fetched`() async throws {
        let wanted = try file(bytes(1))
        try folder.write(bytes(1), to: "files/.unverified/\(try #require(wanted.sha256)).\(wanted.sha1)")
        let transport = ScriptedTransport()
        let outcomes = try await run(transport, [wanted])
        #expect(outcomes[wanted] == .downloaded(path: "\(target)/setup.cab", bytes: 0))
        #expect(transport.fetched.isEmpty)
    }

    @Test func `two files of one name both stay, now and later`() async throws {
        let one = try file(bytes(1))
        let two = try file(bytes(2))
        let transport = ScriptedTransport(files: [one.url: .whole(bytes(1)), two.url: .whole(bytes(2))])
        _ = try await run(transport, [one, two])
        let kept = try names()
        #expect(kept.count == 2)
        #expect(kept.contains("setup.cab"))
        #expect(kept.contains("setup.\(one.sha1).cab") || kept.contains("setup.\(two.sha1).cab"))
        let outcomes = try await run(transport, [one, two])
        #expect(transport.fetched.count == 2)
        #expect(
            outcomes.values.allSatisfy {
                if case .present = $0 { true } else { false }
            })
    }

    @Test func `a file that was there before is not replaced`() async throws {
        try folder.write(bytes(7), to: "files/setup.cab")
        let wanted = try file(bytes(1))
        let outcomes = try await run(ScriptedTransport(files: [wanted.url: .whole(bytes(1))]), [wanted])
        #expect(outcomes[wanted] == .downloaded(path: "\(target)/setup.\(wanted.sha1).cab", bytes: 1000))
        #expect(try content("setup.cab") == bytes(7))
    }

    @Test func `a link in the file's place is neither followed nor trusted`() async throws {
        let outside = try folder.write(bytes(1), to: "outside")
        try FileManager.default.createDirectory(atPath: target, withIntermediateDirectories: true)
        try FileManager.default.createSymbolicLink(atPath: "\(target)/setup.cab", withDestinationPath: outside)
        let wanted = try file(bytes(1))
        let outcomes = try await run(ScriptedTransport(files: [wanted.url: .whole(bytes(1))]), [wanted])
        #expect(outcomes[wanted] == .downloaded(path: "\(target)/setup.\(wanted.sha1).cab", bytes: 1000))
    }

    @Test func `one content under two names is fetched once`() async throws {
        let one = try file(bytes(1), name: "one.cab")
        let two = try file(bytes(1), name: "two.cab")
        let transport = ScriptedTransport(files: [one.url: .whole(bytes(1))])
        let outcomes = try await run(transport, [one, two])
        #expect(transport.fetched.count == 1)
        #expect(outcomes[one] == outcomes[two])
        #expect(try names() == ["one.cab"])
    }

    @Test func `no more than four run at once, and all run`() async throws {
        let files = try (0..<20).map { try file(bytes($0, count: 50), name: "\($0).cab") }
        let transport = ScriptedTransport(
            files: Dictionary(uniqueKeysWithValues: files.enumerated().map { ($1.url, .whole(bytes($0, count: 50))) }))
        let outcomes = try await run(transport, files)
        #expect(outcomes.count == 20)
        #expect(transport.mostActive <= 4)
        #expect(try names().count == 20)
    }

    @Test func `progress tells each file's end and counts to the last`() async throws {
        let files = try (0..<6).map { try file(bytes($0, count: 50), name: "\($0).cab") }
        let transport = ScriptedTransport(
            files: Dictionary(uniqueKeysWithValues: files.enumerated().map { ($1.url, .whole(bytes($0, count: 50))) }))
        let ends = Mutex<[Int]>([])
        let downloads = ContentDownloads(folder: target, transport: transport, trust: .nothing, now: .init(millisecondsSince1970: 0)) { progress in
            if case .fileEnded(_, _, let done, 6) = progress { ends.withLock { $0.append(done) } }
        }
        _ = try await downloads.run(plan(files))
        #expect(ends.withLock { $0 } == [1, 2, 3, 4, 5, 6])
    }

    @Test func `a folder that cannot be made is said`() async throws {
        let downloads = ContentDownloads(
            folder: "/dev/null/files", transport: ScriptedTransport(), trust: .nothing, now: .init(millisecondsSince1970: 0), progress: { _ in })
        await #expect(throws: AgentError.self) { try await downloads.run(plan([])) }
    }
}
