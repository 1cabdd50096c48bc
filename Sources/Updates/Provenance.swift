/// Where a revision came from, and whether that was proved (ADR 0003, provenance and immutability).
public struct Provenance: Hashable, Sendable, Codable {
    public let source: Source
    /// The bytes were authenticated as the source's: by a pin, a signature, or the administrator's own hand.
    public let isVerified: Bool

    public init(source: Source, isVerified: Bool) {
        self.source = source
        self.isVerified = isVerified
    }

    public enum Source: Hashable, Sendable {
        /// The sample catalogue that comes with the program.
        case sample
        /// A document that an administrator imported from disk.
        case localImport
        /// Another update server, by its host name.
        case upstream(String)
        /// A cabinet with Microsoft's signature, such as wsusscn2.cab.
        case signedCabinet
        /// Microsoft's own service, by its pinned root.
        case microsoft
    }

    /// Greater is more trusted. What is not verified is trusted less than anything that is.
    public var trust: Int {
        let rank =
            switch source {
            case .sample: 0
            case .localImport: 1
            case .upstream: 2
            case .signedCabinet: 3
            case .microsoft: 4
            }
        return isVerified ? rank + 5 : rank
    }
}

extension Provenance.Source: LosslessStringConvertible, Codable {
    /// `sample`, `local`, `upstream:HOST`, `cabinet` or `microsoft`: what `--source` takes.
    public var description: String {
        switch self {
        case .sample: "sample"
        case .localImport: "local"
        case .upstream(let name): "upstream:\(name)"
        case .signedCabinet: "cabinet"
        case .microsoft: "microsoft"
        }
    }

    public init?(_ description: String) {
        switch description {
        case "sample": self = .sample
        case "local": self = .localImport
        case "cabinet": self = .signedCabinet
        case "microsoft": self = .microsoft
        default:
            guard description.hasPrefix("upstream:"), description.count > 9 else { return nil }
            self = .upstream(String(description.dropFirst(9)))
        }
    }

    public init(from decoder: any Decoder) throws {
        let container = try decoder.singleValueContainer()
        guard let source = Self(try container.decode(String.self)) else {
            throw DecodingError.dataCorruptedError(in: container, debugDescription: "not a source")
        }
        self = source
    }

    public func encode(to encoder: any Encoder) throws {
        var container = encoder.singleValueContainer()
        try container.encode(description)
    }
}

/// What becomes of a revision that is offered while one of the same identity is held.
public enum ImportVerdict: Hashable, Sendable {
    /// Nothing is held under this identity.
    case new
    /// The same bytes: nothing to do.
    case alreadyHeld
    /// Held as fragments only, and the document's fragments equal them: the document is added.
    case completes
    /// Held as fragments only, they differ, and the newcomer is the more trusted: it takes their place, under a new revision id.
    case replacesFragments
    /// Held as fragments only, the same are offered, and the newcomer is the more trusted: they are believed as it is.
    case raises
    /// Other bytes under the same identity.
    case refused(Refusal)

    public enum Refusal: Hashable, Sendable {
        /// (UpdateID, revision) is immutable.
        case differentDocument
        /// Fragments that differ from what is held, from a source that is not more trusted.
        case differentFragments
    }

    /// The rule of immutability, in one place.
    ///
    /// - Parameters:
    ///   - held: origin, trust and digests of what is held; nothing if the identity is new.
    ///   - offered: the same of what is offered.
    public static func decide(held: HeldContent?, offered: HeldContent) -> ImportVerdict {
        guard let held else { return .new }
        if let heldDocument = held.documentDigest {
            if let offeredDocument = offered.documentDigest {
                return heldDocument == offeredDocument ? .alreadyHeld : .refused(.differentDocument)
            }
            return held.fragmentsDigest == offered.fragmentsDigest ? .alreadyHeld : .refused(.differentFragments)
        }
        if held.fragmentsDigest == offered.fragmentsDigest {
            if offered.documentDigest != nil { return .completes }
            return offered.trust > held.trust ? .raises : .alreadyHeld
        }
        return offered.trust > held.trust ? .replacesFragments : .refused(.differentFragments)
    }
}

/// What ``ImportVerdict/decide(held:offered:)`` compares.
public struct HeldContent: Hashable, Sendable {
    /// SHA-256 of the document's bytes; nothing for a revision of fragments only.
    public let documentDigest: SHA256Digest?
    /// SHA-256 over the fragments of ``FragmentKind/core`` and ``FragmentKind/extended``, each with its length before it.
    public let fragmentsDigest: SHA256Digest
    public let trust: Int

    public init(documentDigest: SHA256Digest?, fragmentsDigest: SHA256Digest, trust: Int) {
        self.documentDigest = documentDigest
        self.fragmentsDigest = fragmentsDigest
        self.trust = trust
    }
}
