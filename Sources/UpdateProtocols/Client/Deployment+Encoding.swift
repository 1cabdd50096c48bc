import Updates
import XMLStream

/// A `Deployment` on the wire ([MS-WUSP] 2.2.2.2.4; observed.md section 3).
extension Deployment {
    /// The seven children a real server sends, and Deadline where there is one, after Action as the WSDL has it.
    func encode(into xml: inout XMLBytes) {
        xml.element("ID", id.rawValue)
        xml.element("Action", action.rawValue)
        if let deadline { xml.element("Deadline", deadline.text(.seconds)) }
        xml.element("IsAssigned", true)
        xml.element("LastChangeTime", lastChange.text(.date))
        xml.element("AutoSelect", 0)
        xml.element("AutoDownload", 0)
        xml.element("SupersedenceBehavior", 0)
    }

    init(from elements: inout ElementReader) throws(SOAPFault) {
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
            default: break
            }
        }
        guard let id else { throw SOAPFault(.invalidParameters, "Deployment.ID") }
        guard let action else { throw SOAPFault(.invalidParameters, "Deployment.Action") }
        guard let lastChange else { throw SOAPFault(.invalidParameters, "Deployment.LastChangeTime") }
        self.init(id: id, action: action, deadline: deadline, lastChange: lastChange)
    }
}
