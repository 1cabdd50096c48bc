/// Lists of integers, read without a token for each.
extension RequestTokenizer {
    /// How a list of integers ended.
    public enum IntegerList: Hashable, Sendable {
        case complete
        /// An item more than allowed; the rest was not read.
        case tooMany
        /// An item that is no `xs:int`; the rest was not read.
        case notAnInteger
    }

    /// Reads the element last started to its end, as items `<int>123</int>` of `namespace`, and appends them to `list`, which may hold `limit` in all.
    ///
    /// Other elements are skipped. The first item is read as any element is; where those that follow have a tag of the same bytes, only the
    /// digits between are looked at (a device names up to 22,000 ids in each request of a scan).
    public mutating func integers(
        _ item: StaticString, namespace: Int?, limit: Int, into list: inout [Int32]
    ) throws(RequestXMLError) -> IntegerList {
        let level = depth
        while true {
            switch try next() {
            case .text: continue
            case .endOfDocument: return .complete
            case .end:
                if depth < level { return .complete }
            case .start:
                guard depth == level + 1, self.namespace == namespace, RequestValue.isEqual(localName, item) else { continue }
                guard list.count < limit else { return .tooMany }
                let tag = attributes.isEmpty && !isEndPending ? document[tagOffset..<position] : []
                guard let value = RequestValue.int32(try content(at: level + 1)) else { return .notAnInteger }
                list.append(value)
                if !tag.isEmpty, repeats(tag, limit: limit, into: &list) == .tooMany { return .tooMany }
            }
        }
    }

    /// The text of the element at `level` up to its end, that of its children left out.
    public mutating func content(at level: Int) throws(RequestXMLError) -> ArraySlice<UInt8> {
        var content: ArraySlice<UInt8> = []
        while true {
            switch try next() {
            case .text where depth == level:
                if content.isEmpty { content = text } else { content.append(contentsOf: text) }
            case .end where depth < level, .endOfDocument:
                return content
            default: continue
            }
        }
    }

    /// Reads items whose start tag is `tag` as long as they are nothing but digits; stops before any other.
    private mutating func repeats(_ tag: ArraySlice<UInt8>, limit: Int, into list: inout [Int32]) -> IntegerList {
        let name = tag.dropFirst().dropLast()
        return document.withUnsafeBufferPointer { document in
            func isEqual(_ bytes: ArraySlice<UInt8>, at offset: Int) -> Bool {
                guard offset + bytes.count <= document.count else { return false }
                var offset = offset
                for byte in bytes {
                    if document[offset] != byte { return false }
                    offset += 1
                }
                return true
            }
            while true {
                var offset = position
                while offset < document.count, RequestValue.isWhiteSpace(document[offset]) { offset += 1 }
                guard isEqual(tag, at: offset) else { return .complete }
                offset += tag.count
                var value: Int32 = 0
                let digits = offset
                // Nine digits cannot overflow; ten are left to the reader of tokens.
                while offset < document.count, offset - digits < 9, (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(document[offset]) {
                    value = value * 10 + Int32(document[offset] - UInt8(ascii: "0"))
                    offset += 1
                }
                guard offset > digits, offset + 2 < document.count, document[offset] == UInt8(ascii: "<"),
                    document[offset + 1] == UInt8(ascii: "/"), isEqual(name, at: offset + 2)
                else { return .complete }
                offset += 2 + name.count
                guard offset < document.count, document[offset] == UInt8(ascii: ">") else { return .complete }
                guard list.count < limit else { return .tooMany }
                list.append(value)
                position = offset + 1
            }
        }
    }
}
