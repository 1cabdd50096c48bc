public import Updates

/// What a token is good for; a token of one purpose opens nothing of another.
public enum TokenPurpose: UInt8, Sendable, CaseIterable {
    /// `CookieData` of GetAuthorizationCookie, taken by GetCookie.
    case authorization = 1
    /// `EncryptedData` of a cookie, taken by every operation of a device.
    case session = 2
}

/// What a sealed cookie says (ADR 0006, 0013). It proves only that the same caller continues: whoever holds it is taken for the device.
public struct SessionToken: Hashable, Sendable {
    public var purpose: TokenPurpose
    /// The home that sealed it; a restored backup has another one.
    public var serverID: UpdateID
    public var deviceID: DeviceID
    public var isRegistered: Bool
    public var clientProtocolMajor: UInt16
    public var clientProtocolMinor: UInt16
    /// `LastChange` of the configuration the device was given.
    public var configurationVersion: Timestamp
    /// The anchor: what the device has seen.
    public var generation: Generation
    public var expires: Timestamp
    /// Of the name the device authorised with; see ``TokenSealer/digest(of:)``.
    public var dnsNameDigest: SHA256Digest
    /// Of the groups it asked for when it authorised; the names themselves never stand in a token.
    public var groupClaimDigest: SHA256Digest
    /// The same as long as each session was begun with the cookie of the one before it.
    public var lineage: SessionLineage

    public init(
        purpose: TokenPurpose, serverID: UpdateID, deviceID: DeviceID, isRegistered: Bool, clientProtocolMajor: UInt16,
        clientProtocolMinor: UInt16, configurationVersion: Timestamp, generation: Generation, expires: Timestamp,
        dnsNameDigest: SHA256Digest, groupClaimDigest: SHA256Digest, lineage: SessionLineage
    ) {
        self.purpose = purpose
        self.serverID = serverID
        self.deviceID = deviceID
        self.isRegistered = isRegistered
        self.clientProtocolMajor = clientProtocolMajor
        self.clientProtocolMinor = clientProtocolMinor
        self.configurationVersion = configurationVersion
        self.generation = generation
        self.expires = expires
        self.dnsNameDigest = dnsNameDigest
        self.groupClaimDigest = groupClaimDigest
        self.lineage = lineage
    }
}

/// Why a token was not taken. None holds any of the token's bytes.
public enum TokenError: Error, Hashable, Sendable {
    /// Altered in any byte, of another length, or sealed with a key that is not ours.
    case unauthentic
    /// Ours, for another purpose.
    case wrongPurpose
    /// Sealed with our key by a home of another id, as after a restore.
    case otherServer
    /// Ours, and its time is over. GetCookie carries the anchor of such a token on.
    case expired(SessionToken)
}
