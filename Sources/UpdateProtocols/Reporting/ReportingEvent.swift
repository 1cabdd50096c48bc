import Updates
import XMLStream

/// One `ReportingEvent`, as it is gathered child by child.
struct ReportingEvent {
    private var instanceID: UpdateID?
    private var deviceID: DeviceID?
    private var timeAtTarget: Timestamp?
    private var namespaceID: Int32? = 1
    private var eventID: Int32?
    private var sourceID: Int32? = 0
    private var updateID: UpdateID? = UpdateID.none
    private var revisionNumber: Int32? = 0
    private var win32HResult: Int32? = 0
    private var appName = ""
    private var replacementStrings: [String] = []
    private var miscData: [String] = []
    private var hasTooManyStrings = false

    /// Reads the event the reader stands at, to its end; nothing for one to be dropped.
    ///
    /// Its size shows only at its end, so that no value is judged before: one that is missing or wrong is nothing until then.
    static func decode(_ elements: inout ElementReader) throws(SOAPFault) -> Event? {
        let start = elements.tokenizer.tagOffset
        var event = ReportingEvent()
        let level = elements.level
        while let name = try elements.child(of: level) {
            switch name {
            case "BasicData": try event.basicData(&elements)
            case "ExtendedData": try event.extendedData(&elements)
            default: break
            }
        }
        if event.hasTooManyStrings || elements.tokenizer.byteOffset - start > RequestedLimits.eventBytes { return nil }
        return try event.checked()
    }

    private func checked() throws(SOAPFault) -> Event {
        func given<Value>(_ value: Value?, _ name: String) throws(SOAPFault) -> Value {
            guard let value else { throw SOAPFault(.invalidParameters, "eventBatch.\(name)") }
            return value
        }
        let update = UpdateIdentity(
            updateID: try given(updateID, "UpdateID"), revisionNumber: RevisionNumber(rawValue: try given(revisionNumber, "RevisionNumber")))
        return Event(
            instanceID: try given(instanceID, "EventInstanceID"), deviceID: try given(deviceID, "Sid"),
            timeAtTarget: try given(timeAtTarget, "TimeAtTarget"), namespaceID: try given(namespaceID, "NamespaceID"),
            eventID: EventID(rawValue: try given(eventID, "EventID")), sourceID: try given(sourceID, "SourceID"),
            update: update.updateID == .none ? nil : update, win32HResult: try given(win32HResult, "Win32HResult"), appName: appName,
            replacementStrings: replacementStrings, miscData: miscData)
    }

    private mutating func basicData(_ elements: inout ElementReader) throws(SOAPFault) {
        let level = elements.level
        while let name = try elements.child(of: level) {
            switch name {
            case "TargetID":
                let level = elements.level
                while let name = try elements.child(of: level) {
                    if "Sid" ~= name { deviceID = DeviceID(String(decoding: RequestValue.trimmed(try elements.text()), as: UTF8.self)) }
                }
            case "TimeAtTarget": timeAtTarget = ElementReader.timestamp(try elements.text())
            case "EventInstanceID": instanceID = UpdateID(utf8: RequestValue.trimmed(try elements.text()))
            case "NamespaceID": namespaceID = RequestValue.int32(try elements.text())
            case "EventID": eventID = RequestValue.int32(try elements.text())
            case "SourceID": sourceID = RequestValue.int32(try elements.text())
            case "UpdateID":
                let level = elements.level
                while let name = try elements.child(of: level) {
                    switch name {
                    case "UpdateID": updateID = UpdateID(utf8: RequestValue.trimmed(try elements.text()))
                    case "RevisionNumber": revisionNumber = RequestValue.int32(try elements.text())
                    default: break
                    }
                }
            // The WSDL has the one spelling, the specification's prose the other (protocol.md section 2.9).
            case "Win32HResult", "Win32Hresult": win32HResult = RequestValue.int32(try elements.text())
            case "AppName": appName = try elements.string()
            default: break
            }
        }
    }

    private mutating func extendedData(_ elements: inout ElementReader) throws(SOAPFault) {
        let level = elements.level
        while let name = try elements.child(of: level) {
            switch name {
            case "ReplacementStrings": try strings(&elements, into: \.replacementStrings)
            case "MiscData": try strings(&elements, into: \.miscData)
            default: break
            }
        }
    }

    private mutating func strings(
        _ elements: inout ElementReader, into list: WritableKeyPath<ReportingEvent, [String]>
    ) throws(SOAPFault) {
        let level = elements.level
        while let name = try elements.child(of: level) {
            guard "string" ~= name else { continue }
            guard self[keyPath: list].count < RequestedLimits.eventStrings else {
                hasTooManyStrings = true
                continue
            }
            self[keyPath: list].append(try elements.string())
        }
    }
}

extension Event {
    /// Writes the children of a `ReportingEvent`, as a native agent does (observed.md section 6).
    func encode(_ computer: ReportingComputer, into xml: inout XMLBytes) {
        xml.element("BasicData") {
            $0.element("TargetID") { $0.element("Sid", deviceID.text) }
            $0.element("SequenceNumber", 0)
            $0.element("TimeAtTarget", timeAtTarget.text(.milliseconds))
            $0.element("EventInstanceID", instanceID.description)
            $0.element("NamespaceID", namespaceID)
            $0.element("EventID", eventID.rawValue)
            $0.element("SourceID", sourceID)
            $0.element("UpdateID") {
                $0.element("UpdateID", (update?.updateID ?? UpdateID.none).description)
                $0.element("RevisionNumber", update?.revisionNumber.rawValue ?? 0)
            }
            $0.element("Win32HResult", win32HResult)
            if !appName.isEmpty { $0.element("AppName", appName) }
        }
        xml.element("ExtendedData") {
            $0.list("ReplacementStrings", replacementStrings) { $0.element("string", $1) }
            $0.list("MiscData", miscData) { $0.element("string", $1) }
            $0.element("ComputerBrand", computer.brand)
            $0.element("ComputerModel", computer.model)
            $0.element("BiosRevision", computer.biosRevision)
            $0.element("ProcessorArchitecture", computer.processorArchitecture)
            $0.element("OSVersion") {
                $0.element("Major", computer.osMajorVersion)
                $0.element("Minor", computer.osMinorVersion)
                $0.element("Build", computer.osBuildNumber)
                $0.element("Revision", computer.osRevision)
                $0.element("ServicePackMajor", computer.osServicePackMajorNumber)
                $0.element("ServicePackMinor", computer.osServicePackMinorNumber)
            }
            $0.element("OSLocaleID", computer.osLocaleID)
        }
        xml.element("PrivateData")
    }
}
