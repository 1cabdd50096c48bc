import FuzzTarget
import PolicyReaders
import ScanPolicy

/// A Registry.pol is refused within its bounds, or read to entries that are written and read again to the same.
fuzz { start, count in
    let input = bytes(start, count)
    _ = outcome(input) { (input) throws(PolicyFileError) in try RegistryPolicyFile.read(input, file: fuzzedFile, limits: fuzzedLimits) }
    guard
        let entries = outcome(
            input, { (input) throws(PolicyFileError) in try RegistryPolicyFile.read(input, file: fuzzedFile) })
    else { return 0 }
    check(entries, of: input, .standard)
    // The format deletes values and not keys; and names that begin with ** are orders, which no writer of values may make.
    let plain = plain(entries).filter { $0.action != .deleteKey && !$0.name.hasPrefix("**") && !isKeyOnly($0) }
    let again = outcome(RegistryPolicyFile.write(plain)) { (input) throws(PolicyFileError) in
        try RegistryPolicyFile.read(input, file: fuzzedFile)
    }
    require(again.map(PolicyReaders.plain) == plain, "other entries when read again")
    return 0
}

/// An empty value without a name is how the format names a key alone.
func isKeyOnly(_ entry: RegistryEntry) -> Bool {
    guard entry.name.isEmpty, case .set(let data) = entry.action else { return false }
    return data.bytes.isEmpty
}
