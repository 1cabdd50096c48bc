/// What the form of an answer depends on, beside its content.
public struct AnswerForm: Hashable, Sendable {
    public let coding: AnswerWriter.Coding
    public let soap: SOAPVersion
    /// The earliest version that is answered alike.
    public let client: ProtocolVersion

    public init(_ coding: AnswerWriter.Coding, soap: SOAPVersion = .v11, client: ProtocolVersion = .native) {
        self.coding = coding
        self.soap = soap
        let alike = [ProtocolVersion.automation, .hardwareIDs].first { client >= $0 }
        self.client = alike ?? ProtocolVersion(major: 0, minor: 0)
    }
}
