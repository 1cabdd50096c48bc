import CMSPack

/// libmspack with one cabinet: what it reads comes from a ``CabinetSource``, what it writes goes to a closure. It opens no file.
final class MSPack {
    private let system: UnsafeMutablePointer<cmspack_system>
    private let outside: Outside
    private let decompressor: UnsafeMutablePointer<mscab_decompressor>
    private var cabinet: UnsafeMutablePointer<mscabd_cabinet>?

    init(_ source: any CabinetSource) throws(CabinetError) {
        outside = Outside(source)
        system = .allocate(capacity: 1)
        system.initialize(to: cmspack_system())
        system.pointee.context = Unmanaged.passUnretained(outside).toOpaque()
        Calls.fill(&system.pointee.system)
        // The first member of the struct is where the struct is.
        let base = UnsafeMutableRawPointer(system).assumingMemoryBound(to: mspack_system.self)
        guard let made = mspack_create_cab_decompressor(base) else {
            system.deallocate()
            throw CabinetError(.outOfMemory, "no memory for a decompressor")
        }
        decompressor = made
    }

    deinit {
        if let cabinet { decompressor.pointee.close(decompressor, cabinet) }
        mspack_destroy_cab_decompressor(decompressor)
        system.deallocate()
    }

    /// Reads the directory. What it hands out lives as long as this object.
    func open() throws -> UnsafeMutablePointer<mscabd_cabinet> {
        guard let opened = decompressor.pointee.open(decompressor, "") else {
            throw outside.takeFailure() ?? Self.error(decompressor.pointee.last_error(decompressor), in: nil)
        }
        cabinet = opened
        return opened
    }

    func extract(
        _ file: UnsafeMutablePointer<mscabd_file>, _ member: CabinetMember, _ take: @escaping (UnsafeRawBufferPointer) throws -> Void
    ) throws {
        outside.take = take
        outside.taken = 0
        defer { outside.take = nil }
        let code = decompressor.pointee.extract(decompressor, file, "")
        if let failure = outside.takeFailure() { throw failure }
        guard code == MSPACK_ERR_OK else { throw Self.error(code, in: member.name) }
        guard outside.taken == member.size else {
            throw CabinetError(.truncated, member: member.name, "\(outside.taken) bytes of \(member.size) are there")
        }
    }

    private static func error(_ code: CInt, in member: String?) -> CabinetError {
        switch code {
        case MSPACK_ERR_SIGNATURE: CabinetError(.notACabinet, member: member, "it does not begin as a cabinet does")
        case MSPACK_ERR_READ, MSPACK_ERR_SEEK: CabinetError(.truncated, member: member, "it ends too early")
        case MSPACK_ERR_CHECKSUM: CabinetError(.corrupt, member: member, "a block does not have its checksum")
        case MSPACK_ERR_DECRUNCH: CabinetError(.corrupt, member: member, "a block does not decompress")
        case MSPACK_ERR_NOMEMORY: CabinetError(.outOfMemory, member: member, "no memory to decompress it")
        default: CabinetError(.malformed, member: member, "its directory contradicts itself")
        }
    }
}

/// The source and the sink of one cabinet, and what went wrong with them.
private final class Outside {
    let source: any CabinetSource
    var take: ((UnsafeRawBufferPointer) throws -> Void)?
    /// Bytes handed over.
    var taken: Int64 = 0
    var failure: (any Error)?

    init(_ source: any CabinetSource) {
        self.source = source
    }

    func takeFailure() -> (any Error)? {
        defer { failure = nil }
        return failure
    }
}

/// What libmspack takes for an open file.
private final class Handle {
    let outside: Outside
    let isSink: Bool
    var position: Int64 = 0

    init(_ outside: Outside, isSink: Bool) {
        self.outside = outside
        self.isSink = isSink
    }

    static func of(_ file: UnsafeMutablePointer<mspack_file>?) -> Handle? {
        file.map { Unmanaged<Handle>.fromOpaque($0).takeUnretainedValue() }
    }

    func read(_ buffer: UnsafeMutableRawBufferPointer) -> CInt {
        guard !isSink, outside.failure == nil else { return -1 }
        do {
            let count = try outside.source.read(into: buffer, at: position)
            position += Int64(count)
            return CInt(count)
        } catch {
            outside.failure = error
            return -1
        }
    }

    func write(_ bytes: UnsafeRawBufferPointer) -> CInt {
        guard isSink, let take = outside.take, outside.failure == nil else { return -1 }
        do {
            try take(bytes)
            outside.taken += Int64(bytes.count)
            return CInt(bytes.count)
        } catch {
            outside.failure = error
            return -1
        }
    }

    func seek(_ offset: Int64, _ mode: CInt) -> CInt {
        let base: Int64
        switch mode {
        case MSPACK_SYS_SEEK_START: base = 0
        case MSPACK_SYS_SEEK_CUR: base = position
        case MSPACK_SYS_SEEK_END: base = outside.source.size
        default: return -1
        }
        let (target, isBeyond) = base.addingReportingOverflow(offset)
        guard !isBeyond, target >= 0 else { return -1 }
        position = target
        return 0
    }
}

/// The functions that libmspack calls.
private enum Calls {
    static func fill(_ system: inout mspack_system) {
        system.open = { system, _, mode in
            guard let system, mode == MSPACK_SYS_OPEN_READ || mode == MSPACK_SYS_OPEN_WRITE else { return nil }
            let whole = UnsafeMutableRawPointer(system).assumingMemoryBound(to: cmspack_system.self)
            guard let context = whole.pointee.context else { return nil }
            let outside = Unmanaged<Outside>.fromOpaque(context).takeUnretainedValue()
            let handle = Handle(outside, isSink: mode == MSPACK_SYS_OPEN_WRITE)
            return Unmanaged.passRetained(handle).toOpaque().assumingMemoryBound(to: mspack_file.self)
        }
        system.close = { file in
            if let file { Unmanaged<Handle>.fromOpaque(file).release() }
        }
        system.read = { file, buffer, count in
            guard let handle = Handle.of(file), let buffer, count >= 0 else { return -1 }
            return handle.read(UnsafeMutableRawBufferPointer(start: buffer, count: Int(count)))
        }
        system.write = { file, bytes, count in
            guard let handle = Handle.of(file), let bytes, count >= 0 else { return -1 }
            return handle.write(UnsafeRawBufferPointer(start: bytes, count: Int(count)))
        }
        system.seek = { file, offset, mode in Handle.of(file)?.seek(Int64(offset), mode) ?? -1 }
        system.tell = { file in off_t(Handle.of(file)?.position ?? 0) }
        system.alloc = { _, count in UnsafeMutableRawPointer.allocate(byteCount: count, alignment: 16) }
        system.free = { memory in memory?.deallocate() }
        system.copy = { from, to, count in
            if let from, let to { to.copyMemory(from: from, byteCount: count) }
        }
        cmspack_ignore_messages(&system)
    }
}
