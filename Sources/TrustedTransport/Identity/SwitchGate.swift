public import Updates

/// Which certificates were given to devices as pins, and when.
public struct Publication: Hashable, Sendable, Codable {
    /// The first export of pins; nothing where none ever was, and every change is free.
    public internal(set) var since: Timestamp?
    /// When devices have (or will have) the pin of a certificate, by its SHA-256.
    private var times: [String: Timestamp] = [:]

    public init() {}

    /// Certificates whose pins were given out.
    public var isPinned: Bool { since != nil }

    public subscript(_ certificate: SHA256Digest) -> Timestamp? { times[certificate.description] }

    /// From now on the gate is closed to what is not published. Called before pins leave, so that none is out while it stands open.
    public mutating func begin(at now: Timestamp) {
        if since == nil { since = now }
    }

    /// Pins of these certificates were given out. An earlier time stays: devices have had them since.
    ///
    /// - Parameter isStated: the administrator said this time. Otherwise it is only that of the export, and a later one that was said stays
    ///   too: writing the files again brings them to no device.
    public mutating func publish(_ certificates: [SHA256Digest], at time: Timestamp, isStated: Bool) {
        begin(at: time)
        for certificate in certificates {
            guard let known = times[certificate.description] else {
                times[certificate.description] = time
                continue
            }
            if isStated { times[certificate.description] = min(known, time) }
        }
    }

    /// Forgets times of certificates that are no longer held.
    mutating func keep(_ certificates: [SHA256Digest]) {
        let held = Set(certificates.map(\.description))
        times = times.filter { held.contains($0.key) }
    }
}

/// What every change of the server's certificate passes (ADR 0020).
///
/// A device with a pin store takes no certificate but the pinned ones. So once pins were exported the server changes to a certificate only
/// if its pin was published, and the time of publication is past.
public enum SwitchGate {
    /// Why a change must wait.
    public enum Obstacle: Hashable, Sendable, CustomStringConvertible {
        /// It ended.
        case expired(Timestamp)
        /// It is valid from then on.
        case notYetValid(Timestamp)
        /// Pins were exported, and none for it.
        case notPublished
        /// Its pin is published for a time that has not come.
        case notPublishedYet(Timestamp)

        public var description: String {
            switch self {
            case .expired(let time): "it ended at \(time.text(.seconds))"
            case .notYetValid(let time): "it is valid from \(time.text(.seconds)) on"
            case .notPublished: "pins were exported, and not for it: devices with pins would refuse it (martlet pins export)"
            case .notPublishedYet(let time): "its pin is published for \(time.text(.seconds))"
            }
        }
    }

    /// - Returns: nothing if the change is free.
    public static func obstacle(
        to certificate: SHA256Digest, notBefore: Timestamp, notAfter: Timestamp, _ publication: Publication, now: Timestamp
    ) -> Obstacle? {
        if notAfter <= now { return .expired(notAfter) }
        if notBefore > now { return .notYetValid(notBefore) }
        guard publication.isPinned else { return nil }
        guard let time = publication[certificate] else { return .notPublished }
        return now > time ? nil : .notPublishedYet(time)
    }
}
