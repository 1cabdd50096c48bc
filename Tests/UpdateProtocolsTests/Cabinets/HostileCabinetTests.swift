import TestSupport
import Testing
import UpdateProtocols

@Suite struct HostileCabinetTests {
    private static let small: [CabinetWriter.Compression: [UInt8]] = Dictionary(
        uniqueKeysWithValues: CabinetWriter.Compression.allCases.map {
            ($0, CabinetWriter($0, [("c/1", Array("<UpdateIdentity />".utf8)), ("x/1", Array("<ExtendedProperties />".utf8))]).bytes())
        })

    @Test(arguments: CabinetWriter.Compression.allCases)
    func `a cabinet that is cut off at any byte is refused`(compression: CabinetWriter.Compression) throws {
        let whole = try #require(Self.small[compression])
        for length in whole.indices {
            #expect(failure(of: Array(whole[..<length])) != nil, "\(compression) cut at \(length)")
        }
        #expect(failure(of: whole) == nil)
    }

    @Test(arguments: CabinetWriter.Compression.allCases)
    func `a changed bit in the data is found by its checksum`(compression: CabinetWriter.Compression) throws {
        let whole = try #require(Self.small[compression])
        // Behind the directory and the block's checksum, whose absence means that there is none.
        let data = 36 + 8 + 2 * (16 + 4) + 4
        for position in data..<whole.count {
            for bit in 0..<8 {
                var changed = whole
                changed[position] ^= 1 << bit
                #expect(failure(of: changed) != nil, "\(compression), bit \(bit) of byte \(position)")
            }
        }
    }

    @Test(arguments: CabinetWriter.Compression.allCases)
    func `a changed bit anywhere gives members or an error, and nothing else`(compression: CabinetWriter.Compression) throws {
        let whole = try #require(Self.small[compression])
        for position in whole.indices {
            for bit in 0..<8 {
                var changed = whole
                changed[position] ^= 1 << bit
                do {
                    for (name, bytes) in try contents(of: changed) { #expect(bytes.count <= 40, "\(name)") }
                } catch {
                    #expect(error is CabinetError)
                }
            }
        }
    }

    @Test func `what is no cabinet is told from what is a broken one`() {
        #expect(failure(of: [])?.code == .truncated)
        #expect(failure(of: Array("PK\u{3}\u{4}, and so on for as long as a header would be".utf8))?.code == .notACabinet)
    }

    @Test func `a member that is said to be longer than its data is refused`() throws {
        for excess in [1, 32_768, 0x7000_0000] as [UInt32] {
            var writer = CabinetWriter(.stored, [("a", noise(100))])
            writer.alter = { $0[0].size += excess }
            let limits = CabinetLimits(members: 8, member: 4 << 30, total: 8 << 30, ratio: 200, allowance: 8 << 30)
            let error = try #require(failure(of: writer.bytes(), limits: limits), "\(excess)")
            #expect(error.member == "a")
        }
    }

    @Test func `members that lie over one another are refused`() throws {
        var writer = CabinetWriter(.mszip, [("a", noise(100)), ("b", noise(100))])
        writer.alter = { $0[1].offset = 99 }
        #expect(failure(of: writer.bytes()) == CabinetError(.malformed, member: "b", "it lies over the member before it"))
        writer.alter = { $0[1].offset = 100 }
        #expect(failure(of: writer.bytes()) == nil)
    }

    @Test func `two members of one name are refused, their slashes being one`() {
        let error = failure(of: CabinetWriter(.stored, [("c\\1", [1]), ("c/1", [2])]).bytes())
        #expect(error?.code == .repeatedName)
        #expect(error?.member == "c/1")
    }

    @Test func `one of a set of cabinets is refused`() {
        for flag in [1, 2] as [UInt16] {
            var writer = CabinetWriter(.stored, [("a", [1])])
            writer.flags = flag
            #expect(failure(of: writer.bytes()) != nil)
        }
        var writer = CabinetWriter(.stored, [("a", [1])])
        // The folder that goes on from the cabinet before.
        writer.alter = { $0[0].folder = 0xfffd }
        #expect(failure(of: writer.bytes()) != nil)
    }

    @Test func `a member in a folder that is not there is refused`() {
        var writer = CabinetWriter(.stored, [("a", [1])])
        writer.alter = { $0[0].folder = 1 }
        #expect(failure(of: writer.bytes()) != nil)
    }

    @Test func `the count of members is limited`() {
        let limits = CabinetLimits(members: 3, member: 10, total: 100, ratio: 200, allowance: 100)
        let names = ["a", "b", "c", "d"]
        #expect(failure(of: CabinetWriter(.stored, names.prefix(3).map { ($0, [1]) }).bytes(), limits: limits) == nil)
        #expect(failure(of: CabinetWriter(.stored, names.map { ($0, [1]) }).bytes(), limits: limits)?.code == .tooManyMembers)
    }

    @Test func `the format's most members are read`() throws {
        let members = (0..<65_535).map { ("c/\($0)", [UInt8(0)]) }
        #expect(try contents(of: CabinetWriter(.mszip, members).bytes()).count == 65_535)
    }

    @Test func `the size of a member is limited`() {
        let limits = CabinetLimits(members: 3, member: 10, total: 100, ratio: 200, allowance: 100)
        #expect(failure(of: CabinetWriter(.stored, [("a", noise(10))]).bytes(), limits: limits) == nil)
        let error = failure(of: CabinetWriter(.stored, [("a", noise(11))]).bytes(), limits: limits)
        #expect(error == CabinetError(.tooLarge, member: "a", "11 bytes, and at most 10 are read"))
    }

    @Test func `the size of all members is limited, what lies between them included`() {
        let limits = CabinetLimits(members: 3, member: 60, total: 100, ratio: 200, allowance: 100)
        #expect(failure(of: CabinetWriter(.stored, [("a", noise(50)), ("b", noise(50))]).bytes(), limits: limits) == nil)
        #expect(failure(of: CabinetWriter(.stored, [("a", noise(50)), ("b", noise(51))]).bytes(), limits: limits)?.code == .tooLarge)
        var writer = CabinetWriter(.stored, [("a", noise(50)), ("b", noise(50))])
        writer.alter = { $0[1].offset = 51 }
        #expect(failure(of: writer.bytes(), limits: limits)?.code == .tooLarge)
    }

    @Test func `a cabinet that swells is refused before it is decompressed`() throws {
        let cabinet = CabinetWriter(.mszip, [("zeros", [UInt8](repeating: 0, count: 4 << 20))]).bytes()
        let excess = Int64(4 << 20) - Int64(cabinet.count) * 200
        #expect(excess > 0)
        let limits = CabinetLimits(members: 1, member: 8 << 20, total: 8 << 20, ratio: 200, allowance: excess)
        #expect(failure(of: cabinet, limits: limits) == nil)
        let tighter = CabinetLimits(members: 1, member: 8 << 20, total: 8 << 20, ratio: 200, allowance: excess - 1)
        #expect(failure(of: cabinet, limits: tighter)?.code == .tooDense)
    }

    @Test func `a folder shared by many entries costs no more than one`() {
        // Each entry of the directory points to the same data from its own folder: a thousand times the work for a few bytes.
        let large = [UInt8](repeating: 0, count: 1 << 20)
        var cabinet = CabinetWriter((0..<1000).map { CabinetWriter.Folder(.mszip, [("\($0)", $0 == 0 ? large : [])]) })
        cabinet.alter = { entries in
            for index in entries.indices { entries[index].size = 1 << 20 }
        }
        #expect(failure(of: cabinet.bytes())?.code == .tooDense)
    }

    @Test func `a name that never ends is refused`() {
        var writer = CabinetWriter(.stored, [("a", [1])])
        writer.alter = { $0[0].name = [UInt8](repeating: 0x61, count: 70_000) }
        #expect(failure(of: writer.bytes()) != nil)
    }
}
