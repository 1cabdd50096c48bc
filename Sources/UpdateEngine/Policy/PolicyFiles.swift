public import ScanPolicy

/// A device that a path holds: read, or refused with the reason. A fleet is forecast even where one of its devices cannot be read.
public enum PolicyDevice: Sendable {
    case read(DeviceRecord)
    case refused(name: String, PolicyFileError)

    public var name: String {
        switch self {
        case .read(let reading): reading.facts.name
        case .refused(let name, _): name
        }
    }
}

/// The policy files of devices at paths that an administrator names.
///
/// A path is one file (one device, named after it), a folder that holds such files directly (one device), a folder of such folders (one device
/// each), or a file `*.ndjson` with one device a line. Names that begin with a dot are passed over. Nothing but regular files and folders is
/// ever opened: links, FIFOs, sockets and devices are refused where they stand.
public struct PolicyFiles {
    private let limits: PolicyFileLimits
    private var names: [String: String] = [:]

    private init(limits: PolicyFileLimits) { self.limits = limits }

    /// Hands out every device of the paths in order, those of a folder by name. Reading is done a file or line at a time.
    /// - Throws: ``PolicyFileError`` where a path itself cannot be walked or holds nothing; what `device` throws.
    public static func forEachDevice(
        at paths: [String], limits: PolicyFileLimits = .standard, _ device: (PolicyDevice) throws -> Void
    ) throws {
        var files = PolicyFiles(limits: limits)
        for path in paths { try files.walk(path, device) }
    }

    private mutating func walk(_ path: String, _ device: (PolicyDevice) throws -> Void) throws {
        let limits = limits
        switch try PolicyEntry(path: path).kind {
        case .file:
            if Self.isDeviceLines(path) { return try readLines(path, device) }
            try hand(Self.deviceName(ofFile: path), path, device) { () throws(PolicyFileError) in
                try DeviceRecord(name: Self.deviceName(ofFile: path), readings: [try Self.read(path, in: nil, limits)])
            }
        case .folder:
            let folder = try PolicyFolder(path: path, limits: limits)
            let files = folder.entries.filter { $0.kind != .folder }
            let folders = folder.entries.filter { $0.kind == .folder }
            if folder.entries.isEmpty {
                throw PolicyFileError(.unreadable, file: path, at: 0, expected: "policy files in this folder, which is empty")
            }
            if folders.isEmpty { return try readDevice(folder, device) }
            if let file = files.first {
                throw PolicyFileError(
                    .unreadable, file: path, at: 0,
                    expected: "files of one device or folders of devices, not both (\(file.name) and \(folders[0].name))")
            }
            for entry in folders { try readSubfolder("\(path)/\(entry.name)", device) }
        }
    }

    private mutating func readSubfolder(_ path: String, _ device: (PolicyDevice) throws -> Void) throws {
        let opened: Result<PolicyFolder, PolicyFileError>
        do throws(PolicyFileError) {
            opened = .success(try openDevice(path))
        } catch {
            opened = .failure(error)
        }
        switch opened {
        case .success(let folder): try readDevice(folder, device)
        case .failure(let error): try hand(Self.lastComponent(path), path, device) { () throws(PolicyFileError) in throw error }
        }
    }

    private func openDevice(_ path: String) throws(PolicyFileError) -> PolicyFolder {
        let folder = try PolicyFolder(path: path, limits: limits)
        if let inner = folder.entries.first(where: { $0.kind == .folder }) {
            throw PolicyFileError(.unreadable, file: path, at: 0, expected: "the files of one device, not the folder \(inner.name) as well")
        }
        if folder.entries.isEmpty { throw PolicyFileError(.unreadable, file: path, at: 0, expected: "policy files in this folder, which is empty") }
        return folder
    }

    private mutating func readDevice(_ folder: PolicyFolder, _ device: (PolicyDevice) throws -> Void) throws {
        let name = Self.lastComponent(folder.path)
        let limits = limits
        try hand(name, folder.path, device) { () throws(PolicyFileError) in
            if folder.entries.count > limits.filesOfDevice {
                throw PolicyFileError(.tooLarge, file: folder.path, at: 0, expected: "at most \(limits.filesOfDevice) files of one device")
            }
            var readings: [PolicyReading] = []
            for entry in folder.entries {
                if Self.isDeviceLines(entry.name) {
                    throw PolicyFileError(
                        .unreadable, file: "\(folder.path)/\(entry.name)", at: 0, expected: "a file of many devices as a path of its own")
                }
                readings.append(try Self.read(entry.name, in: folder, limits))
            }
            return try DeviceRecord(name: name, readings: readings)
        }
    }

    private static func read(_ name: String, in folder: PolicyFolder?, _ limits: PolicyFileLimits) throws(PolicyFileError) -> PolicyReading {
        let file = try PolicyFileDescriptor(name, in: folder)
        return try PolicyReading.read(try file.readAll(limit: limits.file), file: file.path, limits: limits)
    }

    /// Reads one device and hands it out, or what it was refused for. A name that was there before is refused: verdicts are told apart by name.
    private mutating func hand(
        _ name: String, _ place: String, _ device: (PolicyDevice) throws -> Void, _ read: () throws(PolicyFileError) -> DeviceRecord
    ) throws {
        let result: PolicyDevice
        do throws(PolicyFileError) {
            result = .read(try read())
        } catch {
            result = .refused(name: name, error)
        }
        if let other = names[result.name] {
            let error = PolicyFileError(
                .contradiction, file: place, at: 0, expected: "a name that no other device has: \(result.name) is also at \(other)")
            return try device(.refused(name: result.name, error))
        }
        if names.count >= limits.devices { throw PolicyFileError(.tooLarge, file: place, at: 0, expected: "at most \(limits.devices) devices") }
        names[result.name] = place
        try device(result)
    }

    // MARK: One device a line

    private mutating func readLines(_ path: String, _ device: (PolicyDevice) throws -> Void) throws {
        let file = try PolicyFileDescriptor(path, in: nil)
        let limits = limits
        var lines = PolicyLines(file: file, limit: limits.line)
        var count = 0
        while let line = try lines.next() {
            if line.bytes.allSatisfy({ $0 == 0x20 || $0 == 0x09 || $0 == 0x0d }) { continue }
            count += 1
            let place = "\(path):\(line.number)"
            try hand(place, place, device) { () throws(PolicyFileError) in
                if line.isTooLong {
                    throw PolicyFileError(
                        .tooLarge, file: path, at: line.byteOffset + limits.line, expected: "at most \(limits.line) bytes for one device")
                }
                return try DeviceRecord.line(line.bytes, file: path, at: line.byteOffset, limits: limits)
            }
        }
        if count == 0 { throw PolicyFileError(.truncated, file: path, at: 0, expected: "a device as JSON on each line") }
    }

    // MARK: Names

    private static func isDeviceLines(_ path: String) -> Bool { path.lowercased().hasSuffix(".ndjson") }

    private static func lastComponent(_ path: String) -> String { path.split(separator: "/").last.map(String.init) ?? path }

    /// The file's name without the ending that tells its kind; a device's own name may have dots.
    private static func deviceName(ofFile path: String) -> String {
        let name = lastComponent(path)
        for ending in [".pol", ".reg", ".txt", ".xml", ".log", ".json", ".policyrules"] where name.lowercased().hasSuffix(ending) {
            let short = String(name.dropLast(ending.count))
            return short.isEmpty ? name : short
        }
        return name
    }
}
