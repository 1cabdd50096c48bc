/// What was read: one line an element, an end or the text between.
struct Outline {
    private(set) var lines: [String] = []
    private var pending: [UInt8] = []

    mutating func start(_ namespace: some Collection<UInt8>, _ name: some Collection<UInt8>) {
        flush()
        lines.append("<{\(String(decoding: namespace, as: UTF8.self))}\(String(decoding: name, as: UTF8.self))")
    }

    mutating func text(_ bytes: some Sequence<UInt8>) { pending.append(contentsOf: bytes) }

    mutating func end() {
        flush()
        lines.append(">")
    }

    private mutating func flush() {
        if !pending.isEmpty { lines.append("'" + String(decoding: pending, as: UTF8.self)) }
        pending = []
    }
}
