/// Something that a document tells an installation handler of the device to start (`HandlerSpecificData`, protocol.md section 5.3).
public struct HandlerCommand: Hashable, Sendable, Codable {
    public enum Kind: String, Sendable, Codable {
        /// A program with arguments (`InstallCommand/@Program` of CommandLineInstallation and WindowsSetup, or that of any other handler).
        case program
        /// A Windows Installer package with properties (`MsiData/@MsiFile`).
        case package
        /// A Windows Installer patch with properties; its file is not named (`MspData`).
        case patch
        /// A library that Windows' own installer loads from what the update brings (`OSInstallData/@InitialModule`).
        case module
        /// None that is known: what tells it could not be read.
        case unread
    }

    public let kind: Kind
    /// As the document spells it; nothing where it names none.
    public let file: String?
    /// Every command line or list of properties beside it, each as the document spells it.
    public let arguments: [String]

    public init(kind: Kind, file: String?, arguments: [String] = []) {
        self.kind = kind
        self.file = file
        self.arguments = arguments
    }
}
