/// What the registry holds after one file's entries, in their order; what the file does not speak of is not in it.
struct RegistryState {
    struct Value {
        /// nil: the file says that the value is not there.
        let data: RegistryData?
        let byteOffset: Int
    }

    private struct Place: Hashable {
        let hive: RegistryHive
        let key: String
    }

    /// Something with its turn in the file: what comes later counts.
    private struct Turn<Content> {
        let content: Content
        let number: Int
    }

    let file: String
    private var values: [Place: [String: Turn<Value>]] = [:]
    private var keys: [Place: Turn<Int>] = [:]
    /// Keys whose values were all deleted, and keys deleted with all beneath them, with the places of the deletions.
    private var cleared: [Place: Turn<Int>] = [:]
    private var deleted: [Place: Turn<Int>] = [:]

    init(_ entries: [RegistryEntry], file: String) {
        self.file = file
        for (number, entry) in entries.enumerated() where entry.action == .deleteKey || RegistryPlaces.isOfInterest(entry.key) {
            apply(entry, number)
        }
    }

    /// What the file says of a value. Names are in lower case.
    func value(_ hive: RegistryHive, _ key: String, _ name: String) -> Value? {
        let place = Place(hive: hive, key: key)
        let deletion = lastDeletion(of: place)
        if let value = values[place]?[name], value.number > deletion?.number ?? -1 { return value.content }
        return deletion.map { Value(data: nil, byteOffset: $0.content) }
    }

    /// Whether the file says that the key is there, and where.
    func key(_ hive: RegistryHive, _ key: String) -> Int? {
        let place = Place(hive: hive, key: key)
        guard let turn = keys[place], turn.number > lastDeletion(of: place, ofKey: true)?.number ?? -1 else { return nil }
        return turn.content
    }

    /// The keys directly beneath one, by name in lower case.
    func subkeys(of key: String, in hive: RegistryHive) -> [(name: String, byteOffset: Int)] {
        let prefix = key + "\\"
        return keys.compactMap { place, turn in
            guard place.hive == hive, place.key.hasPrefix(prefix), self.key(hive, place.key) != nil else { return nil }
            let rest = place.key.dropFirst(prefix.count)
            return rest.contains("\\") ? nil : (String(rest), turn.content)
        }
    }

    /// The last deletion that a key (or, with `ofKey` false, its values) fell to: its own or that of a key above.
    private func lastDeletion(of place: Place, ofKey: Bool = false) -> Turn<Int>? {
        var last = ofKey ? nil : cleared[place]
        if deleted.isEmpty { return last }
        var key = place.key[...]
        while true {
            if let turn = deleted[Place(hive: place.hive, key: String(key))], turn.number > last?.number ?? -1 { last = turn }
            guard let separator = key.lastIndex(of: "\\") else { return last }
            key = key[..<separator]
        }
    }

    private mutating func apply(_ entry: RegistryEntry, _ number: Int) {
        let place = Place(hive: entry.hive, key: entry.key.lowercased())
        let name = entry.name.lowercased()
        func put(_ data: RegistryData?) {
            values[place, default: [:]][name] = Turn(content: Value(data: data, byteOffset: entry.byteOffset), number: number)
        }
        switch entry.action {
        case .key: keys[place] = Turn(content: entry.byteOffset, number: number)
        case .set(let data):
            keys[place] = Turn(content: entry.byteOffset, number: number)
            put(data)
        case .setIfAbsent(let data):
            if value(entry.hive, place.key, name)?.data == nil { put(data) }
            keys[place] = Turn(content: entry.byteOffset, number: number)
        case .deleteValue: put(nil)
        case .deleteAllValues: cleared[place] = Turn(content: entry.byteOffset, number: number)
        case .deleteKey: deleted[place] = Turn(content: entry.byteOffset, number: number)
        }
    }
}
