import Foundation
import Updates

/// The folder that one device lives in: `state.json`, and `lock`, held as long as this object lives.
///
/// The state is replaced whole: written beside, synced, renamed. After a crash it is the old one or the new one.
public final class StateFolder: Sendable {
    public let path: String
    private let lock: Int32

    /// A state of this many bytes is some 200,000 updates; more is not ours.
    static let largestState = 128 << 20

    /// Makes the folder (0700) if it is absent and takes its lock.
    ///
    /// - Throws: ``AgentError/Code/stateInUse`` where another process holds it, ``AgentError/Code/stateNotWritable``.
    public init(_ path: String) throws(AgentError) {
        self.path = path
        guard mkdir(path, 0o700) == 0 || errno == EEXIST else { throw Self.failure("the folder \(path) cannot be made") }
        lock = open(path + "/lock", O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0o600)
        guard lock >= 0 else { throw Self.failure("\(path)/lock cannot be opened") }
        guard flock(lock, LOCK_EX | LOCK_NB) == 0 else {
            let isHeld = errno == EWOULDBLOCK
            close(lock)
            throw isHeld ? AgentError(.stateInUse, "another process is the device in \(path)") : Self.failure("\(path)/lock cannot be locked")
        }
    }

    deinit {
        close(lock)
    }

    private var file: String { path + "/state.json" }

    /// The state; nothing where none was ever saved.
    ///
    /// - Throws: ``AgentError/Code/stateUnreadable`` where there is one that cannot be understood. It stays where it is.
    public func load() throws(AgentError) -> DeviceState? {
        let descriptor = open(file, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK)
        guard descriptor >= 0 else {
            if errno == ENOENT { return nil }
            throw Self.failure("\(file) cannot be opened")
        }
        defer { close(descriptor) }
        let size = lseek(descriptor, 0, SEEK_END)
        guard size >= 0, size <= Self.largestState, lseek(descriptor, 0, SEEK_SET) == 0 else {
            throw AgentError(.stateUnreadable, "\(file) is not a state of an agent; move it away to start as a new device")
        }
        var data = Data(count: Int(size))
        var position = 0
        while position < data.count {
            let count = data.withUnsafeMutableBytes { read(descriptor, $0.baseAddress?.advanced(by: position), $0.count - position) }
            if count < 0, errno == EINTR { continue }
            guard count > 0 else {
                let reason = count == 0 ? "it became shorter meanwhile" : String(cString: strerror(errno))
                throw AgentError(.stateUnreadable, "\(file) cannot be read: \(reason)")
            }
            position += count
        }
        let state: DeviceState
        do {
            state = try JSONDecoder().decode(DeviceState.self, from: data)
        } catch {
            throw AgentError(.stateUnreadable, "\(file) is damaged or of another version; move it away to start as a new device")
        }
        guard state.format == DeviceState.currentFormat, Set(state.updates.map(\.revisionID)).count == state.updates.count else {
            throw AgentError(.stateUnreadable, "\(file) is damaged or of another version; move it away to start as a new device")
        }
        return state
    }

    /// Durable when it returns; where it throws the old state stands.
    public func save(_ state: DeviceState) throws(AgentError) {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys]
        guard let data = try? encoder.encode(state) else { throw AgentError(.stateNotWritable, "the state cannot be encoded") }
        let draft = file + ".new"
        unlink(draft)
        let descriptor = open(draft, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0o600)
        guard descriptor >= 0 else { throw Self.failure("\(draft) cannot be made") }
        var position = 0
        while position < data.count {
            let count = data.withUnsafeBytes { write(descriptor, $0.baseAddress?.advanced(by: position), $0.count - position) }
            if count < 0, errno == EINTR { continue }
            guard count > 0 else {
                let error = Self.failure("\(draft) cannot be written")
                close(descriptor)
                throw error
            }
            position += count
        }
        guard fsync(descriptor) == 0 else {
            let error = Self.failure("\(draft) cannot be written")
            close(descriptor)
            throw error
        }
        close(descriptor)
        guard rename(draft, file) == 0 else { throw Self.failure("\(file) cannot be replaced") }
        let folder = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
        guard folder >= 0 else { throw Self.failure("\(path) cannot be synced") }
        defer { close(folder) }
        guard fsync(folder) == 0 else { throw Self.failure("\(path) cannot be synced") }
    }

    /// Reads `errno` before anything else can change it.
    private static func failure(_ what: String) -> AgentError {
        let number = errno
        return AgentError(.stateNotWritable, "\(what): \(String(cString: strerror(number)))")
    }
}
