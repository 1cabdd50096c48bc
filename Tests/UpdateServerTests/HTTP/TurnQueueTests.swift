import Testing

@testable import UpdateServer

struct TurnQueueTests {
    /// `a1x`: address a, device 1, request x.
    private static func queue(_ elements: String, limit: Int = 100) -> (TurnQueue<String>, refused: [String]) {
        var queue = TurnQueue<String>(limit: limit)
        var refused: [String] = []
        for element in elements.split(separator: " ") {
            let letters = element.map(String.init)
            if let left = queue.append(String(element), address: letters[0], device: letters[1]) { refused.append(left) }
        }
        return (queue, refused)
    }

    private static func all(_ queue: TurnQueue<String>) -> String {
        var queue = queue
        var all: [String] = []
        while let next = queue.popFirst() { all.append(next) }
        #expect(queue.count == 0)
        return all.joined(separator: " ")
    }

    @Test(arguments: [
        ("nothing", "", ""), ("one device", "a1x a1y a1z", "a1x a1y a1z"), ("addresses in turn", "a1x a1y a1z b1x", "a1x b1x a1y a1z"),
        ("devices of an address in turn", "a1x a1y a2x a2y a3x", "a1x a2x a3x a1y a2y"),
        ("many devices of one address count as one", "a1x a2x a3x a4x b1x b1y", "a1x b1x a2x b1y a3x a4x"),
    ])
    func `turns`(name: String, elements: String, order: String) {
        let (queue, refused) = Self.queue(elements)
        #expect(refused.isEmpty)
        #expect(Self.all(queue) == order)
    }

    @Test(arguments: [
        ("one address is at its end", "a1x a1y a1z a1w", 3, "a1w", "a1x a1y a1z"),
        ("whoever has most gives way", "a1x a1y a1z b1x", 3, "a1z", "a1x b1x a1y"),
        ("until both have as much", "a1x a1y a1z b1x b1y", 3, "a1z b1y", "a1x b1x a1y"),
        ("the device whose turn is last gives way", "a1x a2x a3x b1x", 3, "a3x", "a1x b1x a2x"),
        ("each has one", "a1x b1x c1x", 2, "c1x", "a1x b1x"), ("no room at all", "a1x", 0, "a1x", ""),
    ])
    func `no room`(name: String, elements: String, limit: Int, refused: String, order: String) {
        let (queue, left) = Self.queue(elements, limit: limit)
        #expect(left.joined(separator: " ") == refused)
        #expect(Self.all(queue) == order)
    }

    @Test func `it goes on after it was empty`() {
        var queue = Self.queue("a1x").0
        #expect(queue.popFirst() == "a1x")
        #expect(queue.popFirst() == nil)
        #expect(queue.append("a1y", address: "a", device: "1") == nil)
        #expect(queue.popFirst() == "a1y")
    }

    @Test(arguments: 1...20 as ClosedRange<UInt64>)
    func `everything comes out once or is refused once, and no lane waits while another is served twice`(seed: UInt64) {
        var random = SystemRandomNumberGenerator()
        var queue = TurnQueue<Int>(limit: 30)
        var left = Set<Int>()
        var given = 0
        for number in 0..<2000 {
            if Bool.random(using: &random) {
                left.insert(number)
                let address = "\(Int.random(in: 0..<6, using: &random))"
                if let refused = queue.append(number, address: address, device: "\(Int.random(in: 0..<4, using: &random))") {
                    #expect(left.remove(refused) != nil)
                }
            } else if let next = queue.popFirst() {
                #expect(left.remove(next) != nil)
                given += 1
            }
            #expect(queue.count == left.count)
            #expect(queue.count <= 30)
        }
        while let next = queue.popFirst() { #expect(left.remove(next) != nil) }
        #expect(left.isEmpty && given > 0)
    }
}
