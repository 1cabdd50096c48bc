import Updates
import XMLStream

/// The envelope in its two dialects, and the way in.
enum SOAPEnvelope {
    static let schemaInstance = "http://www.w3.org/2001/XMLSchema-instance"
    static let schema = "http://www.w3.org/2001/XMLSchema"

    static let declaration = "<?xml version=\"1.0\" encoding=\"utf-8\"?>"
    static let schemas = [(name: "xmlns:xsi", value: schemaInstance), (name: "xmlns:xsd", value: schema)]

    /// As a real server answers: the Client service without an XML declaration and with `s:`, the two others with it and `soap:`
    /// (observed.md section 1).
    static func response(
        _ operation: DeviceOperation, _ version: SOAPVersion, capacity: Int = 0, _ content: (inout XMLBytes) throws -> Void
    ) rethrows -> [UInt8] {
        let name = "\(operation.name)Response"
        let attributes = [(name: "xmlns", value: operation.namespace)]
        var xml = XMLBytes(capacity: capacity)
        if operation.service == .client {
            try xml.element("s:Envelope", attributes: [("xmlns:s", version.namespace)]) {
                try $0.element("s:Body", attributes: schemas) { try $0.element(name, attributes: attributes, content) }
            }
        } else {
            xml.bytes.append(contentsOf: declaration.utf8)
            try xml.element("soap:Envelope", attributes: [("xmlns:soap", version.namespace)] + schemas) {
                try $0.element("soap:Body") { try $0.element(name, attributes: attributes, content) }
            }
        }
        return xml.bytes
    }

    /// As an agent asks.
    static func request(_ operation: DeviceOperation, _ content: (inout XMLBytes) -> Void) -> [UInt8] {
        var xml = XMLBytes()
        xml.element("s:Envelope", attributes: [("xmlns:s", SOAPVersion.v11.namespace)]) {
            $0.element("s:Body") {
                $0.element(operation.name, attributes: [("xmlns", operation.namespace)], content)
            }
        }
        return xml.bytes
    }
}

extension ElementReader {
    /// Goes to the first element of the Body. Headers are skipped, but for one that must be understood: none is.
    mutating func enterBody() throws(SOAPFault) {
        guard try next() == .start, "Envelope" ~= name, let found = SOAPVersion.allCases.first(where: { knownNamespace == Known($0) }) else {
            throw SOAPFault(.invalidParameters, "Envelope")
        }
        version = found
        while try anyChild(of: 1) {
            guard isOfEnvelope else { continue }
            switch name {
            case "Header":
                while try anyChild(of: 2) {
                    if mustBeUnderstood { throw SOAPFault(.invalidParameters, "Header") }
                }
            case "Body":
                guard try anyChild(of: 2) else { throw SOAPFault(.invalidParameters, "Body") }
                return
            default: continue
            }
        }
        throw SOAPFault(.invalidParameters, "Body")
    }
}
