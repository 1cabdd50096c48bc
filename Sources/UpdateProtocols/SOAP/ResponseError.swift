public import XMLStream

/// Why a response could not be used, as an agent sees it.
public struct ResponseError: Error, Hashable, Sendable {
    public let code: Code
    /// The operation asked for, by name.
    public let operation: String

    public enum Code: Hashable, Sendable {
        /// The server refused, and says why.
        case fault(SOAPFault)
        /// The body is no XML, or breaks off.
        case malformed(RequestXMLError)
        /// An element is missing or holds what its type does not allow: its name.
        case unexpected(String)
    }

    public init(_ code: Code, operation: String) {
        self.code = code
        self.operation = operation
    }
}

extension ResponseError: CustomStringConvertible {
    public var description: String {
        switch code {
        case .fault(let fault): "\(operation): the server answered \(fault.code.rawValue)" + (fault.message.isEmpty ? "" : " (\(fault.message))")
        case .malformed(let error): "\(operation): the response is not to be read: \(error)"
        case .unexpected(let element): "\(operation): the response is not as specified at \(element)"
        }
    }
}
