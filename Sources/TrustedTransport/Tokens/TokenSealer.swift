import Crypto
import Foundation
public import Updates

/// Makes and checks cookies: AES-256-GCM over a layout of fixed size (ADR 0006).
public struct TokenSealer: Sendable {
    /// The length of every token, in bytes.
    public static let tokenSize = TokenLayout.size

    private let keys: TokenKeys

    public init(keys: TokenKeys) {
        self.keys = keys
    }

    /// Seals with the newest key and a random nonce.
    public func seal(_ token: SessionToken) -> [UInt8] {
        let header = TokenLayout.header(purpose: token.purpose, keyID: keys.newest.id)
        let box = try? AES.GCM.seal(TokenLayout.fields(of: token), using: keys.newest.key, authenticating: header)
        // GCM fails only for messages of many gigabytes or keys of another size; no bytes at all open nowhere.
        guard let sealed = box?.combined else { return [] }
        return header + sealed
    }

    /// Checks the seal before any field is used, then purpose, server and expiry, in this order.
    ///
    /// - Parameters:
    ///   - serverID: this home's id.
    ///   - now: a token is good until this reaches its expiry.
    public func open(
        _ bytes: [UInt8], purpose: TokenPurpose, serverID: UpdateID, now: Timestamp
    ) throws(TokenError) -> SessionToken {
        guard let token = unseal(bytes) else { throw .unauthentic }
        guard token.purpose == purpose else { throw .wrongPurpose }
        guard token.serverID == serverID else { throw .otherServer }
        guard now < token.expires else { throw .expired(token) }
        return token
    }

    /// What a device's name is known by in a token: SHA-256 of its UTF-8 bytes.
    public static func digest(of name: String) -> Updates.SHA256Digest {
        Updates.SHA256Digest(hash: SHA256.hash(data: Array(name.utf8)))
    }

    private func unseal(_ bytes: [UInt8]) -> SessionToken? {
        guard bytes.count == TokenLayout.size, bytes[0] == TokenLayout.version else { return nil }
        let header = bytes[..<TokenLayout.headerSize]
        let keyID = header.dropFirst(2).reduce(UInt32(0)) { $0 << 8 | UInt32($1) }
        guard let key = keys.key(keyID), let box = try? AES.GCM.SealedBox(combined: bytes[TokenLayout.headerSize...]),
            let fields = try? AES.GCM.open(box, using: key, authenticating: header),
            let purpose = TokenPurpose(rawValue: bytes[1])
        else { return nil }
        return TokenLayout.token(purpose: purpose, fields: Array(fields))
    }
}

extension TokenSealer: CustomStringConvertible, CustomDebugStringConvertible, CustomReflectable {
    public var description: String { "TokenSealer" }
    public var debugDescription: String { description }
    public var customMirror: Mirror { Mirror(self, children: []) }
}
