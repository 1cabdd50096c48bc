import FuzzTarget
import UpdateProtocols

/// A cabinet gives members of the sizes it says or an error, and so does everything that is made of one. The limits are small, so that an input
/// is tried quickly; each of them has tests of its own.
let limits = CabinetLimits(members: 4096, member: 4 << 20, total: 4 << 20, ratio: 200, allowance: 1 << 20)

fuzz { start, count in
    let input = bytes(start, count)
    guard let cabinet = try? CabinetReader(CabinetBytes(input), limits: limits) else { return 0 }
    require(cabinet.members.count <= limits.members, "more members than the limit")
    require(cabinet.members.reduce(0) { $0 + $1.size } <= limits.total, "more bytes than the limit")
    var choices = Choices(of: input)
    // In their order, and then in another, which makes the library begin folders anew.
    for members in [cabinet.members, Array(cabinet.members.shuffled(using: &choices).prefix(8))] {
        for member in members {
            var size = 0
            if (try? cabinet.read(member, { size += $0.count })) != nil { require(Int64(size) == member.size, "a member of another size") }
            require(Int64(size) <= member.size, "more bytes than the member has")
            _ = OfflineCabinet.fragment(named: member.name)
        }
    }
    if UpdateBlob.isBlob(cabinet) {
        var text: [UInt8] = []
        if (try? UpdateBlob.read(cabinet, { text.append(contentsOf: $0) })) != nil {
            require(String(validating: text, as: UTF8.self) != nil, "a document that is not UTF-8")
        }
    }
    if OfflineCabinet.isOne(cabinet), let list = try? cabinet.member(OfflineCabinet.packageName) {
        var reader = OfflinePackageReader()
        if (try? cabinet.read(list, { try reader.feed($0) })) != nil, let package = try? reader.finish() {
            for (index, revision) in package.revisions.enumerated() {
                require(package.index(of: revision.number) == index, "a revision is not found")
            }
        }
    }
    return 0
}
