public import Updates

/// What a root certificate is trusted for.
public struct RootPurposes: OptionSet, Hashable, Sendable {
    public let rawValue: Int

    public init(rawValue: Int) {
        self.rawValue = rawValue
    }

    /// Signatures on programs and cabinets.
    public static let codeSigning = RootPurposes(rawValue: 1)
    /// Timestamps of such signatures.
    public static let timeStamping = RootPurposes(rawValue: 2)
    /// What chains to it may speak for Microsoft, where the signer is Microsoft Corporation.
    public static let microsoft = RootPurposes(rawValue: 4)
}

/// The roots of Microsoft that signatures may lead to, by fingerprint. The certificates are Microsoft's and do not come with the program: an
/// administrator gives them, and one counts only if it is one of these (docs/adr/0021, which says where the fingerprints come from).
public struct RootTable: Sendable {
    public struct Row: Hashable, Sendable {
        public let sha256: SHA256Digest
        public let name: String
        public let purposes: RootPurposes

        package init(sha256: SHA256Digest, name: String, purposes: RootPurposes) {
            self.sha256 = sha256
            self.name = name
            self.purposes = purposes
        }
    }

    public let rows: [Row]

    /// Tests put a root of their own in Microsoft's place; the program has one table.
    package init(rows: [Row]) {
        self.rows = rows
    }

    public func row(_ sha256: SHA256Digest) -> Row? { rows.first { $0.sha256 == sha256 } }

    /// Roots whose word is about TLS alone are not in it.
    public static let microsoft = RootTable(
        rows: [
            row(
                "847df6a78497943f27fc72eb93f9a637320a02b561d0a91b09e87a7807ed7c61", "Microsoft Root Certificate Authority 2011",
                [.codeSigning, .timeStamping, .microsoft]),
            row(
                "df545bf919a2439c36983b54cdfc903dfa4f37d3996d8d84b4c31eec6f3c163e", "Microsoft Root Certificate Authority 2010",
                [.codeSigning, .timeStamping, .microsoft]),
            // Past their end: what leads to them counts by a timestamp of their time, as with any certificate.
            row(
                "885de64c340e3ea70658f01e1145f957fcda27aabeea1ab9faa9fdb0102d4077", "Microsoft Root Certificate Authority",
                [.codeSigning, .timeStamping, .microsoft]),
            row(
                "f38406e540d7a9d90cb4a9479299640ffb6df9e224ecc7a01c0d9558d8dad77d", "Microsoft Root Authority",
                [.codeSigning, .timeStamping, .microsoft]),
            row(
                "65af95f4be86847344634282f941b2e605063ef0c8542f014ca088d182109e4f", "Microsoft Time Stamp Root Certificate Authority 2014",
                [.timeStamping]),
            // Whoever rents a certificate from Microsoft is not Microsoft.
            row(
                "5367f20c7ade0e2bca790915056d086b720c33c1fa2a2661acf787e3292e1270",
                "Microsoft Identity Verification Root Certificate Authority 2020", [.codeSigning, .timeStamping]),
        ].compactMap(\.self))

    /// Nothing for digits that are no SHA-256: a test counts the rows.
    private static func row(_ sha256: String, _ name: String, _ purposes: RootPurposes) -> Row? {
        SHA256Digest(hexadecimal: sha256).map { Row(sha256: $0, name: name, purposes: purposes) }
    }
}
