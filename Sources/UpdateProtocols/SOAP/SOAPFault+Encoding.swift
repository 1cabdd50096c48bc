public import Updates
import XMLStream

/// Faults on the wire ([MS-WUSP] 2.2.2.4; observed.md section 7).
extension SOAPFault {
    /// The body of the answer, whose status is 500, in the dialect of the service asked and the version of the request.
    ///
    /// `id` names the occurrence, for the log. The element `Method` is left out where the operation is not known. The fault code is `Client`, for
    /// InternalServerError and ServerBusy `Server`; in SOAP 1.2 they are called `Sender` and `Receiver`.
    public func encode(id: UpdateID, service: DeviceService, operation: DeviceOperation?, soap version: SOAPVersion = .v11) -> [UInt8] {
        let prefix = service == .client ? "s" : "soap"
        var attributes = [(name: "xmlns:\(prefix)", value: version.namespace)]
        var xml = XMLBytes()
        if service != .client {
            xml.bytes.append(contentsOf: SOAPEnvelope.declaration.utf8)
            attributes += SOAPEnvelope.schemas
        }
        xml.element("\(prefix):Envelope", attributes: attributes) {
            $0.element("\(prefix):Body") {
                $0.element("\(prefix):Fault") { xml in
                    switch version {
                    case .v11:
                        xml.element("faultcode", "\(prefix):\(isServers ? "Server" : "Client")")
                        xml.element("faultstring", "Fault occurred")
                    case .v12:
                        xml.element("\(prefix):Code") { $0.element("\(prefix):Value", "\(prefix):\(isServers ? "Receiver" : "Sender")") }
                        xml.element("\(prefix):Reason") {
                            $0.element("\(prefix):Text", attributes: [("xml:lang", "en")]) { $0.appendEscaped("Fault occurred") }
                        }
                    }
                    xml.element(version == .v11 ? "detail" : "\(prefix):Detail") {
                        $0.element("ErrorCode", code.rawValue)
                        $0.element("Message", message)
                        $0.element("ID", id.description)
                        if let operation { $0.element("Method", "\"\(operation.soapAction)\"") }
                    }
                }
            }
        }
        return xml.bytes
    }

    private var isServers: Bool { code == .internalServerError || code == .serverBusy }

    /// Reads the body of an answer: nothing where it is no fault. A fault that names no known ``ErrorCode`` is InternalServerError.
    public static func decode(_ body: [UInt8]) -> SOAPFault? {
        var elements = ElementReader(body, limits: .requests)
        do throws(SOAPFault) {
            try elements.enterBody()
            guard elements.isFault else { return nil }
            let fault = try elements.fault()
            try elements.finish()
            return fault
        } catch {
            return nil
        }
    }
}

extension ElementReader {
    /// The current element is a fault of the envelope's version.
    var isFault: Bool { isOfEnvelope && "Fault" ~= name }

    /// Reads the fault the reader stands at. The details have no namespace; one is tolerated.
    mutating func fault() throws(SOAPFault) -> SOAPFault {
        let level = level
        var code: SOAPFault.ErrorCode?
        var message = ""
        while try anyChild(of: level) {
            guard "detail" ~= name || "Detail" ~= name else { continue }
            let level = self.level
            while try anyChild(of: level) {
                switch name {
                case "ErrorCode": code = SOAPFault.ErrorCode(rawValue: try string())
                case "Message": message = try string()
                default: continue
                }
            }
        }
        return SOAPFault(code ?? .internalServerError, message)
    }
}
