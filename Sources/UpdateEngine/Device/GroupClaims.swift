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

    /// Those used lately, and those used before these were half the limit; the latter give way.
    private var young: [SHA256Digest: GroupClaim] = [:]
    private var old: [SHA256Digest: GroupClaim] = [:]
    /// Lists that were not known, by network: a flood from one does not push out what is used seldom.
    private var newLists = NetworkBuckets(burst: 500, perSecond: 0.2)
    private static let none = GroupClaim.none.digest

    /// Remembers a claim, unless its network brought too many that were new: then its device keeps the groups it has until it comes later.
    mutating func remember(_ claim: GroupClaim, from network: SourceNetwork, at now: Timestamp) -> SHA256Digest {
        let digest = claim.digest
        if find(digest) == nil, newLists.admits(network, at: now) { keep(claim, digest) }
        return digest
    }

    /// The claim of a digest, which is used by this and grows young again.
    mutating func find(_ digest: SHA256Digest) -> GroupClaim? {
        if digest == Self.none { return GroupClaim.none }
        if let claim = young[digest] { return claim }
        guard let claim = old.removeValue(forKey: digest) else { return nil }
        keep(claim, digest)
        return claim
    }

    private mutating func keep(_ claim: GroupClaim, _ digest: SHA256Digest) {
        if young.count >= Self.limit / 2 { (old, young) = (young, [:]) }
        young[digest] = claim
    }
}

extension StringProtocol {
    fileprivate func trimming(while isTrimmed: (Character) -> Bool) -> String {
        var rest = self[...]
        while let first = rest.first, isTrimmed(first) { rest.removeFirst() }
        while let last = rest.last, isTrimmed(last) { rest.removeLast() }
        return String(rest)
    }
}
