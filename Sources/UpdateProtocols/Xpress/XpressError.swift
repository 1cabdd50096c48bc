/// Why a body was no Xpress, and at which of its bytes.
public struct XpressError: Error, Hashable, Sendable {
    public let code: Code
    /// Where in the compressed body.
    public let byteOffset: Int

    public init(_ code: Code, at byteOffset: Int) {
        self.code = code
        self.byteOffset = byteOffset
    }

    public enum Code: String, Sendable, CaseIterable {
        /// A block or its lengths break off.
        case truncated = "truncated"
        /// A block declares no bytes, or more than 65,535.
        case length = "block length out of range"
        /// A match starts before the block.
        case offset = "match before the start of its block"
        /// A block holds more or fewer bytes than it declares.
        case size = "block not of its declared length"
        /// All blocks together are beyond the caller's limit.
        case limit = "decompressed body too long"
    }
}

extension XpressError: CustomStringConvertible {
    public var description: String { "\(code.rawValue) at byte \(byteOffset)" }
}
