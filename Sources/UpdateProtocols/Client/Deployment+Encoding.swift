import Updates
import XMLStream

/// A `Deployment` on the wire ([MS-WUSP] 2.2.2.2.4; observed.md section 3).
extension Deployment {
    /// The seven children a real server sends, and Deadline where there is one, after Action as the WSDL has it; the last three not to a
    /// `client` that does not know them. `hardwareIDs` are those a driver matched, for a client that knows them.
    func encode(for client: ProtocolVersion, hardwareIDs: [String] = [], into xml: inout XMLBytes) {
        xml.element("ID", id.rawValue)
        xml.element("Action", action.rawValue)
        if let deadline { xml.element("Deadline", deadline.text(.seconds)) }
        xml.element("IsAssigned", true)
        xml.element("LastChangeTime", lastChange.text(.date))
        if client >= .hardwareIDs { xml.list("HardwareIds", hardwareIDs) { $0.element("string", $1) } }
        if client < .automation { return }
        xml.element("AutoSelect", 0)
        xml.element("AutoDownload", 0)
        xml.element("SupersedenceBehavior", 0)
    }

    /// Reads the element the reader stands at; the hardware ids of a driver's are appended to `hardwareIDs`.
    init(from elements: inout ElementReader, hardwareIDs: inout [String]) throws(SOAPFault) {
        var id: DeploymentID?
        var action: DeploymentAction?
        var deadline: Timestamp?
        var lastChange: Timestamp?
        let level = elements.level
        while let name = try elements.child(of: level) {
            switch name {
            case "ID": id = DeploymentID(rawValue: try elements.int32("Deployment.ID"))
            case "Action": action = DeploymentAction(rawValue: String(decoding: RequestValue.trimmed(try elements.text()), as: UTF8.self))
            case "Deadline": deadline = try elements.timestamp("Deployment.Deadline")
            case "LastChangeTime": lastChange = try elements.timestamp("Deployment.LastChangeTime")
            case "HardwareIds":
                try elements.strings("Deployment.HardwareIds", limit: .max, bytes: .max, into: &hardwareIDs)
            default: break
            }
        }
        guard let id else { throw SOAPFault(.invalidParameters, "Deployment.ID") }
        guard let action else { throw SOAPFault(.invalidParameters, "Deployment.Action") }
        guard let lastChange else { throw SOAPFault(.invalidParameters, "Deployment.LastChangeTime") }
        self.init(id: id, action: action, deadline: deadline, lastChange: lastChange)
    }
}
