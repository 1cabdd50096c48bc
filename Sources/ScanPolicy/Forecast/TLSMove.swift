/// What becomes of a device that is moved to a server on TLS: what stops it, and what of that is not known. docs/scan-policy.md, "TLS on a
/// device".
public struct TLSMove: Sendable, Hashable {
    public enum Cause: String, CaseIterable, Sendable, Hashable {
        case tls12Off = "tls-1.2-off"
        case noCommonCipher = "no-common-cipher"
        case authorityNotTrusted = "ca-not-trusted"
        case nameMismatch = "name-mismatch"
        case statusStillHTTP = "status-url-http"
        case clock
        case proxy
        case pins
    }

    public struct Reason: Sendable, Hashable {
        public var cause: Cause
        /// Which channel stops: detection, and all with it, or reporting.
        public var channel: ScanChannel
        public var text: String
        public var errors: [ScanError]
        /// The setting that mends it.
        public var mending: String
    }

    public enum Answer: String, CaseIterable, Sendable, Hashable {
        case stops, continues, unknown
    }

    /// Whether the device stops scanning.
    public var detection: Answer
    /// Whether it stops reporting.
    public var reporting: Answer
    public var reasons: [Reason]
    public var missing: [MissingFact]
    public var assumed: [Assumption]

    /// - Parameters:
    ///   - verdict: what the device does once it is moved, at the level that counts for it.
    ///   - level: that level, where the device has yet to come to it.
    init(
        _ device: DeviceFacts, to target: ServerURL, certificate: ServerCertificate?, verdict: Verdict, level: EnforcementLevel?,
        asOf day: CalendarDay
    ) {
        detection = .continues
        reporting = .continues
        reasons = []
        missing = []
        assumed = []
        checkProtocol(device)
        checkCertificate(device, target, certificate, day)
        checkProxies(verdict, level.map { ", from the update of \($0.rawValue) on" } ?? "")
        let status = device.policy[.wuStatusServer] ?? device.policy[.wuServer] ?? ""
        if ServerURL(status)?.scheme == .http {
            reasons.append(
                Reason(
                    cause: .statusStillHTTP, channel: .reporting, text: "WUStatusServer is still on HTTP: \(status)", errors: [],
                    mending: RemedySettings.text(.wuStatusServer, target.description)))
        }
        // Where nothing is detected, nothing is reported.
        if reasons.contains(where: { $0.channel == .detection }) { detection = .stops } else if !missing.isEmpty { detection = .unknown }
        reporting = reasons.isEmpty ? detection : .stops
    }

    private static let handshakeCodes = [ScanError("0x80072F8F", .inferred, "the server's certificate is not accepted")]
    private static let trustCodes = [
        ScanError("0x80072F8F", .sourced, "the server's certificate is not accepted"),
        ScanError("0x800B0109", .inferred, "the chain ends in a root that is not trusted"),
    ]
    private static let certificateCodes = [ScanError("0x80072F8F", .sourced, "the server's certificate is not accepted")]

    private mutating func checkProtocol(_ device: DeviceFacts) {
        switch device.tls.isTLS12Enabled {
        case true: break
        case false: stop(.tls12Off, "TLS 1.2 is off", Self.handshakeCodes, Self.protocolSetting)
        case nil:
            guard let windows = device.windows else {
                assumed.append(Assumption("TLS 1.2", "on"))
                return
            }
            if windows.major < 6 || windows.major == 6 && windows.minor < 3 {
                stop(.tls12Off, "TLS 1.2 is off by default in WinHTTP of Windows \(windows)", Self.handshakeCodes, Self.protocolSetting)
            } else {
                assumed.append(Assumption("TLS 1.2", "on"))
            }
        }
    }

    private static let protocolSetting =
        "KB3140245 and HKLM\\SOFTWARE\\Microsoft\\Windows\\CurrentVersion\\Internet Settings\\WinHttp: DefaultSecureProtocols = 0xA00 (REG_DWORD)"

    private mutating func checkCertificate(_ device: DeviceFacts, _ target: ServerURL, _ certificate: ServerCertificate?, _ day: CalendarDay) {
        guard let certificate else {
            missing.append(
                MissingFact("server certificate", "names, key type and authority of what \(target.host) presents (--home or --certificate)"))
            return
        }
        if !certificate.names.contains(where: { Self.matches($0, target.host) }) {
            stop(
                .nameMismatch, "\(target.host) is not a name in the certificate (\(certificate.names.joined(separator: ", ")))",
                Self.certificateCodes, "an address with one of these names, or a certificate with this one")
        }
        checkCiphers(device, certificate)
        checkRoots(device, certificate, target)
        checkClock(device, certificate, day)
    }

    private mutating func checkCiphers(_ device: DeviceFacts, _ certificate: ServerCertificate) {
        let own = certificate.keyType.rawValue
        let hasCommon: Bool
        if let suites = device.tls.cipherSuites {
            let common = suites.contains { suite in
                suite.hasPrefix("TLS_AES_") || suite.hasPrefix("TLS_CHACHA20_")
                    || (suite.hasPrefix("TLS_ECDHE_\(own)_WITH_") && (suite.contains("_GCM_") || suite.contains("_POLY1305_")))
            }
            hasCommon = common
        } else if let windows = device.windows {
            hasCommon = windows.major >= 10 || certificate.keyType == .ecdsa
        } else {
            assumed.append(Assumption("cipher suites", "those of Windows 10"))
            return
        }
        guard !hasCommon else { return }
        stop(
            .noCommonCipher, "no common cipher suite: the server offers ECDHE with AEAD only, and the device has none for \(own) certificates",
            Self.handshakeCodes,
            certificate.keyType == .rsa ? "a certificate with an ECDSA key on the server" : "cipher suites TLS_ECDHE_ECDSA_WITH_AES_..._GCM_...")
    }

    private mutating func checkRoots(_ device: DeviceFacts, _ certificate: ServerCertificate, _ target: ServerURL) {
        let setting = "certutil -addstore Root ca.pem (the authority of \(target.host), in the computer's store)"
        guard !certificate.rootFingerprints.isEmpty else {
            missing.append(MissingFact("server root", "which root the chain of \(target.host) ends in (--home or --certificate)"))
            return
        }
        guard let roots = device.tls.machineRoots else {
            missing.append(MissingFact("machine roots", "whether the authority of \(target.host) is in the computer's Trusted Root store"))
            return
        }
        guard roots.isDisjoint(with: certificate.rootFingerprints) else { return }
        let known = Set(certificate.rootFingerprints.map(\.algorithm))
        guard roots.allSatisfy({ known.contains($0.algorithm) }) else {
            missing.append(MissingFact("machine roots", "their fingerprints in the same algorithm as the authority's"))
            return
        }
        stop(
            .authorityNotTrusted, "the authority of \(target.host) is not in the computer's Trusted Root store", Self.trustCodes, setting)
    }

    private mutating func checkClock(_ device: DeviceFacts, _ certificate: ServerCertificate, _ day: CalendarDay) {
        guard let notBefore = certificate.notBefore, let notAfter = certificate.notAfter else { return }
        if device.tls.clockOffset == nil { assumed.append(Assumption("clock", "right")) }
        // A day says no hour: what is valid at some time of it counts as valid.
        let (earliest, overflow) = (day.number * 86_400).addingReportingOverflow(device.tls.clockOffset ?? 0)
        let (latest, over) = earliest.addingReportingOverflow(86_399)
        guard overflow || over || latest < notBefore || earliest > notAfter else { return }
        stop(
            .clock, "by the device's clock the certificate is not valid on \(day)", Self.certificateCodes,
            device.tls.clockOffset == nil ? "a certificate that is valid" : "the device's clock (w32tm /resync)")
    }

    private mutating func checkProxies(_ verdict: Verdict, _ since: String) {
        switch verdict.outcome {
        case .fails where verdict.row == MatrixRow(17):
            stop(.pins, "the device pins another certificate\(since)", verdict.errors, verdict.remedies.first?.settings.first ?? "")
        case .fails:
            stop(
                .proxy, "the server is reached through the user's proxy only, which is not used (\(verdict.row))\(since)", verdict.errors,
                verdict.remedies.first?.settings.first ?? "")
        case .unknown: missing += verdict.missing.filter { fact in !missing.contains { $0.fact == fact.fact } }
        case .scans, .interceptable, .doesNotAsk: break
        }
    }

    private mutating func stop(_ cause: Cause, _ text: String, _ errors: [ScanError], _ mending: String) {
        reasons.append(Reason(cause: cause, channel: .detection, text: text, errors: errors, mending: mending))
    }

    /// RFC 6125: the names are alike, or the certificate's begins with `*.` and stands for one label.
    static func matches(_ name: String, _ host: String) -> Bool {
        let name = name.lowercased()
        let host = host.lowercased()
        if name == host { return true }
        guard name.hasPrefix("*."), let dot = host.firstIndex(of: "."), dot > host.startIndex else { return false }
        return host[dot...] == name.dropFirst()
    }
}
