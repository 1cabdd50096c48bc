import Testing
import Updates

@testable import UpdateEngine

struct GroupClaimTests {
    @Test(arguments: [
        ("", []), (";; ;", []), ("Lab", ["Lab"]), (" Lab ;\tOffice\n", ["Lab", "Office"]), ("Lab;lab;LAB", ["Lab"]), ("a b;c", ["a b", "c"]),
        ("B\u{fc}ro;Bu\u{308}ro", ["B\u{fc}ro"]),
    ])
    func `a list of groups is read as Windows writes it`(text: String, names: [String]) {
        #expect(GroupClaim(text).names == names)
    }

    @Test func `a list has as many names as allowed, the rest is left out`() {
        let names = (1...33).map { "g\($0)" }
        #expect(GroupClaim(names.prefix(32).joined(separator: ";")).names == Array(names.prefix(32)))
        #expect(GroupClaim(names.joined(separator: ";")).names == Array(names.prefix(32)))
    }

    @Test func `order and case make no other claim`() {
        #expect(GroupClaim("Lab;Office").digest == GroupClaim("office; LAB").digest)
        #expect(GroupClaim("Lab;Office").digest != GroupClaim("Lab").digest)
        #expect(GroupClaim("B\u{fc}ro").digest == GroupClaim("bu\u{308}ro").digest)
        #expect(GroupClaim(names: ["Lab", "LAB"]).digest == GroupClaim("Lab").digest)
        #expect(GroupClaim(";").digest == GroupClaim.none.digest)
    }

    @Test func `as many claims are remembered as allowed, then the oldest goes, and no claim never`() {
        var claims = GroupClaims()
        let digests = (0...GroupClaims.limit).map { GroupClaim("group \($0)").digest }
        for number in 0..<GroupClaims.limit { _ = claims.remember(GroupClaim("group \(number)")) }
        let heldBefore = claims[digests[0]]
        _ = claims.remember(GroupClaim("group 5"))
        _ = claims.remember(GroupClaim("group \(GroupClaims.limit)"))
        #expect(heldBefore?.names == ["group 0"])
        #expect(claims[digests[0]] == nil)
        #expect(digests.dropFirst().allSatisfy { claims[$0] != nil })
        #expect(claims[GroupClaim.none.digest] == GroupClaim.none)
    }
}
