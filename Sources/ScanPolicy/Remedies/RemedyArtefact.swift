/// A file that an administrator puts to use, and what he must know before he does.
public struct RemedyArtefact: Sendable, Hashable {
    public enum Kind: String, Sendable, Hashable {
        /// Values under the policy keys, which group policy takes back when the object no longer applies.
        case policy
        /// Settings outside of the policy keys.
        case preference
        /// A certificate for a store of the computer.
        case certificate
        /// Takes back what another of them did.
        case undo
    }

    public let name: String
    public let kind: Kind
    public let bytes: [UInt8]
    /// How it is put to use.
    public let use: String
    /// Whether it stays behind when it is no longer wanted ("tattoos").
    public let stays: String
    public let undo: String
    public let risk: String
}

/// Why no material can be written.
public struct RemedyError: Error, Sendable, Hashable, CustomStringConvertible {
    public enum Code: String, Sendable, Hashable {
        case server, proxy, bypass
    }

    public let code: Code
    public let message: String

    init(_ code: Code, _ message: String) {
        self.code = code
        self.message = message
    }

    public var description: String { message }
}

/// Group policy material that moves a device to one of the three remedies: what a folder of `martlet remedy` holds.
///
/// The same input gives the same bytes. Texts that go into scripts are refused unless they are plain host names, addresses, ports and the few
/// signs that lists of proxies have.
public struct RemedyMaterial: Sendable {
    public let remedy: RemedyKind
    public let server: ServerURL
    public let artefacts: [RemedyArtefact]
    /// What must be read before anything is used; nil where there is nothing to warn of.
    public let warning: String?

    /// The values that the remedy sets by policy, in their order.
    public let policy: [RegistryEntry]

    /// Detection and reports over TLS, from this server only, and never through the user's proxy.
    /// - Parameter certificates: the authority's certificates in PEM, for the computer's Trusted Root store.
    public static func tls(server: ServerURL, certificates: [String]) throws(RemedyError) -> RemedyMaterial {
        guard server.scheme == .https else { throw RemedyError(.server, "\(server) is not an https:// URL") }
        try checkHost(server.host)
        let url = server.description
        let values: [RegistryEntry] =
            [text(.wuServer, url), text(.wuStatusServer, url), number(.useWUServer, 1), number(.useUpdateClassPolicySource, 1)]
            + PolicyNumber.updateClasses.map { number($0, 1) } + [number(.setProxyBehaviorForUpdateDetection, 0)]
        let files = certificates.enumerated().map { index, pem in RemedyArtefact.authority(pem, number: index + 1) }
        return RemedyMaterial(
            remedy: .tls, server: server,
            artefacts: policyArtefacts(values, risk: "A device that does not trust the authority yet stops scanning: the certificate comes first.")
                + files,
            warning: nil, policy: values)
    }

    /// A proxy of the system, and detection through no other.
    public static func systemProxy(_ proxy: StaticProxy, server: ServerURL) throws(RemedyError) -> RemedyMaterial {
        try checkHost(server.host)
        guard isPlain(proxy.proxy, signs: ".-_:[]=;/"), !proxy.proxy.isEmpty else {
            throw RemedyError(.proxy, "a proxy is HOST:PORT, or a list such as http=HOST:PORT;https=HOST:PORT")
        }
        guard isPlain(proxy.bypass, signs: ".-_:[]*;<>") else {
            throw RemedyError(.bypass, "a bypass list has names, addresses, *, <local>, and semicolons between them")
        }
        let values = [number(.setProxyBehaviorForUpdateDetection, 0)]
        return RemedyMaterial(
            remedy: .systemProxy, server: server,
            artefacts: policyArtefacts(
                values, risk: "A device that reaches the server through the user's proxy only stops scanning: the proxy comes first.")
                + proxyArtefacts(proxy, server: server),
            warning: nil, policy: values)
    }

    /// The user's proxy as a fallback, which Windows warns of as well.
    public static func userProxyFallback(server: ServerURL) throws(RemedyError) -> RemedyMaterial {
        try checkHost(server.host)
        let values = [number(.setProxyBehaviorForUpdateDetection, 1)]
        return RemedyMaterial(
            remedy: .userProxyFallback, server: server,
            artefacts: policyArtefacts(
                values, risk: "Whoever is signed in can set the user's proxy, without any rights, and alter what the device is told to install."),
            warning: """
                This opens what Windows closed in September 2020 and January 2021 (CVE-2020-1013). The user's proxy can be set by anyone who is \
                signed in, and by any program that runs as that person. With this policy such a proxy may stand between the device and its update \
                server: over HTTP it can hand the device any program Microsoft ever signed, with arguments of its choice, to run as SYSTEM. Over HTTPS it \
                needs a certificate that the device trusts. Use it for as short as you can, only with HTTPS and a filled pin store, and prefer the \
                remedies tls and system-proxy.
                """,
            policy: values)
    }

    // MARK: Values

    private static func text(_ value: PolicyText, _ text: String) -> RegistryEntry {
        RegistryEntry(hive: .localMachine, key: value.key.rawValue, name: value.rawValue, action: .set(.string(text)), byteOffset: 0)
    }

    private static func number(_ value: PolicyNumber, _ number: UInt32) -> RegistryEntry {
        RegistryEntry(hive: .localMachine, key: value.key.rawValue, name: value.rawValue, action: .set(.dword(number)), byteOffset: 0)
    }

    private static func checkHost(_ host: String) throws(RemedyError) {
        guard isPlain(host, signs: ".-:"), !host.isEmpty else { throw RemedyError(.server, "the server's host is a name or an address") }
    }

    /// Letters and digits of ASCII, and these signs: nothing that a shell, a script or XML could take for its own.
    private static func isPlain(_ text: String, signs: String) -> Bool {
        text.utf8.count <= 1024
            && text.utf8.allSatisfy { byte in
                switch byte {
                case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"), UInt8(ascii: "0")...UInt8(ascii: "9"): true
                default: signs.utf8.contains(byte)
                }
            }
    }
}

extension PolicyNumber {
    static let updateClasses: [PolicyNumber] = [
        .setPolicyDrivenUpdateSourceForFeatureUpdates, .setPolicyDrivenUpdateSourceForQualityUpdates, .setPolicyDrivenUpdateSourceForDriverUpdates,
        .setPolicyDrivenUpdateSourceForOtherUpdates,
    ]
}
