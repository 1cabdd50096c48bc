/// What a finding is worth, the worst last but for `unknown`, which says that it could not be seen.
public enum AuditGrade: String, CaseIterable, Sendable, Hashable, Encodable {
    case good
    /// Worth knowing; nothing has to be done.
    case note
    /// Less protection than there should be.
    case weak
    /// Someone can attack devices today, or devices stop scanning.
    case dangerous
    case unknown

    /// The worst of some; `unknown` counts only where there is nothing else.
    public static func worst(of grades: some Sequence<AuditGrade>) -> AuditGrade {
        grades.filter { $0 != .unknown }.max { $0.rank < $1.rank } ?? .unknown
    }

    private var rank: Int {
        switch self {
        case .unknown: 0
        case .good: 1
        case .note: 2
        case .weak: 3
        case .dangerous: 4
        }
    }
}

/// The versions of SSL and TLS by their numbers on the wire. SSL 2.0 is not asked for: it has another hello.
public enum TLSVersion: UInt16, CaseIterable, Sendable, Hashable, CustomStringConvertible {
    case ssl3 = 0x0300
    case tls10 = 0x0301
    case tls11 = 0x0302
    case tls12 = 0x0303
    case tls13 = 0x0304

    public var description: String {
        switch self {
        case .ssl3: "SSL 3.0"
        case .tls10: "TLS 1.0"
        case .tls11: "TLS 1.1"
        case .tls12: "TLS 1.2"
        case .tls13: "TLS 1.3"
        }
    }
}
