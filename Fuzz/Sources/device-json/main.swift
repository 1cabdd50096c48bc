import Foundation
import FuzzTarget
import PolicyReaders
import ScanPolicy

/// A device as JSON is refused or read; what is read is JSON by Foundation's opinion as well.
fuzz { start, count in
    let input = bytes(start, count)
    _ = outcome(input) { (input) throws(PolicyFileError) in try DeviceDocument.read(input, file: fuzzedFile, name: nil, limits: fuzzedLimits) }
    guard
        let facts = outcome(input, { (input) throws(PolicyFileError) in try DeviceDocument.read(input, file: fuzzedFile, name: "device") })
    else { return 0 }
    require(!facts.name.isEmpty, "a device without a name")
    // In UTF-16 and after a byte order mark ours reads on where Foundation need not.
    if input.first != 0xff, input.first != 0xef {
        require((try? JSONSerialization.jsonObject(with: Data(input))) != nil, "no JSON by Foundation's opinion")
    }
    return 0
}
