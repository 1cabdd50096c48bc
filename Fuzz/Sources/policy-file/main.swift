import FuzzTarget
import PolicyReaders
import ScanPolicy

/// Any file is refused or makes a record of a device; two files of one device, cut from the input, agree or contradict each other.
fuzz { start, count in
    let input = bytes(start, count)
    var choices = Choices(of: input)
    if let reading = outcome(input, { (input) throws(PolicyFileError) in try PolicyReading.read(input, file: fuzzedFile) }) {
        let record = outcome(input) { (_) throws(PolicyFileError) in try DeviceRecord(name: "device", readings: [reading]) }
        let twice = outcome(input) { (_) throws(PolicyFileError) in try DeviceRecord(name: "device", readings: [reading, reading]) }
        require(record?.facts == twice?.facts, "the same file twice says something else")
        require(record.map { !$0.facts.name.isEmpty } ?? true, "a device without a name")
    }
    let place = input.isEmpty ? 0 : Int.random(in: 0..<input.count, using: &choices)
    let parts = [Array(input[..<place]), Array(input[place...])]
    let readings = parts.compactMap { part in
        outcome(part) { (part) throws(PolicyFileError) in try PolicyReading.read(part, file: fuzzedFile) }
    }
    _ = outcome(input) { (_) throws(PolicyFileError) in try DeviceRecord(name: "device", readings: readings) }
    return 0
}
