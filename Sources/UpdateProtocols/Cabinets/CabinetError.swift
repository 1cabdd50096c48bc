/// Why a cabinet, or one member of it, was refused.
public struct CabinetError: Error, Hashable, Sendable {
    public enum Code: String, Hashable, Sendable, CaseIterable {
        /// It does not begin as a cabinet.
        case notACabinet
        /// It ends before what it announces.
        case truncated
        /// What it says of itself contradicts itself.
        case malformed
        /// A block does not have its checksum, or does not decompress.
        case corrupt
        /// It goes on in another cabinet, or is compressed in a way that is not known.
        case unsupported
        /// ``CabinetLimits``
        case tooManyMembers
        /// ``CabinetLimits``
        case tooLarge
        /// ``CabinetLimits``
        case tooDense
        /// Two members have one name.
        case repeatedName
        /// No member has the name that was asked for.
        case missing
        case outOfMemory
    }

    public let code: Code
    /// The name of the member at fault, as the cabinet spells it: anybody's words.
    public let member: String?
    /// What is wrong, in words; holds nothing of the input.
    public let message: String

    public init(_ code: Code, member: String? = nil, _ message: String) {
        self.code = code
        self.member = member
        self.message = message
    }
}

extension CabinetError: CustomStringConvertible {
    public var description: String { member.map { "member \($0): \(message)" } ?? message }
}
