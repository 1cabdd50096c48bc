import FuzzTarget
import PolicyReaders
import ScanPolicy

/// A log is refused, or what it says stands within it.
fuzz { start, count in
    let input = bytes(start, count)
    guard let log = outcome(input, { (input) throws(PolicyFileError) in try WindowsUpdateLog.read(input, file: fuzzedFile) }) else { return 0 }
    require(log.lines > 0, "a log without a line")
    for place in [log.server?.byteOffset, log.statusServer?.byteOffset, log.pinStore?.byteOffset, log.windows?.byteOffset] {
        require((0..<input.count).contains(place ?? 0), "a line outside of the input")
    }
    return 0
}
