public import Updates
import XMLStream

/// A `Cookie` as it stands on the wire ([MS-WUSP] 2.2.3): sealed bytes, and when they expire by the sender's word.
public struct CookieElement: Hashable, Sendable {
    /// Never trusted by a server; nothing where it is absent or unreadable.
    public var expiration: Timestamp?
    /// Nothing where absent, as in an agent's first `oldCookie` (observed.md section 0.9). Empty where it was no base64: that opens nowhere.
    public var encryptedData: [UInt8]?

    public init(expiration: Timestamp? = nil, encryptedData: [UInt8]? = nil) {
        self.expiration = expiration
        self.encryptedData = encryptedData
    }
}

extension CookieElement {
    /// Reads the element the reader stands at.
    init(from elements: inout ElementReader) throws(SOAPFault) {
        let level = elements.level
        while let name = try elements.child(of: level) {
            switch name {
            case "Expiration":
                expiration = ElementReader.timestamp(try elements.text())
            case "EncryptedData":
                let text = RequestValue.trimmed(try elements.text())
                if !text.isEmpty { encryptedData = Base64.decode(text) ?? [] }
            default: break
            }
        }
    }

    /// Writes the children; the element's own name differs from operation to operation.
    func encode(into xml: inout XMLBytes) {
        if let expiration { xml.element("Expiration", expiration.text(.milliseconds)) }
        if let encryptedData { xml.element("EncryptedData", base64: encryptedData) }
    }
}
