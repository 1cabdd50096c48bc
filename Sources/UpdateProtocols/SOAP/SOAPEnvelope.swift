import Updates
import XMLStream

/// The envelope in its two dialects, and the way in.
enum SOAPEnvelope {
    static let schemaInstance = "http://www.w3.org/2001/XMLSchema-instance"
    static let schema = "http://www.w3.org/2001/XMLSchema"

    static let declaration = "<?xml version=\"1.0\" encoding=\"utf-8\"?>"
    static let schemas = [(name: "xmlns:xsi", value: schemaInstance), (name: "xmlns:xsd", value: schema)]

    static func response(
        _ operation: DeviceOperation, _ version: SOAPVersion, _ content: (inout XMLBytes) throws -> Void
    ) rethrows -> [UInt8] {
        var xml = XMLBytes()
        openResponse(operation, version, &xml)
        let start = xml.bytes.count
        try content(&xml)
        closeResponse(operation, &xml, isEmpty: xml.bytes.count == start)
        return xml.bytes
    }

    /// As a real server answers: the Client service without an XML declaration and with `s:`, the two others with it and `soap:`
    /// (observed.md section 1).
    static func openResponse(_ operation: DeviceOperation, _ version: SOAPVersion, _ xml: inout XMLBytes) {
        if operation.service == .client {
            xml.open("s:Envelope", attributes: [("xmlns:s", version.namespace)])
            xml.open("s:Body", attributes: schemas)
        } else {
            xml.bytes.append(contentsOf: declaration.utf8)
            xml.open("soap:Envelope", attributes: [("xmlns:soap", version.namespace)] + schemas)
            xml.open("soap:Body")
        }
        xml.open("\(operation.name)Response", attributes: [("xmlns", operation.namespace)])
    }

    static func closeResponse(_ operation: DeviceOperation, _ xml: inout XMLBytes, isEmpty: Bool = false) {
        if isEmpty {
            xml.bytes[xml.bytes.count - 1] = UInt8(ascii: "/")
            xml.bytes.append(UInt8(ascii: ">"))
        } else {
            xml.close("\(operation.name)Response")
        }
        let prefix = operation.service == .client ? "s" : "soap"
        xml.close("\(prefix):Body")
        xml.close("\(prefix):Envelope")
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
