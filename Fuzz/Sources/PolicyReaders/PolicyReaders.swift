import FuzzTarget
public import ScanPolicy

/// Reads an input, and holds that a refusal names the file and a place within it.
public func outcome<Value>(_ input: [UInt8], _ read: ([UInt8]) throws(PolicyFileError) -> Value) -> Value? {
    do throws(PolicyFileError) {
        return try read(input)
    } catch {
        require(error.file == fuzzedFile, "another file: \(error)")
        require((0...input.count).contains(error.byteOffset), "a place outside of the input: \(error)")
        require(!error.expected.isEmpty, "nothing expected")
        return nil
    }
}

public let fuzzedFile = "input"

/// Limits that inputs of a fuzzer reach.
public let fuzzedLimits: PolicyFileLimits = {
    var limits = PolicyFileLimits.standard
    limits.values = 40
    limits.data = 200
    limits.name = 60
    limits.elements = 60
    limits.depth = 12
    limits.line = 2000
    return limits
}()

/// What entries say, whatever their places.
public func plain(_ entries: [RegistryEntry]) -> [RegistryEntry] {
    entries.filter { $0.action != .key }.map {
        RegistryEntry(hive: $0.hive, key: $0.key, name: $0.name, action: $0.action, byteOffset: 0)
    }
}

/// Holds what is common to all entries that were read.
public func check(_ entries: [RegistryEntry], of input: [UInt8], _ limits: PolicyFileLimits) {
    require(entries.count <= limits.values, "more values than the limit")
    for entry in entries {
        require((0..<max(1, input.count)).contains(entry.byteOffset), "an entry outside of the input")
        require(entry.name.utf16.count <= limits.name && entry.key.utf16.count <= limits.name, "a name beyond the limit")
    }
}
