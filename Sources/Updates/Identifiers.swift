/// The publisher's number of a revision of an update; greater is newer ([MS-WUSP] 2.2.2.2.4 `RevisionNumber`).
public struct RevisionNumber: RawRepresentable, Hashable, Comparable, Sendable, Codable {
    public let rawValue: Int32

    public init(rawValue: Int32) {
        self.rawValue = rawValue
    }

    public static func < (left: Self, right: Self) -> Bool { left.rawValue < right.rawValue }
}

/// An update and its revision: what a document calls `UpdateIdentity`.
public struct UpdateIdentity: Hashable, Comparable, Sendable, Codable {
    public let updateID: UpdateID
    public let revisionNumber: RevisionNumber

    public init(updateID: UpdateID, revisionNumber: RevisionNumber) {
        self.updateID = updateID
        self.revisionNumber = revisionNumber
    }

    public static func < (left: Self, right: Self) -> Bool {
        (left.updateID, left.revisionNumber) < (right.updateID, right.revisionNumber)
    }
}

extension UpdateIdentity: CustomStringConvertible {
    /// `GUID:REVISION`, the form the command line takes.
    public var description: String { "\(updateID):\(revisionNumber.rawValue)" }
}

/// This server's number for a revision: positive, never used twice ([MS-WUSP] `UpdateInfo.ID`).
public struct RevisionID: RawRepresentable, Hashable, Comparable, Sendable, Codable {
    public let rawValue: Int32

    public init(rawValue: Int32) {
        self.rawValue = rawValue
    }

    public static func < (left: Self, right: Self) -> Bool { left.rawValue < right.rawValue }
}

/// This server's number for a deployment: positive, never used twice, a space apart from revision ids
/// ([MS-WUSP] `Deployment.ID`; observed.md section 3).
public struct DeploymentID: RawRepresentable, Hashable, Comparable, Sendable, Codable {
    public let rawValue: Int32

    public init(rawValue: Int32) {
        self.rawValue = rawValue
    }

    public static func < (left: Self, right: Self) -> Bool { left.rawValue < right.rawValue }
}

/// A number that grows by one with every committed change and is written in the same transaction.
///
/// It is also the anchor of `ChangedUpdates`: a cookie carries the generation its last answer was made from.
public struct Generation: RawRepresentable, Hashable, Comparable, Sendable, Codable {
    public let rawValue: Int64

    public init(rawValue: Int64) {
        self.rawValue = rawValue
    }

    /// Before every change: what a device without a cookie has seen.
    public static let zero = Generation(rawValue: 0)

    public var next: Generation { Generation(rawValue: rawValue + 1) }

    public static func < (left: Self, right: Self) -> Bool { left.rawValue < right.rawValue }
}

/// A device's own name for itself: `clientId`, 1 to 255 letters, digits or hyphens ([MS-WUSP] glossary).
///
/// Agents use a random GUID. Kept in lower case, so that one device has one spelling.
public struct DeviceID: Hashable, Comparable, Sendable, Codable, CustomStringConvertible {
    public let text: String

    /// Nothing for a text that is empty, over 255 characters, or has others than letters, digits and hyphens.
    public init?(_ text: some StringProtocol) {
        guard (1...255).contains(text.utf8.count) else { return nil }
        let isValid = text.utf8.allSatisfy {
            switch $0 {
            case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
                UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "-"):
                true
            default: false
            }
        }
        guard isValid else { return nil }
        self.text = text.lowercased()
    }

    public init(from decoder: any Decoder) throws {
        let container = try decoder.singleValueContainer()
        guard let id = DeviceID(try container.decode(String.self)) else {
            throw DecodingError.dataCorruptedError(in: container, debugDescription: "not a device id")
        }
        self = id
    }

    public func encode(to encoder: any Encoder) throws {
        var container = encoder.singleValueContainer()
        try container.encode(text)
    }

    public var description: String { text }

    public static func < (left: Self, right: Self) -> Bool { left.text < right.text }
}

/// A target group's GUID.
public struct GroupID: Hashable, Comparable, Sendable, Codable, CustomStringConvertible {
    public let guid: UpdateID

    public init(guid: UpdateID) {
        self.guid = guid
    }

    /// The root of the tree; every device belongs to it ([MS-WSUSSS] 3.1.1).
    public static let allComputers = GroupID(guid: UpdateID(high: 0xa0a0_8746_4dbe_4a37, low: 0x9adf_9e76_52c0_b421))

    /// Where a device stands that no one has assigned ([MS-WSUSSS] 3.1.1).
    public static let unassignedComputers = GroupID(guid: UpdateID(high: 0xb73c_a6ed_5727_47f3, low: 0x84de_015e_03f6_a88a))

    public init(from decoder: any Decoder) throws {
        guid = try UpdateID(from: decoder)
    }

    public func encode(to encoder: any Encoder) throws {
        try guid.encode(to: encoder)
    }

    public var description: String { guid.description }

    public static func < (left: Self, right: Self) -> Bool { left.guid < right.guid }
}
