import FuzzTarget
import PolicyReaders
import ScanPolicy

/// An export is refused within its bounds, or read to entries that are written and read again to the same.
fuzz { start, count in
    let input = bytes(start, count)
    _ = outcome(input) { (input) throws(PolicyFileError) in try RegistryExport.read(input, file: fuzzedFile, limits: fuzzedLimits) }
    guard let entries = outcome(input, { (input) throws(PolicyFileError) in try RegistryExport.read(input, file: fuzzedFile) }) else { return 0 }
    check(entries, of: input, .standard)
    let plain = plain(entries)
    let again = outcome(RegistryExport.write(plain)) { (input) throws(PolicyFileError) in try RegistryExport.read(input, file: fuzzedFile) }
    require(again.map(PolicyReaders.plain) == plain, "other entries when read again")
    return 0
}
