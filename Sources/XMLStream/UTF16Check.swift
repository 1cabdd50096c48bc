/// Finds surrogates that stand alone: not every expat refuses them, and some turn them into bytes that are not UTF-8.
struct UTF16Check {
    private enum Form {
        case undecided(first: UInt8?)
        case notUTF16
        case unit(isLittleEndian: Bool)
    }

    private var form = Form.undecided(first: nil)
    private var half: UInt8?
    private var needsLowSurrogate = false
    private var position = 0

    /// The offset in the whole input of the first unit that cannot stand where it does; nothing if all is well so far.
    mutating func firstFault(in bytes: UnsafeRawBufferPointer) -> Int? {
        if case .notUTF16 = form { return nil }
        for byte in bytes {
            defer { position += 1 }
            switch form {
            case .notUTF16: return nil
            case .undecided(nil): form = .undecided(first: byte)
            case .undecided(let first?):
                switch (first, byte) {
                case (0xff, 0xfe), (0x3c, 0x00): form = .unit(isLittleEndian: true)
                case (0xfe, 0xff), (0x00, 0x3c): form = .unit(isLittleEndian: false)
                // expat takes a zero among the first two bytes for UTF-16; the check knows only documents that begin with `<` or a byte order mark.
                case (0x00, _), (_, 0x00): return 0
                default: form = .notUTF16
                }
            case .unit(let isLittleEndian):
                guard let first = half else {
                    half = byte
                    continue
                }
                half = nil
                let high = isLittleEndian ? byte : first
                let isLow = (0xdc...0xdf).contains(high)
                if isLow != needsLowSurrogate { return position - 1 }
                needsLowSurrogate = (0xd8...0xdb).contains(high)
            }
        }
        return nil
    }
}
