import Foundation
import Glibc
import Synchronization

/// JSON values, a line each, over one connected Unix socket. Blocking: it is used on threads of its own, never on a task's.
final class LineChannel: Sendable {
    /// A command longer than this ends the connection: none is. (A reply may be as long as a fleet's list.)
    static let commandLimit = 16 << 20

    private let descriptor: Int32
    /// The other side took nothing for too long: whatever else there is to say is dropped.
    private let isBroken = Atomic(false)

    init(descriptor: Int32) {
        self.descriptor = descriptor
    }

    deinit {
        close(descriptor)
    }

    func send(_ value: some Encodable) throws(EngineError) {
        let data: Data
        do { data = try JSONEncoder().encode(value) + Data([0x0a]) } catch {
            throw EngineError(.failed, "a reply could not be encoded: \(error)")
        }
        var rest = data[...]
        while !rest.isEmpty, !isBroken.load(ordering: .relaxed) {
            let sent = rest.withUnsafeBytes { Glibc.send(descriptor, $0.baseAddress, $0.count, Int32(MSG_NOSIGNAL)) }
            if sent < 0, errno == EINTR { continue }
            guard sent > 0 else {
                isBroken.store(true, ordering: .relaxed)
                break
            }
            rest = rest.dropFirst(sent)
        }
        guard rest.isEmpty else { throw EngineError(.failed, "the other side of the control socket went away") }
    }

    /// Reads lines and gives each to `body` until it returns false or the other side closes.
    func receive<Value: Decodable>(_ type: Value.Type, limit: Int = .max, _ body: (Value) throws -> Bool) throws {
        var pending: [UInt8] = []
        var buffer = [UInt8](repeating: 0, count: 64 << 10)
        while true {
            let count = buffer.withUnsafeMutableBytes { recv(descriptor, $0.baseAddress, $0.count, 0) }
            if count < 0, errno == EINTR { continue }
            guard count > 0 else { return }
            var start = 0
            for index in 0..<count where buffer[index] == 0x0a {
                pending.append(contentsOf: buffer[start..<index])
                start = index + 1
                let value = try JSONDecoder().decode(Value.self, from: Data(pending))
                pending.removeAll(keepingCapacity: true)
                if try !body(value) { return }
            }
            pending.append(contentsOf: buffer[start..<count])
            guard pending.count <= limit else { throw EngineError(.failed, "a line on the control socket is too long") }
        }
    }

    /// The user at the other end.
    var peerUser: uid_t? {
        // `struct ucred` of the kernel, which Glibc shows to GNU sources only.
        var credentials: (process: Int32, user: UInt32, group: UInt32) = (0, 0, 0)
        var size = socklen_t(MemoryLayout.size(ofValue: credentials))
        return getsockopt(descriptor, SOL_SOCKET, SO_PEERCRED, &credentials, &size) == 0 ? credentials.user : nil
    }

    /// Ends reading where nothing comes for so long, and writing where nothing is taken.
    func setTimeouts(readSeconds: Int, writeSeconds: Int) {
        for (option, seconds) in [(SO_RCVTIMEO, readSeconds), (SO_SNDTIMEO, writeSeconds)] {
            var time = timeval(tv_sec: seconds, tv_usec: 0)
            setsockopt(descriptor, SOL_SOCKET, option, &time, socklen_t(MemoryLayout<timeval>.size))
        }
    }
}

/// A Unix socket's address.
enum SocketAddress {
    /// Calls `body` with the address of `path`; throws where the path is too long for one (107 bytes).
    static func with<Result>(
        _ path: String, _ body: (UnsafePointer<sockaddr>, socklen_t) -> Result
    ) throws(EngineError) -> Result {
        var address = sockaddr_un()
        address.sun_family = sa_family_t(AF_UNIX)
        let bytes = Array(path.utf8)
        guard bytes.count < MemoryLayout.size(ofValue: address.sun_path) else {
            throw EngineError(.refused, "\(path) is too long for a socket (107 bytes at most): choose a home with a shorter path")
        }
        withUnsafeMutableBytes(of: &address.sun_path) { $0.copyBytes(from: bytes) }
        return withUnsafePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { body($0, socklen_t(MemoryLayout<sockaddr_un>.size)) }
        }
    }
}
