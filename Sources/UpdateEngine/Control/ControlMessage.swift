public import TrustedTransport
public import Updates

/// What a command asks of the home it names: carried out inside the server where one runs, else by the command's own process.
public enum ControlRequest: Codable, Sendable {
    case importUpdates(paths: [String], source: String)
    case addFiles(paths: [String])
    case verifyFiles(deep: Bool)
    case listUpdates(UpdateFilter)
    case showUpdate(String)
    case fragment(update: String, kind: String)
    case changeUpdates(UpdateSelection, UpdateChange, isDryRun: Bool)
    case listGroups
    case createGroup(name: String, parent: String?)
    case removeGroup(name: String)
    case moveGroup(name: String, parent: String)
    case listDevices(DeviceFilter)
    case showDevice(String)
    case assignDevices([DeviceAssignment])
    case forgetDevices([String])
    /// Copies the database for a backup.
    case snapshot
    case resolveDevices([String], accepting: Bool)
    case allowUpdates([String], isAllowed: Bool, reason: String)
    case listPayloads
    case listCertificates([TrustedCertificate.Role])
    case addCertificates(files: [String], role: TrustedCertificate.Role)
    case removeCertificate(String, [TrustedCertificate.Role])
    case rejectDevices(from: String)
    case forgetUnseenDevices(since: Timestamp, isDryRun: Bool)
    /// Who came by HTTP in the last so many days.
    case insecure(days: Int)
    case certificates(CertificateCommand)
}

/// What a command gets back; each case is one command's result and the shape of its `--json` (docs/cli-json.md).
public enum ControlResult: Codable, Sendable {
    case imported(ImportReport)
    case files(FileReport)
    case updates([UpdateSummary])
    case update(UpdateDetails)
    case bytes
    case changed(UpdateChangeReport)
    case groups([GroupSummary])
    case group(GroupSummary)
    case devices([DeviceSummary])
    case device(DeviceDetails)
    case devicesChanged(DeviceChangeReport)
    case payloads([PayloadSummary])
    case trustedCertificates([TrustedCertificateSummary])
    case trusted(TrustReport)
    /// A file of the run folder, which whoever asked removes.
    case snapshot(String)
    case insecure(InsecureReport)
    case certificates(CertificateReply)
}

/// One line on the control socket, from the server to a command.
public enum ControlReply: Codable, Sendable {
    case progress(Progress)
    /// A piece of what was asked for as bytes, base64.
    case bytes(String)
    case result(ControlResult)
    case failure(code: EngineError.Code, message: String)

    public struct Progress: Codable, Sendable {
        public let done: Int
        public let total: Int
        /// What is being done, in a word or two.
        public let what: String

        public init(done: Int, total: Int, what: String) {
            self.done = done
            self.total = total
            self.what = what
        }
    }
}

/// Where a command's progress and bytes go while it runs.
public struct ControlOutput: Sendable {
    public let progress: @Sendable (ControlReply.Progress) -> Void
    public let bytes: @Sendable ([UInt8]) -> Void

    public init(progress: @escaping @Sendable (ControlReply.Progress) -> Void, bytes: @escaping @Sendable ([UInt8]) -> Void) {
        self.progress = progress
        self.bytes = bytes
    }
}
