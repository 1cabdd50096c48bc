import CMSPack

/// Reads a Microsoft cabinet ([MS-CAB]): members stored, or compressed with MSZIP, Quantum or LZX.
///
/// The directory is read and held against the limits at once; members are decompressed when they are asked for, into pieces, and never whole
/// in memory. A member's name is a word to compare and nothing else. Not Sendable: one caller at a time.
public final class CabinetReader {
    /// In the order in which their bytes come: reading them in this order reads the cabinet once.
    public let members: [CabinetMember]
    /// Bytes of all members, and of the gaps before them, that are decompressed where every member is read.
    public let decompressedSize: Int64
    private let files: [UnsafeMutablePointer<mscabd_file>]
    private let library: MSPack

    /// What a cabinet begins with: "MSCF".
    public static let signature: [UInt8] = [0x4d, 0x53, 0x43, 0x46]

    public init(_ source: any CabinetSource, limits: CabinetLimits = .offlineScan) throws {
        let library = try MSPack(source)
        let cabinet = try library.open()
        let directory = try Self.directory(of: cabinet, limits)
        decompressedSize = try Self.check(directory, sourceSize: source.size, limits)
        self.library = library
        members = directory.map(\.member)
        files = directory.map(\.file)
    }

    /// Decompresses a member and hands its bytes over in pieces of at most 64 KiB.
    ///
    /// Throws what `take` throws, or ``CabinetError``: then what was handed over is not the member, and others of its folder may be lost with it.
    public func read(_ member: CabinetMember, _ take: (UnsafeRawBufferPointer) throws -> Void) throws {
        guard members.indices.contains(member.position), members[member.position] == member else {
            throw CabinetError(.missing, member: member.name, "it is not of this cabinet")
        }
        // There is nothing to read, and its place in the data need not exist.
        guard member.size > 0 else { return }
        try withoutActuallyEscaping(take) { try library.extract(files[member.position], member, $0) }
    }

    /// The member of this name; `\` and `/` are one.
    public func member(_ name: String) throws(CabinetError) -> CabinetMember {
        guard let member = members.first(where: { $0.name == name }) else {
            throw CabinetError(.missing, member: name, "the cabinet has no such member")
        }
        return member
    }

    // MARK: - The directory

    private struct Entry {
        let file: UnsafeMutablePointer<mscabd_file>
        /// Counted from the first folder of the cabinet.
        let folder: Int
        let offset: Int64
        var member: CabinetMember

        var end: Int64 { offset + member.size }
    }

    private static func directory(
        of cabinet: UnsafeMutablePointer<mscabd_cabinet>, _ limits: CabinetLimits
    ) throws(CabinetError) -> [Entry] {
        guard cabinet.pointee.flags & (MSCAB_HDR_PREVCAB | MSCAB_HDR_NEXTCAB) == 0 else {
            throw CabinetError(.unsupported, "it is one of a set of cabinets")
        }
        var folders: [UnsafeMutablePointer<mscabd_folder>: Int] = [:]
        var folder = cabinet.pointee.folders
        while let present = folder {
            folders[present] = folders.count
            folder = present.pointee.next
        }
        var entries: [Entry] = []
        var names: Set<String> = []
        var next = cabinet.pointee.files
        while let file = next {
            next = file.pointee.next
            guard entries.count < limits.members else { throw CabinetError(.tooManyMembers, "more than \(limits.members) members") }
            let name = Self.name(of: file)
            guard let folder = folders[file.pointee.folder] else { throw CabinetError(.malformed, member: name, "it is in no folder of the cabinet") }
            guard names.insert(name).inserted else { throw CabinetError(.repeatedName, member: name, "another member has this name") }
            entries.append(
                Entry(
                    file: file, folder: folder, offset: Int64(file.pointee.offset),
                    member: CabinetMember(name: name, size: Int64(file.pointee.length), position: 0)))
        }
        entries.sort { ($0.folder, $0.offset, $0.end) < ($1.folder, $1.offset, $1.end) }
        for index in entries.indices { entries[index].member.position = index }
        return entries
    }

    private static func name(of file: UnsafeMutablePointer<mscabd_file>) -> String {
        guard let text = file.pointee.filename else { return "" }
        return String(String(cString: text).map { $0 == "\\" ? "/" : $0 })
    }

    /// What is checked here bounds the work: members that lie over one another would be decompressed once for each.
    private static func check(_ entries: [Entry], sourceSize: Int64, _ limits: CabinetLimits) throws(CabinetError) -> Int64 {
        var total: Int64 = 0
        for (index, entry) in entries.enumerated() {
            guard entry.member.size <= limits.member else {
                throw CabinetError(.tooLarge, member: entry.member.name, "\(entry.member.size) bytes, and at most \(limits.member) are read")
            }
            let earlier = index > 0 && entries[index - 1].folder == entry.folder ? entries[index - 1].end : 0
            guard entry.offset >= earlier || entry.member.size == 0 else {
                throw CabinetError(.malformed, member: entry.member.name, "it lies over the member before it")
            }
            // The bytes before it that belong to no member are decompressed too.
            total += max(0, entry.end - earlier)
            guard total <= limits.total else { throw CabinetError(.tooLarge, "more than \(limits.total) bytes in all") }
        }
        let (most, isBeyond) = sourceSize.multipliedReportingOverflow(by: limits.ratio)
        guard isBeyond || total <= most + limits.allowance else {
            throw CabinetError(.tooDense, "\(total) bytes are said to be in \(sourceSize), more than \(limits.ratio) times as many")
        }
        return total
    }
}

/// A file in a cabinet.
public struct CabinetMember: Hashable, Sendable {
    /// As the cabinet spells it, with `/` for `\`.
    public let name: String
    /// Bytes, decompressed, by the cabinet's word: neither more nor fewer are handed over.
    public let size: Int64
    fileprivate(set) var position: Int
}
