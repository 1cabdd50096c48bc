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

    private let start = Timestamp(millisecondsSince1970: 1_800_000_000_000)

    /// Remembers claims, each from another network.
    private func flood(_ claims: inout GroupClaims, _ numbers: Range<Int>) {
        for number in numbers { _ = claims.remember(GroupClaim("flood \(number)"), from: SourceNetwork("n\(number)"), at: start) }
    }

    @Test func `claims are bounded; one that is used stays, one that is not goes, and no claim never does`() {
        var claims = GroupClaims()
        let used = claims.remember(GroupClaim("used"), from: SourceNetwork("192.0.2.1"), at: start)
        let unused = claims.remember(GroupClaim("unused"), from: SourceNetwork("192.0.2.1"), at: start)
        flood(&claims, 0..<2000)
        let isHeld = claims.find(unused) != nil
        #expect(isHeld)
        for round in 1...4 {
            flood(&claims, round * 2000..<(round + 1) * 2000)
            let found = claims.find(used)
            #expect(found?.names == ["used"])
        }
        let gone = claims.find(unused)
        let none = claims.find(GroupClaim.none.digest)
        #expect(gone == nil)
        #expect(none == GroupClaim.none)
        let held = (0..<10_000).count { claims.find(GroupClaim("flood \($0)").digest) != nil }
        #expect(held <= GroupClaims.limit)
    }

    @Test func `a flood of lists from one network pushes out nothing`() {
        var claims = GroupClaims()
        let seldom = claims.remember(GroupClaim("seldom"), from: SourceNetwork("192.0.2.1"), at: start)
        for number in 0..<10_000 { _ = claims.remember(GroupClaim("flood \(number)"), from: SourceNetwork("192.0.2.66"), at: start) }
        let found = claims.find(seldom)
        let last = claims.find(GroupClaim("flood 499").digest)
        let beyond = claims.find(GroupClaim("flood 500").digest)
        #expect(found != nil)
        #expect(last != nil)
        #expect(beyond == nil)
    }
}
