import Updates

/// The bytes of a token: fields of fixed places, so that no length is ever read from outside and all tokens look alike.
///
/// In clear and bound to the seal: version (1), purpose (1), key id (4). Then nonce (12), the sealed fields, tag (16). Numbers are big-endian.
enum TokenLayout {
    static let version: UInt8 = 2
    static let headerSize = 6
    static let nonceSize = 12
    static let tagSize = 16
    static let deviceSize = 255
    /// Device id with its length, DNS name digest, server id, flags, protocol, configuration version, generation, expiry, group claim, lineage.
    static let fieldsSize = 1 + deviceSize + 32 + 16 + 1 + 4 + 8 + 8 + 8 + 32 + 8
    static let size = headerSize + nonceSize + fieldsSize + tagSize

    static func header(purpose: TokenPurpose, keyID: UInt32) -> [UInt8] {
        [version, purpose.rawValue] + bytes(of: keyID)
    }

    static func fields(of token: SessionToken) -> [UInt8] {
        var fields: [UInt8] = []
        fields.reserveCapacity(fieldsSize)
        let device = Array(token.deviceID.text.utf8)
        fields.append(UInt8(device.count))
        fields += device
        fields += [UInt8](repeating: 0, count: deviceSize - device.count)
        fields += token.dnsNameDigest.bytes
        fields += token.serverID.bytes
        fields.append(token.isRegistered ? 1 : 0)
        fields += bytes(of: token.clientProtocolMajor)
        fields += bytes(of: token.clientProtocolMinor)
        fields += bytes(of: token.configurationVersion.millisecondsSince1970)
        fields += bytes(of: token.generation.rawValue)
        fields += bytes(of: token.expires.millisecondsSince1970)
        fields += token.groupClaimDigest.bytes
        fields += bytes(of: token.lineage.rawValue)
        return fields
    }

    /// Reads fields whose seal was checked. Nothing for what this version never seals.
    static func token(purpose: TokenPurpose, fields: [UInt8]) -> SessionToken? {
        guard fields.count == fieldsSize else { return nil }
        var rest = fields[...]
        func take(_ count: Int) -> ArraySlice<UInt8> {
            defer { rest = rest.dropFirst(count) }
            return rest.prefix(count)
        }
        func number<Number: FixedWidthInteger>(_: Number.Type) -> Number {
            take(Number.bitWidth / 8).reduce(0) { $0 << 8 | Number(truncatingIfNeeded: $1) }
        }
        let deviceCount = Int(number(UInt8.self))
        let device = take(deviceSize)
        guard deviceCount <= deviceSize, let deviceID = DeviceID(String(decoding: device.prefix(deviceCount), as: UTF8.self)),
            let dnsNameDigest = SHA256Digest(bytes: take(32)), let serverID = UpdateID(bytes: take(16))
        else { return nil }
        let flags = number(UInt8.self)
        guard flags <= 1 else { return nil }
        let (major, minor) = (number(UInt16.self), number(UInt16.self))
        let configurationVersion = Timestamp(millisecondsSince1970: number(Int64.self))
        let generation = Generation(rawValue: number(Int64.self))
        let expires = Timestamp(millisecondsSince1970: number(Int64.self))
        guard let groupClaimDigest = SHA256Digest(bytes: take(32)) else { return nil }
        return SessionToken(
            purpose: purpose, serverID: serverID, deviceID: deviceID, isRegistered: flags == 1, clientProtocolMajor: major,
            clientProtocolMinor: minor, configurationVersion: configurationVersion, generation: generation, expires: expires,
            dnsNameDigest: dnsNameDigest, groupClaimDigest: groupClaimDigest, lineage: SessionLineage(rawValue: number(UInt64.self)))
    }

    private static func bytes<Number: FixedWidthInteger>(of number: Number) -> [UInt8] {
        withUnsafeBytes(of: number.bigEndian) { Array($0) }
    }
}
