/// Many short lists in one piece of memory, each found by its number.
///
/// An array of arrays would cost an allocation for each: a large catalogue has millions of them.
struct Lists<Element: Sendable>: Sendable {
    private(set) var elements: [Element] = []
    /// Where each list begins, and the end.
    private var starts: [UInt32] = [0]

    var count: Int { starts.count - 1 }
    var indices: Range<Int> { 0..<count }

    func range(of list: Int) -> Range<Int> { Int(starts[list])..<Int(starts[list + 1]) }

    subscript(list: Int) -> ArraySlice<Element> { elements[range(of: list)] }

    mutating func append(_ list: some Sequence<Element>) {
        elements.append(contentsOf: list)
        starts.append(UInt32(elements.count))
    }
}

extension Lists where Element == UInt32 {
    /// The positions of each number below `count` in `numbers`, ascending.
    init(positionsIn numbers: some Collection<UInt32>, count: Int) {
        self.init(inverseOf: numbers, count: count) { body in
            for (position, number) in numbers.enumerated() { body(number, UInt32(position)) }
        }
    }

    /// For each number below `count` the lists that have it, ascending; a list that has it twice comes twice.
    func inverse(count: Int) -> Lists {
        Lists(inverseOf: elements, count: count) { body in
            for list in indices {
                for position in range(of: list) { body(elements[position], UInt32(list)) }
            }
        }
    }

    private init(inverseOf numbers: some Collection<UInt32>, count: Int, forEach: ((UInt32, UInt32) -> Void) -> Void) {
        var next = [UInt32](repeating: 0, count: count + 1)
        for number in numbers { next[Int(number) + 1] += 1 }
        for number in 0..<count { next[number + 1] += next[number] }
        starts = next
        elements = [UInt32](repeating: 0, count: numbers.count)
        elements.withUnsafeMutableBufferPointer { elements in
            next.withUnsafeMutableBufferPointer { next in
                forEach { number, value in
                    elements[Int(next[Int(number)])] = value
                    next[Int(number)] += 1
                }
            }
        }
    }
}

/// Gives equal lists one number.
struct ListInterner: Sendable {
    private(set) var lists = Lists<UInt32>()
    /// Found by hash, the next free one after it: one more than the number of a list, or 0.
    private var slots = [UInt32](repeating: 0, count: 64)

    mutating func number(of list: [UInt32]) -> UInt32 {
        var slot = firstSlot(list[...])
        while slots[slot] != 0 {
            if lists[Int(slots[slot] - 1)].elementsEqual(list) { return slots[slot] - 1 }
            slot = (slot + 1) & (slots.count - 1)
        }
        lists.append(list)
        slots[slot] = UInt32(lists.count)
        if lists.count * 2 > slots.count { grow() }
        return UInt32(lists.count - 1)
    }

    private mutating func grow() {
        slots = [UInt32](repeating: 0, count: slots.count * 2)
        for number in lists.indices {
            var slot = firstSlot(lists[number])
            while slots[slot] != 0 { slot = (slot + 1) & (slots.count - 1) }
            slots[slot] = UInt32(number + 1)
        }
    }

    private func firstSlot(_ list: ArraySlice<UInt32>) -> Int {
        var hasher = Hasher()
        list.withUnsafeBytes { hasher.combine(bytes: $0) }
        return hasher.finalize() & (slots.count - 1)
    }
}

/// Gives equal values one number.
struct Interner<Value: Hashable & Sendable>: Sendable {
    private(set) var values: [Value] = []
    private(set) var numbers: [Value: UInt32] = [:]

    mutating func number(of value: Value) -> UInt32 {
        if let number = numbers[value] { return number }
        let number = UInt32(values.count)
        values.append(value)
        numbers[value] = number
        return number
    }
}

extension Array where Element: Comparable {
    func sortedWithoutRepeats() -> [Element] {
        if zip(self, dropFirst()).allSatisfy({ $0 < $1 }) { return self }
        var result: [Element] = []
        for element in sorted() where result.last != element { result.append(element) }
        return result
    }
}
