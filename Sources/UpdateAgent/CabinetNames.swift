import Glibc
import UpdateProtocols
import Updates

/// The names in a cabinet that was downloaded and verified. Blocking.
enum CabinetNames {
    /// As ``Updates/LaunchRule/member(_:)`` compares them; nothing for what is no cabinet, or cannot be read.
    static func of(_ path: String) -> Set<String>? {
        guard let file = OpenedFile(path), let cabinet = try? CabinetReader(file, limits: .payload) else { return nil }
        return Set(cabinet.members.compactMap { LaunchRule.member($0.name) })
    }

    private final class OpenedFile: CabinetSource {
        let size: Int64
        private let descriptor: Int32

        init?(_ path: String) {
            descriptor = open(path, O_RDONLY | O_NOFOLLOW | O_CLOEXEC | O_NONBLOCK)
            guard descriptor >= 0 else { return nil }
            size = Int64(lseek(descriptor, 0, SEEK_END))
        }

        deinit {
            if descriptor >= 0 { close(descriptor) }
        }

        func read(into buffer: UnsafeMutableRawBufferPointer, at position: Int64) throws -> Int {
            var done = 0
            while done < buffer.count {
                let rest = UnsafeMutableRawBufferPointer(rebasing: buffer[done...])
                let count = pread(descriptor, rest.baseAddress, rest.count, off_t(position) + off_t(done))
                if count < 0, errno == EINTR { continue }
                guard count >= 0 else { throw FileFailure(.storage, "a cabinet cannot be read") }
                if count == 0 { break }
                done += count
            }
            return done
        }
    }
}
