import Storage
import TrustedTransport
import Updates

/// The groups a device asks for: `targetGroupName` of GetAuthorizationCookie, a list with `;` (the convention of Windows' policy).
struct GroupClaim: Hashable, Sendable {
    /// More names than these are left out; the request's own limit bounds their bytes.
    static let namesAtMost = 32

    /// In the order given, without white space at their ends, each once whatever its case and however its accents are composed.
    let names: [String]

    init(_ text: String) {
        var seen: Set<String> = []
        names = Array(
            text.split(separator: ";").map { $0.trimming(while: \.isWhitespace) }
                .filter { !$0.isEmpty && seen.insert(TargetGroup.folded($0)).inserted }.prefix(Self.namesAtMost))
    }

    init(names: [String]) {
        self.names = names
    }

    /// The same for all that ``TargetGroup/areSame(_:_:)`` calls the same: else the store would hold to one spelling while a device's cookie
    /// says another, and the device be told to register for ever.
    var digest: SHA256Digest { TokenSealer.digest(of: Set(names.map(TargetGroup.folded)).sorted().joined(separator: ";")) }

    static let none = GroupClaim(names: [])
}

/// The names behind the digests in cookies, of devices that have authorised lately.
///
/// An anonymous call fills it, so it is bounded, and what it forgets costs a device nothing but time: it authorises again within the hour.
struct GroupClaims: Sendable {
    static let limit = 4096

    private var claims: [SHA256Digest: GroupClaim] = [GroupClaim.none.digest: .none]
    /// Digests by age; the oldest stands at `next`.
    private var ring: [SHA256Digest] = []
    private var next = 0

    mutating func remember(_ claim: GroupClaim) -> SHA256Digest {
        let digest = claim.digest
        guard claims.updateValue(claim, forKey: digest) == nil else { return digest }
        if ring.count < Self.limit {
            ring.append(digest)
        } else {
            claims[ring[next]] = nil
            ring[next] = digest
            next = (next + 1) % Self.limit
        }
        return digest
    }

    subscript(digest: SHA256Digest) -> GroupClaim? { claims[digest] }
}

extension StringProtocol {
    fileprivate func trimming(while isTrimmed: (Character) -> Bool) -> String {
        var rest = self[...]
        while let first = rest.first, isTrimmed(first) { rest.removeFirst() }
        while let last = rest.last, isTrimmed(last) { rest.removeLast() }
        return String(rest)
    }
}
