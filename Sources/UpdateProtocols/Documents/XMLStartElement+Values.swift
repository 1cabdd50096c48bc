import Updates
import XMLStream

/// 1 to 64 letters, digits or hyphens: what languages and regions are named with.
func isToken(_ bytes: some Collection<UInt8>) -> Bool {
    (1...64).contains(bytes.count)
        && bytes.allSatisfy {
            switch $0 {
            case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"), UInt8(ascii: "0")...UInt8(ascii: "9"),
                UInt8(ascii: "-"):
                true
            default: false
            }
        }
}

/// The attributes of update documents, by their types.
extension XMLStartElement {
    func required(_ name: StaticString) throws(DocumentError) -> XMLAttribute {
        guard let attribute = value(name) else { throw DocumentError(.missing, at: byteOffset, "no attribute \(name)") }
        return attribute
    }

    func updateID() throws(DocumentError) -> UpdateID {
        guard let id = UpdateID(utf8: try required("UpdateID").value) else {
            throw DocumentError(.invalidValue, at: byteOffset, "UpdateID is no GUID")
        }
        return id
    }

    func identity() throws(DocumentError) -> UpdateIdentity {
        let id = try updateID()
        guard let number = Int32(exactly: try number("RevisionNumber")) else {
            throw DocumentError(.invalidValue, at: byteOffset, "RevisionNumber is beyond 2147483647")
        }
        return UpdateIdentity(updateID: id, revisionNumber: RevisionNumber(rawValue: number))
    }

    /// A whole number from zero on, in digits only.
    func number(_ name: StaticString) throws(DocumentError) -> Int64 {
        let value = try required(name).value
        let isDigits = !value.isEmpty && value.allSatisfy { (UInt8(ascii: "0")...UInt8(ascii: "9")).contains($0) }
        guard isDigits, value.count <= 32, let number = Int64(String(decoding: value, as: UTF8.self)) else {
            throw DocumentError(.invalidValue, at: byteOffset, "\(name) is no whole number from 0 to 9223372036854775807")
        }
        return number
    }

    /// Nothing where the attribute is absent.
    func boolean(_ name: StaticString) throws(DocumentError) -> Bool? {
        guard let value = value(name)?.value else { return nil }
        if value.isEqual(to: "true") || value.isEqual(to: "1") { return true }
        if value.isEqual(to: "false") || value.isEqual(to: "0") { return false }
        throw DocumentError(.invalidValue, at: byteOffset, "\(name) is neither true nor false")
    }

    func token(_ name: StaticString) throws(DocumentError) -> String {
        let attribute = try required(name)
        guard isToken(attribute.value) else { throw DocumentError(.invalidValue, at: byteOffset, "\(name) is no language or region") }
        return attribute.text
    }

    /// `File` and `EulaFile`, without their further digests.
    func file() throws(DocumentError) -> UpdateFile {
        if let algorithm = value("DigestAlgorithm"), !algorithm.value.isEqual(to: "SHA1") {
            throw DocumentError(.invalidValue, at: byteOffset, "DigestAlgorithm is not SHA1")
        }
        guard let digest = Base64.decode(try required("Digest").value).flatMap({ SHA1Digest(bytes: $0) }) else {
            throw DocumentError(.invalidValue, at: byteOffset, "Digest is no SHA-1 in base64")
        }
        let name = try required("FileName")
        if name.value.isEmpty { throw DocumentError(.invalidValue, at: byteOffset, "FileName is empty") }
        return UpdateFile(
            sha1: digest, sha256: nil, name: name.text, size: try number("Size"), patchingType: value("PatchingType")?.text,
            isEncrypted: try boolean("IsEncrypted") == true ? true : nil)
    }

    /// `WindowsDriverMetaData`, without its children.
    func driver() throws(DocumentError) -> DriverMetadata {
        guard let date = Timestamp(try required("DriverVerDate").text) else {
            throw DocumentError(.invalidValue, at: byteOffset, "DriverVerDate is no date")
        }
        guard let version = DriverVersion(try required("DriverVerVersion").text) else {
            throw DocumentError(.invalidValue, at: byteOffset, "DriverVerVersion is not one to four numbers of at most 65535")
        }
        return DriverMetadata(
            hardwareID: try required("HardwareID").text, date: date, version: version, driverClass: value("Class")?.text ?? "",
            manufacturer: value("Manufacturer")?.text ?? "", provider: value("Provider")?.text ?? "", model: value("Model")?.text ?? "",
            whqlDriverID: value("WhqlDriverID")?.text)
    }

    /// `FeatureScore`: two hexadecimal digits as in INF files, with or without `0x`.
    func featureScore() throws(DocumentError) -> DriverMetadata.FeatureScore {
        let text = try required("FeatureScore").text.lowercased()
        let digits = text.hasPrefix("0x") ? text.dropFirst(2) : text[...]
        guard let score = UInt8(digits, radix: 16), digits.first != "+" else {
            throw DocumentError(.invalidValue, at: byteOffset, "FeatureScore is no hexadecimal number from 0 to FF")
        }
        return DriverMetadata.FeatureScore(operatingSystem: try required("OperatingSystem").text, score: score)
    }
}
