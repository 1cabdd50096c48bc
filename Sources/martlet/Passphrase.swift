import CoreFoundation
import Foundation
import Glibc
import UpdateEngine

/// Passphrases come from a file or the terminal, never from arguments or the environment, which others can see.
enum Passphrase {
    private static let lengthLimit = 1024

    /// The first line of a file. A plain file must be closed to others.
    static func read(from path: String) throws -> [UInt8] {
        let descriptor = open(path, O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else { throw EngineError(.failed, "cannot read \(path): \(String(cString: strerror(errno)))") }
        defer { close(descriptor) }
        var status = stat()
        guard fstat(descriptor, &status) == 0, status.st_mode & S_IFMT != S_IFREG || status.st_mode & 0o077 == 0 else {
            throw EngineError(.refused, "\(path) holds a passphrase and is open to others: chmod 600 \(path)")
        }
        guard let line = line(of: descriptor) else { throw EngineError(.failed, "no passphrase could be read from \(path)") }
        return line
    }

    /// Asks at the terminal, without showing what is typed.
    ///
    /// - Parameter isNew: asks twice, so that it is what was meant.
    static func ask(isNew: Bool) throws -> [UInt8] {
        let terminal = open("/dev/tty", O_RDWR | O_CLOEXEC)
        guard terminal >= 0 else {
            throw EngineError(.refused, "there is no terminal to ask for the passphrase: name a file with --passphrase-file")
        }
        defer { close(terminal) }
        let passphrase = try ask("Passphrase: ", at: terminal)
        if isNew, try ask("The same again: ", at: terminal) != passphrase { throw EngineError(.refused, "the two passphrases differ") }
        return passphrase
    }

    private static func ask(_ prompt: String, at terminal: Int32) throws -> [UInt8] {
        var settings = termios()
        guard tcgetattr(terminal, &settings) == 0 else { throw EngineError(.failed, "the terminal cannot be asked") }
        var silent = settings
        silent.c_lflag &= ~tcflag_t(ECHO)
        tcsetattr(terminal, TCSAFLUSH, &silent)
        defer { tcsetattr(terminal, TCSAFLUSH, &settings) }
        Terminal.write(Array(prompt.utf8), to: terminal)
        defer { Terminal.write([0x0a], to: terminal) }
        guard let line = line(of: terminal) else { throw EngineError(.refused, "no passphrase was given") }
        return line
    }

    /// Bytes up to the first line break; nothing where there are none, or too many.
    private static func line(of descriptor: Int32) -> [UInt8]? {
        var line: [UInt8] = []
        var byte: UInt8 = 0
        while line.count <= lengthLimit {
            let count = Glibc.read(descriptor, &byte, 1)
            if count < 0, errno == EINTR { continue }
            if count <= 0 || byte == 0x0a || byte == 0x0d { return line.isEmpty ? nil : line }
            line.append(byte)
        }
        return nil
    }
}
