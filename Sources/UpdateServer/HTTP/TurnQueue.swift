import NIOCore

/// What waits, taken in turn: one of each address after another, and of one address one of each device after another (docs/adr/0012).
///
/// Bounded: when it is full, whoever has the most waiting gives way to whoever has less.
struct TurnQueue<Element> {
    private struct Lane {
        var devices: [String: CircularBuffer<Element>] = [:]
        var turns = CircularBuffer<String>()
        var count = 0

        mutating func append(_ element: Element, _ device: String) {
            if devices[device] == nil { turns.append(device) }
            devices[device, default: CircularBuffer()].append(element)
            count += 1
        }

        mutating func popFirst() -> Element? {
            guard let device = turns.popFirst(), let element = devices[device]?.popFirst() else { return nil }
            if devices[device]?.isEmpty == true { devices[device] = nil } else { turns.append(device) }
            count -= 1
            return element
        }

        /// The one whose turn is last.
        mutating func popLast() -> Element? {
            guard let device = turns.last, let element = devices[device]?.popLast() else { return nil }
            if devices[device]?.isEmpty == true {
                devices[device] = nil
                _ = turns.popLast()
            }
            count -= 1
            return element
        }
    }

    private let limit: Int
    private var lanes: [String: Lane] = [:]
    private var turns = CircularBuffer<String>()
    private(set) var count = 0

    init(limit: Int) {
        self.limit = limit
    }

    /// Puts an element at the end of its device's line. Returns the one that has no room: this or another.
    mutating func append(_ element: Element, address: String, device: String) -> Element? {
        var refused: Element?
        if count >= limit {
            guard let longest = lanes.max(by: { $0.value.count < $1.value.count }), longest.value.count > (lanes[address]?.count ?? 0) + 1,
                let last = lanes[longest.key]?.popLast()
            else { return element }
            count -= 1
            refused = last
        }
        if lanes[address] == nil { turns.append(address) }
        lanes[address, default: Lane()].append(element, device)
        count += 1
        return refused
    }

    mutating func popFirst() -> Element? {
        guard let address = turns.popFirst(), let element = lanes[address]?.popFirst() else { return nil }
        if lanes[address]?.count == 0 { lanes[address] = nil } else { turns.append(address) }
        count -= 1
        return element
    }
}
