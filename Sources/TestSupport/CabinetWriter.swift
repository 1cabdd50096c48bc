import CZlib

/// Writes cabinets for tests ([MS-CAB]), right ones and, with ``alter``, wrong ones.
public struct CabinetWriter {
    public enum Compression: UInt16, CaseIterable, Sendable {
        case stored = 0
        case mszip = 1
        /// A window of 2^21, and blocks that are not compressed: what can be written without an encoder.
        case lzx = 0x1503
    }

    /// Members of one folder: they are compressed as one.
    public struct Folder {
        public var compression: Compression
        public var members: [(name: String, bytes: [UInt8])]

        public init(_ compression: Compression, _ members: [(name: String, bytes: [UInt8])]) {
            self.compression = compression
            self.members = members
        }
    }

    /// What the directory says of a member.
    public struct Entry {
        public var name: [UInt8]
        public var size: UInt32
        public var offset: UInt32
        public var folder: UInt16
    }

    public var folders: [Folder]
    /// Changes the directory before it is written.
    public var alter: (inout [Entry]) -> Void = { _ in }
    public var flags: UInt16 = 0

    public init(_ folders: [Folder]) {
        self.folders = folders
    }

    public init(_ compression: Compression = .stored, _ members: [(name: String, bytes: [UInt8])]) {
        self.init([Folder(compression, members)])
    }

    private static let blockSize = 32_768

    public func bytes() -> [UInt8] {
        var entries: [Entry] = []
        for (number, folder) in folders.enumerated() {
            var offset = 0
            for member in folder.members {
                entries.append(
                    Entry(name: Array(member.name.utf8), size: UInt32(member.bytes.count), offset: UInt32(offset), folder: UInt16(number)))
                offset += member.bytes.count
            }
        }
        alter(&entries)
        let blocks = folders.map { folder in Self.blocks(folder.members.flatMap(\.bytes), folder.compression) }
        let directory = 36 + 8 * folders.count
        var dataOffset = directory + entries.reduce(0) { $0 + 16 + $1.name.count + 1 }
        let size = dataOffset + blocks.reduce(0) { $0 + $1.reduce(0) { $0 + 8 + $1.bytes.count } }

        var out: [UInt8] = [0x4d, 0x53, 0x43, 0x46]
        func add<Number: FixedWidthInteger>(_ number: Number) {
            for shift in stride(from: 0, to: Number.bitWidth, by: 8) { out.append(UInt8(truncatingIfNeeded: number >> Number(shift))) }
        }
        add(UInt32(0))
        add(UInt32(size))
        add(UInt32(0))
        add(UInt32(directory))
        add(UInt32(0))
        out += [3, 1]
        add(UInt16(folders.count))
        add(UInt16(entries.count))
        add(flags)
        add(UInt16(0))
        add(UInt16(0))
        for (folder, blocks) in zip(folders, blocks) {
            add(UInt32(dataOffset))
            add(UInt16(blocks.count))
            add(folder.compression.rawValue)
            dataOffset += blocks.reduce(0) { $0 + 8 + $1.bytes.count }
        }
        for entry in entries {
            add(entry.size)
            add(entry.offset)
            add(entry.folder)
            add(UInt16(0x58f2))
            add(UInt16(0x6000))
            add(UInt16(0x20))
            out += entry.name + [0]
        }
        for (bytes, count) in blocks.flatMap({ $0 }) {
            let sizes = [UInt8(bytes.count & 255), UInt8(bytes.count >> 8), UInt8(count & 255), UInt8(count >> 8)]
            add(Self.checksum(sizes, seed: Self.checksum(bytes, seed: 0)))
            out += sizes + bytes
        }
        return out
    }

    private static func blocks(_ bytes: [UInt8], _ compression: Compression) -> [(bytes: [UInt8], count: Int)] {
        stride(from: 0, to: bytes.count, by: blockSize).map { start in
            let block = Array(bytes[start..<min(start + blockSize, bytes.count)])
            switch compression {
            case .stored: return (block, block.count)
            case .mszip: return ([0x43, 0x4b] + deflated(block), block.count)
            case .lzx: return ((start == 0 ? lzxHeader(bytes.count) : []) + block, block.count)
            }
        }
    }

    /// One block of the kind "uncompressed" over all of it: no E8 translation (1 bit), its kind (3), its length (24), filled up to 16 bits, and the
    /// three offsets that are repeated.
    private static func lzxHeader(_ count: Int) -> [UInt8] {
        let bits = UInt32(3) << 28 | UInt32(count) << 4
        let words = [UInt16(bits >> 16), UInt16(bits & 0xffff)].flatMap { [UInt8($0 & 255), UInt8($0 >> 8)] }
        return words + [1, 0, 0, 0, 1, 0, 0, 0, 1, 0, 0, 0]
    }

    private static func deflated(_ block: [UInt8]) -> [UInt8] {
        var stream = z_stream()
        deflateInit2_(&stream, 9, Z_DEFLATED, -15, 8, Z_DEFAULT_STRATEGY, ZLIB_VERSION, Int32(MemoryLayout<z_stream>.size))
        var input = block
        var output = [UInt8](repeating: 0, count: block.count + 64)
        let count = input.withUnsafeMutableBufferPointer { input in
            output.withUnsafeMutableBufferPointer { output in
                stream.next_in = input.baseAddress
                stream.avail_in = UInt32(input.count)
                stream.next_out = output.baseAddress
                stream.avail_out = UInt32(output.count)
                deflate(&stream, Z_FINISH)
                return output.count - Int(stream.avail_out)
            }
        }
        deflateEnd(&stream)
        return Array(output[..<count])
    }

    /// [MS-CAB] 3.1: words of four bytes, exclusive-or; what is left at the end is taken most significant first.
    private static func checksum(_ bytes: [UInt8], seed: UInt32) -> UInt32 {
        var sum = seed
        var index = 0
        while index + 4 <= bytes.count {
            sum ^= UInt32(bytes[index]) | UInt32(bytes[index + 1]) << 8 | UInt32(bytes[index + 2]) << 16 | UInt32(bytes[index + 3]) << 24
            index += 4
        }
        return sum ^ bytes[index...].reduce(UInt32(0)) { $0 << 8 | UInt32($1) }
    }
}
