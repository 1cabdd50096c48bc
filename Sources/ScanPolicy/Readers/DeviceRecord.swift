/// What all files of one device say together.
///
/// A fact that two files state must be the same in both: else it is refused, with both named, since nobody can know which file is older.
public struct DeviceRecord: Sendable {
    public let facts: DeviceFacts
    /// What a person should know about how it was read, such as a value whose layout is not certain.
    public let notes: [String]

    /// - Parameter name: the device's, where no file says one.
    public init(name: String, readings: [PolicyReading]) throws(PolicyFileError) {
        var gathered = GatheredFacts(readings)
        try gathered.gatherPolicy()
        try gathered.gatherProxies()
        try gathered.gatherPinStore()
        try gathered.gatherWindows()
        try gathered.gatherTLS()
        try gathered.gatherDocuments()
        if gathered.facts.name.isEmpty { gathered.facts.name = name }
        facts = gathered.facts
        notes = gathered.notes
    }

    /// A device of a file of many.
    init(facts: DeviceFacts) {
        self.facts = facts
        notes = []
    }

    /// One line of a file of many devices.
    /// - Parameter byteOffset: where the line begins in `file`.
    public static func line(
        _ bytes: [UInt8], file: String, at byteOffset: Int, limits: PolicyFileLimits = .standard
    ) throws(PolicyFileError) -> DeviceRecord {
        DeviceRecord(facts: try DeviceDocument.read(bytes, file: file, at: byteOffset, name: nil, limits: limits))
    }
}

/// A fact, and the place that states it.
struct Statement<Value: Equatable> {
    let value: Value
    let file: String
    let byteOffset: Int
}

struct GatheredFacts {
    var facts = DeviceFacts(name: "")
    var notes: [String] = []
    let readings: [PolicyReading]
    let states: [RegistryState]
    /// Where each fact was stated first, for the error of one who says otherwise.
    private var places: [DeviceFact: (file: String, byteOffset: Int)] = [:]

    init(_ readings: [PolicyReading]) {
        self.readings = readings
        states = readings.compactMap { $0.entries.isEmpty ? nil : RegistryState($0.entries, file: $0.file) }
    }

    /// Takes a fact, or refuses it where another place states another.
    mutating func take<Value: Equatable>(
        _ fact: DeviceFact, _ statement: Statement<Value>?, _ path: WritableKeyPath<DeviceFacts, Value?>
    ) throws(PolicyFileError) {
        guard let statement else { return }
        if let known = facts[keyPath: path] {
            if known != statement.value { throw contradiction("the \(fact)", statement, places[fact]) }
            return
        }
        facts[keyPath: path] = statement.value
        note(fact, statement.file, statement.byteOffset)
    }

    mutating func note(_ fact: DeviceFact, _ file: String, _ byteOffset: Int) {
        facts.sources[fact] = file
        places[fact] = (file, byteOffset)
    }

    func place(of fact: DeviceFact) -> (file: String, byteOffset: Int)? { places[fact] }

    func contradiction<Value>(_ what: String, _ statement: Statement<Value>, _ other: (file: String, byteOffset: Int)?) -> PolicyFileError {
        let place = other.map { "\($0.file) says at byte \($0.byteOffset)" } ?? "another file says"
        return PolicyFileError(.contradiction, file: statement.file, at: statement.byteOffset, expected: "for \(what) what \(place)")
    }

    /// What the files say of a registry value: nil where none speaks of it or all say that it is not there.
    func value(_ hive: RegistryHive, _ key: String, _ name: String) throws(PolicyFileError) -> Statement<RegistryData>? {
        var found: (data: RegistryData?, file: String, byteOffset: Int)?
        let lower = name.lowercased()
        for state in states {
            guard let value = state.value(hive, key, lower) else { continue }
            if let found {
                if found.data != value.data {
                    throw PolicyFileError(
                        .contradiction, file: state.file, at: value.byteOffset,
                        expected: "for \(hive.shortName)\\\(key)\\\(name) what \(found.file) says at byte \(found.byteOffset)")
                }
            } else {
                found = (value.data, state.file, value.byteOffset)
            }
        }
        guard let found, let data = found.data else { return nil }
        return Statement(value: data, file: found.file, byteOffset: found.byteOffset)
    }

    func text(_ hive: RegistryHive, _ key: String, _ name: String) throws(PolicyFileError) -> Statement<String>? {
        guard let found = try value(hive, key, name) else { return nil }
        guard let text = found.value.text else { throw wrongType(found, name, "REG_SZ in UTF-16") }
        if text.unicodeScalars.contains("\u{fffd}") {
            throw PolicyFileError(
                .encoding, file: found.file, at: found.byteOffset, expected: "\(name) in ASCII or Unicode: the file's code page is not known")
        }
        return Statement(value: text, file: found.file, byteOffset: found.byteOffset)
    }

    func number(_ hive: RegistryHive, _ key: String, _ name: String) throws(PolicyFileError) -> Statement<UInt32>? {
        guard let found = try value(hive, key, name) else { return nil }
        guard let number = found.value.number else { throw wrongType(found, name, "REG_DWORD") }
        return Statement(value: number, file: found.file, byteOffset: found.byteOffset)
    }

    private func wrongType(_ found: Statement<RegistryData>, _ name: String, _ type: String) -> PolicyFileError {
        PolicyFileError(.value, file: found.file, at: found.byteOffset, expected: "\(name) as \(type), not as \(found.value.type.name)")
    }
}
