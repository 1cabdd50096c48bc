import Foundation
import TestSupport
import Testing

@testable import ScanPolicy

/// A server without fault, and ways to spoil it.
struct SeenServer {
    static let now = 1_795_438_800

    static var good: AuditObservation {
        var seen = AuditObservation(host: "wsus.example.test", isAddress: false, asOf: now)
        seen.address = "192.0.2.7"
        seen.http = AuditPort(8530, .closed)
        seen.https = AuditPort(8531, .open)
        seen.https?.answers = answers { service in
            switch service {
            case .simpleAuth, .client, .reporting: 405
            default: 404
            }
        }
        var called = AuditAnswer(service: .client, request: .getConfig)
        called.status = 200
        called.isTheCallsAnswer = true
        called.clockOffset = 1
        seen.https?.answers.append(called)
        seen.https?.tls = tls
        return seen
    }

    static func answers(_ status: (AuditService) -> Int?, nonsense: Int? = 404) -> [AuditAnswer] {
        var control = AuditAnswer(service: nil, request: .control)
        control.status = nonsense
        return [control]
            + AuditService.allCases.map { service in
                var answer = AuditAnswer(service: service, request: service == .content || service == .selfUpdate ? .head : .get)
                answer.status = status(service)
                if answer.status == nil { answer.failure = "no answer in 5 seconds" }
                return answer
            }
    }

    static var tls: AuditTLS {
        var tls = AuditTLS()
        for version in [TLSVersion.ssl3, .tls10, .tls11] { tls.versions[version] = .no("alert 70, protocol version") }
        tls.versions[.tls12] = .yes([CipherSuite(code: 0xc02b), CipherSuite(code: 0xc02c)], isWhole: true)
        tls.versions[.tls13] = .yes([CipherSuite(code: 0x1301)], isWhole: true)
        tls.hasSecureRenegotiation = true
        tls.clientCertificate = .notAsked
        tls.chain = [certificate]
        tls.trust = .trusted
        tls.roots = "an authority of ca.pem"
        tls.rootsAreGiven = true
        return tls
    }

    static var certificate: AuditCertificate {
        var certificate = AuditCertificate()
        certificate.issuer = "CN=An authority"
        certificate.names = ["wsus.example.test"]
        certificate.key = .ellipticCurve("P-256", 256)
        certificate.signature = "SHA-256 with ECDSA"
        certificate.notBefore = now - 86_400
        certificate.notAfter = now + 200 * 86_400
        certificate.usages = ["1.3.6.1.5.5.7.3.1"]
        certificate.hasRevocation = true
        return certificate
    }
}

@Suite struct AuditGradingTests {
    struct Row: Sendable, CustomTestStringConvertible {
        let name: String
        let subject: AuditSubject
        let grade: AuditGrade
        var code: String?
        let spoil: @Sendable (inout AuditObservation) -> Void

        var testDescription: String { name }
    }

    @Test func `a server without fault is good in everything, and devices of January 2021 scan`() {
        let report = AuditGrading.report(SeenServer.good)
        #expect(report.findings.filter { $0.grade != .good }.map(\.id) == [])
        #expect(report.grade == .good)
        #expect(report.isComplete)
        #expect(report.predictions.map(\.row) == ["A2-07", "A2-07", "A2-07"])
        #expect(report.predictions.map(\.outcome) == ["interceptable", "interceptable", "scans"])
        #expect(report.predictions.map(\.level) == ["before-2020-09", "2020-09", "2021-01"])
    }

    @Test(arguments: http + tls + certificate + exposure)
    func `one fault gives one grade`(_ row: Row) {
        var seen = SeenServer.good
        row.spoil(&seen)
        let report = AuditGrading.report(seen)
        let finding = report.findings.first { $0.id == row.subject }
        #expect(finding?.grade == row.grade, "\(finding?.seen ?? "nothing was found")")
        if row.grade == .dangerous || row.grade == .weak {
            #expect(finding?.mend.isEmpty == false && finding?.why != nil)
            #expect(report.grade == .dangerous || report.grade == row.grade)
        }
        #expect(report.isComplete == !report.findings.contains { $0.grade == .unknown })
        if let code = row.code {
            #expect(report.predictions.contains { $0.url.hasPrefix("https") && $0.errors == [code] && $0.outcome == "fails" })
        } else {
            #expect(!report.predictions.contains { $0.url.hasPrefix("https") && !$0.errors.isEmpty })
        }
    }

    private static func onHTTP(_ status: @escaping @Sendable (AuditService) -> Int?, nonsense: Int? = 404)
        -> @Sendable (inout AuditObservation) -> Void
    {
        { seen in
            seen.http = AuditPort(8530, .open)
            seen.http?.answers = SeenServer.answers(status, nonsense: nonsense)
        }
    }

    static let http: [Row] = [
        Row(name: "HTTP closed", subject: .httpPort, grade: .good) { $0.http = AuditPort(8530, .closed) },
        Row(name: "HTTP silent", subject: .httpPort, grade: .unknown) { $0.http = AuditPort(8530, .silent) },
        Row(name: "HTTP port not known", subject: .httpPort, grade: .unknown) { $0.http = nil },
        Row(name: "another protocol on the HTTP port", subject: .httpPort, grade: .unknown, spoil: onHTTP({ _ in nil }, nonsense: nil)),
        Row(name: "all refused on HTTP", subject: .httpPort, grade: .good, spoil: onHTTP({ _ in 403 }, nonsense: 403)),
        Row(name: "metadata on HTTP", subject: .httpMetadata, grade: .dangerous, spoil: onHTTP { $0 == .client ? 200 : 404 }),
        Row(name: "metadata on HTTP with credentials", subject: .httpMetadata, grade: .dangerous, spoil: onHTTP { $0 == .simpleAuth ? 401 : 404 }),
        Row(name: "metadata refused on HTTP", subject: .httpMetadata, grade: .good, spoil: onHTTP { $0.carriesMetadata ? 403 : 404 }),
        Row(name: "metadata redirected from HTTP", subject: .httpMetadata, grade: .weak, spoil: onHTTP { _ in 301 }),
        Row(name: "all alike on HTTP", subject: .httpMetadata, grade: .unknown, spoil: onHTTP({ _ in 200 }, nonsense: 200)),
        Row(name: "another status on HTTP", subject: .httpMetadata, grade: .unknown, spoil: onHTTP { _ in 502 }),
        Row(name: "downstream on HTTP", subject: .httpSync, grade: .dangerous, spoil: onHTTP { $0 == .dssAuth ? 200 : 404 }),
        Row(name: "administration on HTTP", subject: .httpAdministration, grade: .dangerous, spoil: onHTTP { $0 == .administration ? 401 : 404 }),
        Row(name: "no administration on HTTP", subject: .httpAdministration, grade: .good, spoil: onHTTP { _ in 404 }),
        Row(name: "reports on HTTP", subject: .httpReporting, grade: .weak, spoil: onHTTP { $0 == .reporting ? 200 : 404 }),
        Row(name: "content on HTTP", subject: .httpContent, grade: .note, spoil: onHTTP { $0 == .content ? 403 : 404 }),
        Row(name: "self-update on HTTP", subject: .httpSelfUpdate, grade: .note, spoil: onHTTP { $0 == .selfUpdate ? 200 : 404 }),
    ]

    private static func suites(_ codes: UInt16...) -> @Sendable (inout AuditObservation) -> Void {
        { $0.https?.tls?.versions[.tls12] = .yes(codes.map { CipherSuite(code: $0) }, isWhole: true) }
    }

    private static func speaks(_ versions: TLSVersion...) -> @Sendable (inout AuditObservation) -> Void {
        { seen in
            for version in TLSVersion.allCases {
                seen.https?.tls?.versions[version] =
                    versions.contains(version) ? .yes([CipherSuite(code: version == .tls13 ? 0x1301 : 0xc02b)], isWhole: true) : .no("alert 70")
            }
        }
    }

    static let tls: [Row] = [
        Row(name: "TLS port closed", subject: .tlsServices, grade: .dangerous) {
            $0.https = AuditPort(8531, .closed)
            $0.http?.state = .open
        },
        Row(name: "no TLS spoken", subject: .tlsServices, grade: .dangerous, code: "0x80072EFD", spoil: speaks()),
        Row(name: "TLS port silent", subject: .tlsServices, grade: .unknown) {
            $0.https = AuditPort(8531, .silent)
            $0.http?.state = .open
        },
        Row(name: "no services over TLS", subject: .tlsServices, grade: .dangerous, code: "0x80244019") {
            $0.https?.answers = SeenServer.answers { _ in 404 }
        },
        Row(name: "services refused over TLS", subject: .tlsServices, grade: .dangerous, code: "0x80244018") {
            $0.https?.answers = SeenServer.answers { _ in 403 }
        },
        Row(name: "credentials over TLS", subject: .tlsServices, grade: .dangerous, code: "0x80244017") {
            $0.https?.answers = SeenServer.answers { _ in 401 }
        },
        Row(name: "SSL 3.0", subject: .tlsVersions, grade: .dangerous, spoil: speaks(.ssl3, .tls12)),
        Row(name: "TLS 1.0 only", subject: .tlsVersions, grade: .dangerous, spoil: speaks(.tls10)),
        Row(name: "TLS 1.0 beside 1.2", subject: .tlsVersions, grade: .weak, spoil: speaks(.tls10, .tls12)),
        Row(name: "TLS 1.1 beside 1.2", subject: .tlsVersions, grade: .weak, spoil: speaks(.tls11, .tls12)),
        Row(name: "TLS 1.2 only", subject: .tlsVersions, grade: .good, spoil: speaks(.tls12)),
        Row(name: "TLS 1.3 only", subject: .tlsVersions, grade: .weak, spoil: speaks(.tls13)),
        Row(name: "a version not seen", subject: .tlsVersions, grade: .unknown) { $0.https?.tls?.versions[.tls10] = .unknown("time had run out") },
        Row(name: "no encryption", subject: .tlsSuites, grade: .dangerous, spoil: suites(0xc02b, 0x003b)),
        Row(name: "no proof of the server", subject: .tlsSuites, grade: .dangerous, spoil: suites(0xc02b, 0x0034)),
        Row(name: "RC4", subject: .tlsSuites, grade: .dangerous, spoil: suites(0xc02b, 0x0005)),
        Row(name: "DES", subject: .tlsSuites, grade: .dangerous, spoil: suites(0xc02b, 0x0009)),
        Row(name: "export", subject: .tlsSuites, grade: .dangerous, spoil: suites(0xc02b, 0x0064)),
        Row(name: "3DES", subject: .tlsSuites, grade: .weak, spoil: suites(0xc02b, 0xc012)),
        Row(name: "no forward secrecy", subject: .tlsSuites, grade: .weak, spoil: suites(0xc02b, 0x009c)),
        Row(name: "CBC beside GCM", subject: .tlsSuites, grade: .note, spoil: suites(0xc02b, 0xc023)),
        Row(name: "CBC alone", subject: .tlsSuites, grade: .weak) {
            $0.https?.tls?.versions[.tls13] = .no("alert 70")
            $0.https?.tls?.versions[.tls12] = .yes([CipherSuite(code: 0xc023)], isWhole: true)
        },
        Row(name: "renegotiation not secure", subject: .tlsRenegotiation, grade: .weak) { $0.https?.tls?.hasSecureRenegotiation = false },
        Row(name: "client certificate asked for", subject: .clientCertificates, grade: .dangerous, code: "0x80072F0C") {
            $0.https?.tls?.clientCertificate = .asked
        },
        Row(name: "client certificate demanded", subject: .clientCertificates, grade: .dangerous, code: "0x80072F0C") {
            $0.https?.tls?.clientCertificate = .demanded
        },
        Row(name: "client certificate not seen", subject: .clientCertificates, grade: .unknown) {
            $0.https?.tls?.clientCertificate = .unknown("only TLS 1.3 is spoken")
        },
    ]

    private static func leaf(_ change: @escaping @Sendable (inout AuditCertificate) -> Void) -> @Sendable (inout AuditObservation) -> Void {
        {
            if var leaf = $0.https?.tls?.chain.first {
                change(&leaf)
                $0.https?.tls?.chain = [leaf]
            }
        }
    }

    static let certificate: [Row] = [
        Row(name: "another authority than given", subject: .certificateTrust, grade: .dangerous, code: "0x80072F8F") {
            $0.https?.tls?.trust = .untrusted("its issuer is not among them")
        },
        Row(name: "another authority than this machine's", subject: .certificateTrust, grade: .unknown) {
            $0.https?.tls?.trust = .untrusted("its issuer is not among them")
            $0.https?.tls?.rootsAreGiven = false
        },
        Row(name: "its own issuer", subject: .certificateTrust, grade: .weak) {
            $0.https?.tls?.trust = .untrusted("it is signed by itself")
            $0.https?.tls?.chain[0].isSelfIssued = true
        },
        Row(name: "trust not judged", subject: .certificateTrust, grade: .unknown) { $0.https?.tls?.trust = .unknown("of a kind") },
        Row(
            name: "another name", subject: .certificateName, grade: .dangerous, code: "0x80072F8F", spoil: leaf { $0.names = ["other.example.test"] }),
        Row(name: "a wildcard", subject: .certificateName, grade: .note, spoil: leaf { $0.names = ["*.example.test"] }),
        Row(
            name: "a wildcard of the label above", subject: .certificateName, grade: .dangerous, code: "0x80072F8F",
            spoil: leaf { $0.names = ["*.test"] }),
        Row(
            name: "the common name only", subject: .certificateName, grade: .weak,
            spoil: leaf {
                $0.names = nil
                $0.commonName = "WSUS.example.test"
            }),
        Row(name: "no name at all", subject: .certificateName, grade: .dangerous, code: "0x80072F8F", spoil: leaf { $0.names = nil }),
        Row(
            name: "ended a second ago", subject: .certificateDates, grade: .dangerous, code: "0x80072F8F",
            spoil: leaf { $0.notAfter = SeenServer.now - 1 }),
        Row(
            name: "begins in a second", subject: .certificateDates, grade: .dangerous, code: "0x80072F8F",
            spoil: leaf { $0.notBefore = SeenServer.now + 1 }),
        Row(name: "13 days left", subject: .certificateDates, grade: .weak, spoil: leaf { $0.notAfter = SeenServer.now + 14 * 86_400 - 1 }),
        Row(name: "14 days left", subject: .certificateDates, grade: .note, spoil: leaf { $0.notAfter = SeenServer.now + 14 * 86_400 }),
        Row(name: "29 days left", subject: .certificateDates, grade: .note, spoil: leaf { $0.notAfter = SeenServer.now + 30 * 86_400 - 1 }),
        Row(name: "30 days left", subject: .certificateDates, grade: .good, spoil: leaf { $0.notAfter = SeenServer.now + 30 * 86_400 }),
        Row(name: "an intermediate that ended", subject: .certificateDates, grade: .dangerous, code: "0x80072F8F") {
            var above = SeenServer.certificate
            above.notAfter = SeenServer.now - 1
            $0.https?.tls?.chain.append(above)
        },
        Row(name: "RSA of 1,023 bits", subject: .certificateKey, grade: .dangerous, spoil: leaf { $0.key = .rsa(1023) }),
        Row(name: "RSA of 1,024 bits", subject: .certificateKey, grade: .weak, spoil: leaf { $0.key = .rsa(1024) }),
        Row(name: "RSA of 2,047 bits", subject: .certificateKey, grade: .weak, spoil: leaf { $0.key = .rsa(2047) }),
        Row(name: "RSA of 2,048 bits", subject: .certificateKey, grade: .good, spoil: leaf { $0.key = .rsa(2048) }),
        Row(name: "P-224", subject: .certificateKey, grade: .weak, spoil: leaf { $0.key = .ellipticCurve("P-224", 224) }),
        Row(name: "Ed25519", subject: .certificateKey, grade: .unknown, spoil: leaf { $0.key = .other("Ed25519") }),
        Row(name: "SHA-1", subject: .certificateSignature, grade: .weak, spoil: leaf { $0.signature = "SHA-1 with RSA" }),
        Row(name: "MD5", subject: .certificateSignature, grade: .dangerous, spoil: leaf { $0.signature = "MD5 with RSA" }),
        Row(name: "a root signed with SHA-1", subject: .certificateSignature, grade: .good) {
            var root = SeenServer.certificate
            root.signature = "SHA-1 with RSA"
            root.isSelfIssued = true
            $0.https?.tls?.chain.append(root)
        },
        Row(
            name: "for clients only", subject: .certificateUsage, grade: .dangerous, code: "0x80072F8F",
            spoil: leaf { $0.usages = ["1.3.6.1.5.5.7.3.2"] }),
        Row(
            name: "signs programs too", subject: .certificateUsage, grade: .weak,
            spoil: leaf { $0.usages = ["1.3.6.1.5.5.7.3.1", "1.3.6.1.5.5.7.3.3"] }),
        Row(name: "an authority's", subject: .certificateUsage, grade: .weak, spoil: leaf { $0.isAuthority = true }),
        Row(name: "for nothing said", subject: .certificateUsage, grade: .note, spoil: leaf { $0.usages = nil }),
        Row(name: "no revocation", subject: .certificateRevocation, grade: .note, spoil: leaf { $0.hasRevocation = false }),
    ]

    private static func onTLS(_ status: @escaping @Sendable (AuditService) -> Int) -> @Sendable (inout AuditObservation) -> Void {
        { $0.https?.answers = SeenServer.answers { $0 == .simpleAuth || $0 == .client ? 200 : status($0) } }
    }

    static let exposure: [Row] = [
        Row(name: "administration there", subject: .administration, grade: .weak, spoil: onTLS { $0 == .administration ? 200 : 404 }),
        Row(name: "administration with credentials", subject: .administration, grade: .weak, spoil: onTLS { $0 == .administration ? 401 : 404 }),
        Row(name: "administration refused", subject: .administration, grade: .good, spoil: onTLS { $0 == .administration ? 403 : 404 }),
        Row(name: "strangers served", subject: .downstream, grade: .weak) {
            var called = AuditAnswer(service: .serverSync, request: .getAuthConfig)
            called.status = 200
            called.isTheCallsAnswer = true
            $0.https?.answers.append(called)
        },
        Row(name: "downstream there", subject: .downstream, grade: .note, spoil: onTLS { $0 == .dssAuth ? 200 : 404 }),
        Row(name: "downstream with credentials", subject: .downstream, grade: .good, spoil: onTLS { $0 == .serverSync ? 401 : 404 }),
        Row(name: "300 seconds behind", subject: .clock, grade: .good) { $0.https?.answers[9].clockOffset = -300 },
        Row(name: "301 seconds behind", subject: .clock, grade: .weak) { $0.https?.answers[9].clockOffset = -301 },
    ]

    @Test func `over HTTP devices go on and can be intercepted, whatever TLS would give`() {
        var seen = SeenServer.good
        seen.http = AuditPort(8530, .open)
        seen.http?.answers = SeenServer.answers { $0 == .client || $0 == .simpleAuth ? 200 : 404 }
        let predictions = AuditGrading.report(seen).predictions.filter { $0.url == "http://wsus.example.test:8530" }
        #expect(predictions.map(\.row) == ["A2-01", "A2-01", "A2-01"])
        #expect(predictions.map(\.outcome) == ["interceptable", "interceptable", "interceptable"])
    }

    @Test func `a server of which nothing was seen has no grade`() {
        var seen = AuditObservation(host: "wsus.example.test", isAddress: false, asOf: SeenServer.now)
        seen.https = AuditPort(8531, .silent)
        seen.http = AuditPort(8530, .closed)
        let report = AuditGrading.report(seen)
        #expect(report.grade == .unknown)
        #expect(!report.isComplete)
        #expect(report.findings.map(\.id) == [.reachable])
    }

    @Test func `what was not asked makes a report incomplete`() {
        var seen = SeenServer.good
        seen.notAsked = ["further suites"]
        #expect(!AuditGrading.report(seen).isComplete)
    }

    @Test func `an address is a name where the certificate has it`() {
        var seen = SeenServer.good
        seen.host = "192.0.2.7"
        seen.isAddress = true
        seen.https?.tls?.chain[0].names = ["192.0.2.7"]
        #expect(AuditGrading.report(seen).findings.first { $0.id == .certificateName }?.grade == .good)
        seen.https?.tls?.chain[0].names = ["*.0.2.7"]
        #expect(AuditGrading.report(seen).findings.first { $0.id == .certificateName }?.grade == .dangerous)
    }

    @Test func `the JSON is as documented`() throws {
        let schema = try #require(try JSONSchema.documented()["audit"])
        var poor = SeenServer.good
        Self.certificate[0].spoil(&poor)
        Self.http[5].spoil(&poor)
        poor.http?.answers[2].location = "https://elsewhere.example.test/"
        poor.https?.tls?.versions[.tls10] = .unknown("time had run out")
        poor.notAsked = ["further suites"]
        for seen in [SeenServer.good, poor] { #expect(try schema.problems(printing: AuditGrading.report(seen)) == []) }
    }
}
