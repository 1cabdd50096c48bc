import Glibc
import Testing
import TrustedTransport
import Updates

@Suite struct TokenTests {
    static let now = Timestamp(millisecondsSince1970: 1_750_000_000_123)
    static let home = UpdateID(high: 0x0123_4567_89ab_cdef, low: 0xfedc_ba98_7654_3210)

    let keys = TokenKeys.generate(now: now)
    var sealer: TokenSealer { TokenSealer(keys: keys) }

    static func token(_ purpose: TokenPurpose = .session, device: String = "d3c51d31-3a56-4b9a-9d0a-1f0c31d5d1aa") throws -> SessionToken {
        SessionToken(
            purpose: purpose, serverID: home, deviceID: try #require(DeviceID(device)), isRegistered: true, clientProtocolMajor: 1,
            clientProtocolMinor: 65_535, configurationVersion: Timestamp(millisecondsSince1970: -1), generation: Generation(rawValue: .max),
            expires: now.adding(seconds: 3600), dnsNameDigest: TokenSealer.digest(of: "pc.example"),
            groupClaimDigest: TokenSealer.digest(of: "lab"), lineage: SessionLineage(rawValue: .max - 1))
    }

    func open(_ bytes: [UInt8], _ purpose: TokenPurpose = .session) throws(TokenError) -> SessionToken {
        try sealer.open(bytes, purpose: purpose, serverID: Self.home, now: Self.now)
    }

    @Test(arguments: TokenPurpose.allCases, ["a", String(repeating: "z", count: 255), "d3c51d31-3a56-4b9a-9d0a-1f0c31d5d1aa"])
    func `a token says what was sealed, in the same number of bytes for every device`(purpose: TokenPurpose, device: String) throws {
        let token = try Self.token(purpose, device: device)
        let bytes = sealer.seal(token)
        #expect(bytes.count == TokenSealer.tokenSize)
        #expect(try open(bytes, purpose) == token)
    }

    @Test func `every field of a token is its own`() throws {
        let token = try Self.token()
        let changes: [(inout SessionToken) throws -> Void] = [
            { $0.isRegistered = false }, { $0.clientProtocolMajor = 3 }, { $0.clientProtocolMinor = 0 },
            { $0.configurationVersion = Self.now }, { $0.generation = .zero }, { $0.expires = $0.expires.adding(milliseconds: 1) },
            { $0.dnsNameDigest = TokenSealer.digest(of: "other.example") }, { $0.groupClaimDigest = TokenSealer.digest(of: "") },
            { $0.lineage = SessionLineage(rawValue: 1) }, { $0.deviceID = try #require(DeviceID("other")) },
        ]
        for change in changes {
            var changed = token
            try change(&changed)
            #expect(changed != token)
            #expect(try open(sealer.seal(changed)) == changed)
        }
    }

    @Test func `the same token is never sealed alike`() throws {
        let token = try Self.token()
        #expect(sealer.seal(token) != sealer.seal(token))
    }

    @Test func `a token altered in any byte is not authentic`() throws {
        let bytes = sealer.seal(try Self.token())
        for index in bytes.indices {
            for change: UInt8 in [1, 2, 4, 8, 16, 32, 64, 128, 255] {
                var altered = bytes
                altered[index] ^= change
                #expect(throws: TokenError.unauthentic) { try open(altered) }
            }
        }
    }

    @Test func `a token cut anywhere or made longer is not authentic`() throws {
        let bytes = sealer.seal(try Self.token())
        for count in 0..<bytes.count {
            #expect(throws: TokenError.unauthentic) { try open(Array(bytes.prefix(count))) }
            #expect(throws: TokenError.unauthentic) { try open(Array(bytes.suffix(count))) }
        }
        #expect(throws: TokenError.unauthentic) { try open(bytes + [0]) }
        #expect(throws: TokenError.unauthentic) { try open([0] + bytes) }
    }

    @Test func `a token of one purpose does not open as another`() throws {
        #expect(throws: TokenError.wrongPurpose) { try open(sealer.seal(Self.token(.authorization)), .session) }
        #expect(throws: TokenError.wrongPurpose) { try open(sealer.seal(Self.token(.session)), .authorization) }
    }

    @Test func `a purpose changed in clear breaks the seal`() throws {
        var bytes = sealer.seal(try Self.token(.authorization))
        #expect(bytes[1] == TokenPurpose.authorization.rawValue)
        bytes[1] = TokenPurpose.session.rawValue
        #expect(throws: TokenError.unauthentic) { try open(bytes, .session) }
    }

    @Test func `another server's token is not authentic though its key has the same number`() throws {
        let other = TokenSealer(keys: TokenKeys.generate(now: Self.now))
        #expect(throws: TokenError.unauthentic) { try open(other.seal(Self.token())) }
    }

    @Test func `a token of the home before it was restored is told apart`() throws {
        let bytes = sealer.seal(try Self.token())
        let restored = UpdateID(high: 1, low: 2)
        #expect(throws: TokenError.otherServer) {
            try sealer.open(bytes, purpose: .session, serverID: restored, now: Self.now)
        }
    }

    @Test func `purpose is judged before server, and server before expiry`() throws {
        let bytes = sealer.seal(try Self.token())
        let late = Self.now.adding(seconds: 7200)
        let restored = UpdateID(high: 1, low: 2)
        #expect(throws: TokenError.wrongPurpose) { try sealer.open(bytes, purpose: .authorization, serverID: restored, now: late) }
        #expect(throws: TokenError.otherServer) { try sealer.open(bytes, purpose: .session, serverID: restored, now: late) }
    }

    @Test func `a token is good until the millisecond of its expiry and says afterwards what it said`() throws {
        let token = try Self.token()
        let bytes = sealer.seal(token)
        let last = token.expires.adding(milliseconds: -1)
        #expect(try sealer.open(bytes, purpose: .session, serverID: Self.home, now: last) == token)
        #expect(throws: TokenError.expired(token)) {
            try sealer.open(bytes, purpose: .session, serverID: Self.home, now: token.expires)
        }
        // A clock that was set back does not make it bad.
        #expect(try sealer.open(bytes, purpose: .session, serverID: Self.home, now: Timestamp(millisecondsSince1970: 0)) == token)
    }

    // MARK: - Keys

    @Test func `keys are kept for the owner alone and open after a restart`() throws {
        let folder = try TemporaryFolder()
        let path = folder.file("token.keys")
        let made = try TokenKeys.create(at: path, now: Self.now)
        #expect(try folder.mode("token.keys") == 0o600)
        let token = try Self.token()
        let bytes = TokenSealer(keys: made).seal(token)
        let loaded = try TokenKeys.load(from: path)
        #expect(loaded.newestMadeAt == Self.now)
        #expect(try TokenSealer(keys: loaded).open(bytes, purpose: .session, serverID: Self.home, now: Self.now) == token)
        #expect(throws: TrustError.self) { try TokenKeys.create(at: path, now: Self.now) }
    }

    @Test func `a new key seals and the old ones still open, sixteen in all`() throws {
        let folder = try TemporaryFolder()
        let path = folder.file("token.keys")
        let token = try Self.token()
        var sealed = [TokenSealer(keys: try TokenKeys.create(at: path, now: Self.now)).seal(token)]
        for _ in 1..<17 {
            sealed.append(TokenSealer(keys: try TokenKeys.addKey(at: path, now: Self.now)).seal(token))
        }
        #expect(Set(sealed.map { Array($0[2..<6]) }).count == 17)
        let sealer = TokenSealer(keys: try TokenKeys.load(from: path))
        #expect(throws: TokenError.unauthentic) { try sealer.open(sealed[0], purpose: .session, serverID: Self.home, now: Self.now) }
        for bytes in sealed.dropFirst() {
            #expect(try sealer.open(bytes, purpose: .session, serverID: Self.home, now: Self.now) == token)
        }
        #expect(try folder.mode("token.keys") == 0o600)
    }

    @Test func `a key file that others can read is refused`() throws {
        let folder = try TemporaryFolder()
        let path = folder.file("token.keys")
        try TokenKeys.create(at: path, now: Self.now)
        #expect(chmod(path, 0o644) == 0)
        let error = #expect(throws: TrustError.self) { try TokenKeys.load(from: path) }
        #expect(error?.code == .unsafeFile)
    }

    static let hex = String(repeating: "0f", count: 32)

    @Test(arguments: [
        ("empty", ""), ("no key", "martlet token keys 1\n"), ("other title", "martlet token keys 2\n1 0 \(hex)\n"),
        ("no end of line", "martlet token keys 1\n1 0 \(hex)"), ("short key", "martlet token keys 1\n1 0 \(hex.dropLast(2))\n"),
        ("long key", "martlet token keys 1\n1 0 \(hex)00\n"), ("id zero", "martlet token keys 1\n0 0 \(hex)\n"),
        ("ids not rising", "martlet token keys 1\n2 0 \(hex)\n2 0 \(hex)\n"), ("four fields", "martlet token keys 1\n1 0 \(hex) 1\n"),
        ("empty line", "martlet token keys 1\n\n1 0 \(hex)\n"), ("id too large", "martlet token keys 1\n4294967296 0 \(hex)\n"),
    ])
    func `a damaged key file is refused and its content not repeated`(row: (name: String, text: String)) throws {
        let folder = try TemporaryFolder()
        let path = try folder.write("token.keys", Array(row.text.utf8))
        #expect(chmod(path, 0o600) == 0)
        let error = #expect(throws: TrustError.self) { try TokenKeys.load(from: path) }
        #expect(error?.code == .malformed)
        #expect(error?.description.contains("0f0f") == false)
    }
}
