/// The two versions of SOAP that the services' WSDLs bind. Agents speak 1.1 (observed.md section 1); an answer is in its request's version.
public enum SOAPVersion: Hashable, Sendable, CaseIterable {
    case v11
    case v12

    /// The namespace of the envelope.
    public var namespace: String {
        switch self {
        case .v11: "http://schemas.xmlsoap.org/soap/envelope/"
        case .v12: "http://www.w3.org/2003/05/soap-envelope"
        }
    }

    /// The media type of a message, in lower case and without parameters.
    public var mediaType: String {
        switch self {
        case .v11: "text/xml"
        case .v12: "application/soap+xml"
        }
    }
}

extension DeviceOperation {
    /// Whether the service's WSDL binds the operation in this version of SOAP ([MS-WUSP] 6.1: one is bound in 1.1 only).
    public func isBound(in version: SOAPVersion) -> Bool { version == .v11 || self != .getExtendedUpdateInfo2 }
}
