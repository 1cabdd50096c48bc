import FuzzTarget
import TokenSources

/// Nothing opens but what was sealed, in every byte; what was sealed opens as it was.
///
/// An input is 10 bytes that a token is made of, then alterations of three bytes each: a place (two) and what it is changed by.
fuzz { start, count in
    let input = bytes(start, count)
    require(isUnauthentic(input), "an input opens")
    guard let token = token(of: input) else { return 0 }
    let sealed = sealer.seal(token)
    require(sealed.count == TokenSealer.tokenSize, "a token of another length")
    checkUnaltered(sealed, token)

    var altered = sealed
    var rest = input.dropFirst(10)
    while rest.count >= 3 {
        let place = Int(rest[rest.startIndex]) << 8 | Int(rest[rest.startIndex + 1])
        let change = rest[rest.startIndex + 2]
        rest = rest.dropFirst(3)
        if place < altered.count { altered[place] ^= change } else { altered.append(change) }
        require(altered == sealed || isUnauthentic(altered), "a token altered at \(place) opens")
    }
    let length = Int(input[0]) << 1 | Int(input[1] & 1)
    require(isUnauthentic(Array(sealed.prefix(min(length, sealed.count - 1)))), "a part of a token opens")
    require(isUnauthentic(sealed + rest.prefix(2) + [0]), "a token with more after it opens")
    require(isUnauthentic(input + sealed.dropFirst(input.count)), "a token with another beginning opens")
    return 0
}
