import FuzzTarget
import PolicyReaders
import ScanPolicy

/// An output of `reg query` is refused or read within its bounds.
fuzz { start, count in
    let input = bytes(start, count)
    if let entries = outcome(
        input, { (input) throws(PolicyFileError) in try RegistryQuery.read(input, file: fuzzedFile, limits: fuzzedLimits) })
    {
        check(entries, of: input, fuzzedLimits)
    }
    if let entries = outcome(input, { (input) throws(PolicyFileError) in try RegistryQuery.read(input, file: fuzzedFile) }) {
        check(entries, of: input, .standard)
    }
    return 0
}
