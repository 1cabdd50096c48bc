import Testing

@testable import ScanPolicy

@Suite struct TLSMoveTests {
    static let target = ServerURL(scheme: .https, host: "updates.example.net", port: 8531)
    static let root = ScanMatrixTests.fingerprint("c")

    static func certificate(_ keyType: ServerCertificate.KeyType = .ecdsa, names: [String] = ["updates.example.net"]) -> ServerCertificate {
        ServerCertificate(
            names: names, keyType: keyType, fingerprints: Set([ScanMatrixTests.fingerprint("a")].compactMap(\.self)),
            rootFingerprints: Set([root].compactMap(\.self)), notBefore: 1_577_836_800, notAfter: 1_640_995_200)
    }

    /// A device that would go on.
    static var ready: DeviceFacts {
        var device = ScanMatrixTests.device("http")
        device.policy[.wuStatusServer] = "https://updates.example.net:8531"
        device.windows = WindowsVersion("10.0.19041.746")
        device.tls.machineRoots = Set([root].compactMap(\.self))
        return device
    }

    static func move(_ device: DeviceFacts, _ certificate: ServerCertificate? = certificate(), network: NetworkRequirement? = nil) -> TLSMove? {
        ForecasterTests.forecast(device, asOf: "2020-10-01") {
            $0.target = target
            $0.certificate = certificate
            $0.network = network
        }.move
    }

    @Test func `a device that has all it needs goes on`() {
        let move = Self.move(Self.ready)
        #expect(move?.detection == .continues && move?.reporting == .continues)
        #expect(move?.reasons == [])
        #expect(move?.assumed.map(\.fact) == ["TLS 1.2", "clock"])
    }

    @Test(arguments: [(-90_000, -1, true), (-90_000, 0, false), (0, 1, false), (86_399, 90_000, false), (86_400, 90_000, true)])
    func `a certificate that is valid at some time of the day is valid on it`(from: Int, until: Int, stops: Bool) throws {
        let start = try #require(CalendarDay("2020-10-01")).number * 86_400
        var certificate = Self.certificate()
        certificate.notBefore = start + from
        certificate.notAfter = start + until
        #expect(Self.move(Self.ready, certificate)?.reasons.contains { $0.cause == .clock } == stops)
    }

    static let stops: [(cause: TLSMove.Cause, name: String, change: @Sendable (inout DeviceFacts) -> Void)] = [
        (.tls12Off, "TLS 1.2 is off", { $0.tls.isTLS12Enabled = false }),
        (.tls12Off, "Windows 7 by default", { $0.windows = WindowsVersion("6.1.7601.1") }),
        (.noCommonCipher, "suites of RSA only", { $0.tls.cipherSuites = ["TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256", "TLS_RSA_WITH_AES_128_CBC_SHA"] }),
        (.noCommonCipher, "CBC only", { $0.tls.cipherSuites = ["TLS_ECDHE_ECDSA_WITH_AES_128_CBC_SHA256"] }),
        (.authorityNotTrusted, "another root", { $0.tls.machineRoots = Set([ScanMatrixTests.fingerprint("d")].compactMap(\.self)) }),
        (.authorityNotTrusted, "no root", { $0.tls.machineRoots = [] }), (.clock, "a clock years behind", { $0.tls.clockOffset = -40_000_000 }),
        (.clock, "a clock years ahead", { $0.tls.clockOffset = 80_000_000 }), (.clock, "a clock beyond all", { $0.tls.clockOffset = .max }),
        (.pins, "another pin", { $0.pinStore = ScanMatrixTests.otherPin }),
    ]

    @Test(arguments: stops.indices) func `each cause stops a device by itself`(index: Int) throws {
        var device = Self.ready
        Self.stops[index].change(&device)
        let move = try #require(Self.move(device))
        #expect(move.detection == .stops, "\(Self.stops[index].name)")
        #expect(move.reasons.map(\.cause) == [Self.stops[index].cause], "\(Self.stops[index].name)")
        #expect(move.reporting == .stops)
        #expect(move.reasons.allSatisfy { !$0.mending.isEmpty && !$0.errors.isEmpty })
    }

    @Test func `a name that the certificate lacks stops everybody`() {
        #expect(Self.move(Self.ready, Self.certificate(names: ["other.example.net"]))?.reasons.map(\.cause) == [.nameMismatch])
        #expect(Self.move(Self.ready, Self.certificate(names: ["other.example.net", "*.example.net"]))?.detection == .continues)
    }

    @Test(arguments: [
        ("updates.example.net", true), ("UPDATES.example.net", true), ("*.example.net", true), ("*.net", false), ("*", false),
        ("*.updates.example.net", false), ("example.net", false), ("*.Example.net", true),
    ])
    func `a certificate's name is held against the host`(name: String, matches: Bool) {
        #expect(TLSMove.matches(name, "updates.example.net") == matches)
    }

    @Test(arguments: [("6.3.9600.1", ServerCertificate.KeyType.rsa, true), ("6.3.9600.1", .ecdsa, false), ("10.0.10240.1", .rsa, false)])
    func `an RSA certificate leaves Windows 8_1 without a suite`(windows: String, keyType: ServerCertificate.KeyType, stops: Bool) {
        var device = Self.ready
        device.windows = WindowsVersion(windows)
        #expect(Self.move(device, Self.certificate(keyType))?.reasons.map(\.cause) == (stops ? [.noCommonCipher] : []))
    }

    @Test func `TLS 1_3 suites are common to both key types`() {
        var device = Self.ready
        device.tls.cipherSuites = ["TLS_AES_256_GCM_SHA384"]
        #expect(Self.move(device, Self.certificate(.rsa))?.detection == .continues)
    }

    @Test func `a status address on HTTP stops the reports only`() {
        var device = Self.ready
        device.policy[.wuStatusServer] = "http://wsus.example.net:8530"
        let move = Self.move(device)
        #expect(move?.detection == .continues && move?.reporting == .stops)
        #expect(move?.reasons.map(\.cause) == [.statusStillHTTP])
    }

    @Test func `a user's proxy that the policy does not allow stops a device on TLS`() {
        var device = Self.ready
        device.userProxy = ScanMatrixTests.proxy
        #expect(Self.move(device, network: .proxyRequired)?.reasons.map(\.cause) == [.proxy])
        let move = Self.move(device)
        #expect(move?.detection == .unknown && move?.missing.map(\.fact) == ["network"])
    }

    @Test func `what is not known is not taken for good`() {
        var device = Self.ready
        #expect(Self.move(device, nil)?.missing.map(\.fact) == ["server certificate"])
        device.tls.machineRoots = nil
        #expect(Self.move(device)?.detection == .unknown)
        #expect(Self.move(device)?.missing.map(\.fact) == ["machine roots"])
        // Roots by SHA-1, the authority by SHA-256.
        device.tls.machineRoots = Set([CertificateFingerprint(String(repeating: "d", count: 40))].compactMap(\.self))
        #expect(Self.move(device)?.missing.map(\.fact) == ["machine roots"])
        #expect(Self.move(ScanMatrixTests.silent { $0[.useWUServer] = 0 }) == nil)
    }

    @Test func `what stops only after a later update says so`() {
        var device = Self.ready
        device.windows = WindowsVersion("10.0.19041.388")
        device.userProxy = ScanMatrixTests.proxy
        let move = Self.move(device, network: .proxyRequired)
        #expect(move?.detection == .stops && move?.reasons.first?.text.hasSuffix("(A2-11), from the update of 2021-01 on") == true)
    }
}
