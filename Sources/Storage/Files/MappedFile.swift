import Glibc

/// The committed bytes of a pack file, mapped for reading; unmapped when the last reader of it is gone.
///
/// The file never shrinks below what is mapped while its home is open, so reading cannot fault.
final class MappedFile: Sendable {
    /// Kept as a number, which is Sendable as it stands: nobody writes to what it points at.
    private let address: UInt
    private let length: Int

    /// Maps at most `length` bytes: a file that was cut short by others is mapped as far as it goes.
    init(path: String, length: Int64) throws(StorageError) {
        let file = try OpenFile(path, O_RDONLY)
        let mapped = Int(min(length, try file.size()))
        if let start = file.map(length: mapped) {
            address = UInt(bitPattern: start)
            self.length = mapped
        } else if mapped == 0 {
            address = 0
            self.length = 0
        } else {
            throw StorageError.system("cannot map \(path)")
        }
    }

    deinit {
        if let start = UnsafeMutableRawPointer(bitPattern: address) { munmap(start, length) }
    }

    /// Nothing where the range is not inside what is mapped.
    func withBytes<Result>(at offset: Int64, count: Int, _ body: (UnsafeRawBufferPointer) throws -> Result) rethrows -> Result? {
        guard offset >= 0, count >= 0, offset <= Int64(length), count <= length - Int(offset) else { return nil }
        let start = UnsafeRawPointer(bitPattern: address).map { $0 + Int(offset) }
        return try withExtendedLifetime(self) { try body(UnsafeRawBufferPointer(start: start, count: count)) }
    }
}
