/// Why a scan could not be done, or a state could not be used.
public struct AgentError: Error, Hashable, Sendable, CustomStringConvertible {
    /// What went wrong.
    public enum Code: String, Sendable, Codable {
        /// The server's address is not of the form `https://HOST[:PORT]`.
        case badServerAddress
        /// The file of the server's CA cannot be read or holds no certificate.
        case badCertificateFile
        /// Another process uses the state folder.
        case stateInUse
        /// The state file is there and cannot be understood; it is left as it is.
        case stateUnreadable
        /// The state folder or file cannot be read, made or written.
        case stateNotWritable
        /// The folder for downloads cannot be made.
        case downloadFolderNotWritable
        /// No connection, no trust in the server's certificate, or the connection broke off.
        case connectionFailed
        /// The answer cannot be understood.
        case badAnswer
        /// The server refused and trying again cannot help.
        case refused
        /// The server stayed busy or kept failing, or asked for a longer wait than is sensible.
        case busy
        /// More than 200 SyncUpdates calls without an end; a native agent says 0x80244010 (observed.md section 2).
        case tooManyTrips
        /// The same fault came again after each recovery.
        case recoveryFailed
        /// The server sent more updates than an agent keeps.
        case tooManyUpdates
        /// A storm that cannot be, or must not be.
        case badStorm
        /// A description of hardware that cannot be understood.
        case badHardwareFile
    }

    public let code: Code
    /// One sentence for people; holds no secret.
    public let message: String

    public init(_ code: Code, _ message: String) {
        self.code = code
        self.message = message
    }

    public var description: String { message }
}

extension AgentError.Code {
    /// What a native agent would report of a scan that ended so (observed.md section 7).
    var hresult: Int32 {
        switch self {
        case .tooManyTrips, .tooManyUpdates: Int32(bitPattern: 0x8024_4010)
        case .busy: Int32(bitPattern: 0x8024_4022)
        case .refused, .badAnswer, .recoveryFailed: Int32(bitPattern: 0x8024_4007)
        default: Int32(bitPattern: 0x8024_0438)
        }
    }
}
