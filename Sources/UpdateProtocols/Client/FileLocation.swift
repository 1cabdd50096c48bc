public import Updates

/// Where a file can be had ([MS-WUSP] `FileLocation`).
public struct FileLocation: Hashable, Sendable {
    public var digest: SHA1Digest
    public var url: String

    public init(digest: SHA1Digest, url: String) {
        self.digest = digest
        self.url = url
    }
}

extension FileLocation {
    func encode(into xml: inout XMLBytes) {
        xml.element("FileLocation") {
            $0.element("FileDigest", base64: digest.bytes)
            $0.element("Url", url)
        }
    }

    /// The locations of the list the reader stands at.
    static func list(from elements: inout ElementReader) throws(SOAPFault) -> [FileLocation] {
        var locations: [FileLocation] = []
        let level = elements.level
        while let name = try elements.child(of: level) {
            guard "FileLocation" ~= name else { continue }
            var digest: SHA1Digest?
            var url: String?
            let level = elements.level
            while let name = try elements.child(of: level) {
                switch name {
                case "FileDigest": digest = Base64.decode(try elements.text()).flatMap { SHA1Digest(bytes: $0) }
                case "Url": url = try elements.string()
                default: break
                }
            }
            guard let digest else { throw SOAPFault(.invalidParameters, "FileLocation.FileDigest") }
            guard let url else { throw SOAPFault(.invalidParameters, "FileLocation.Url") }
            locations.append(FileLocation(digest: digest, url: url))
        }
        return locations
    }
}
