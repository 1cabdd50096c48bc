import FuzzTarget
import TokenSources
import Updates

let now = Timestamp(millisecondsSince1970: 1_791_119_827_590)
let serverID = UpdateID(high: 1, low: 2)
let sealer = TokenSealer(keys: .generate(now: now))
let stranger = TokenSealer(keys: .generate(now: now))

func isUnauthentic(_ bytes: [UInt8]) -> Bool {
    TokenPurpose.allCases.allSatisfy { outcome(sealer, bytes, $0) == .failure(.unauthentic) }
}

func outcome(
    _ sealer: TokenSealer, _ bytes: [UInt8], _ purpose: TokenPurpose, _ serverID: UpdateID = serverID, _ now: Timestamp = now
) -> Result<SessionToken, TokenError> {
    do throws(TokenError) {
        return .success(try sealer.open(bytes, purpose: purpose, serverID: serverID, now: now))
    } catch {
        return .failure(error)
    }
}

/// A token with fields that differ from input to input. It has not expired.
func token(of input: [UInt8]) -> SessionToken? {
    guard input.count >= 10 else { return nil }
    var choices = Choices(of: input)
    let name = String((0...(Int(input[0]) % 255)).map { _ in "0123456789abcdef-".randomElement(using: &choices) ?? "-" })
    guard let deviceID = DeviceID(name), let digest = SHA256Digest(bytes: (0..<32).map { _ in UInt8.random(in: 0...255, using: &choices) }) else {
        return nil
    }
    return SessionToken(
        purpose: input[1] & 1 == 0 ? .authorization : .session, serverID: serverID, deviceID: deviceID, isRegistered: input[1] & 2 == 0,
        clientProtocolMajor: UInt16(input[2]) << 8 | UInt16(input[3]), clientProtocolMinor: UInt16(input[4]) << 8 | UInt16(input[5]),
        configurationVersion: Timestamp(millisecondsSince1970: Int64(bitPattern: choices.next())),
        generation: Generation(rawValue: Int64(bitPattern: choices.next())),
        expires: now.adding(milliseconds: 1 + Int64(input[6]) << 24 + Int64(input[7]) << 16), dnsNameDigest: digest,
        groupClaimDigest: digest, lineage: SessionLineage(rawValue: choices.next()))
}

func checkUnaltered(_ sealed: [UInt8], _ token: SessionToken) {
    require(outcome(sealer, sealed, token.purpose) == .success(token), "a sealed token does not open as it was")
    for purpose in TokenPurpose.allCases where purpose != token.purpose {
        require(outcome(sealer, sealed, purpose) == .failure(.wrongPurpose), "a token opens for \(purpose)")
    }
    require(outcome(sealer, sealed, token.purpose, UpdateID(high: 1, low: 3)) == .failure(.otherServer), "another server's token opens")
    require(outcome(sealer, sealed, token.purpose, serverID, token.expires) == .failure(.expired(token)), "an expired token opens")
    require(outcome(stranger, sealed, token.purpose) == .failure(.unauthentic), "a token opens with another key")
}
