public import Updates

/// Where files can be had, by their SHA-1 ([MS-WUSP] 3.1.5.10; observed.md section 4).
public enum GetFileLocations {
    public struct Request: Hashable, Sendable {
        /// At most 100.
        public var digests: [SHA1Digest]

        public init(digests: [SHA1Digest]) {
            self.digests = digests
        }
    }

    public struct Response: Hashable, Sendable {
        public var fileLocations: [FileLocation]
        /// Replaces the cookie sent.
        public var newCookie: CookieElement?

        public init(fileLocations: [FileLocation], newCookie: CookieElement?) {
            self.fileLocations = fileLocations
            self.newCookie = newCookie
        }
    }

    /// InvalidParameters where `fileDigests` is missing, has more than 100 entries, or one is not 20 bytes.
    public static func decode<Session>(
        _ reader: inout SOAPRequestReader, open: (CookieElement?) throws(SOAPFault) -> Session
    ) throws(SOAPFault) -> (Session, Request) {
        let session = try reader.session(open)
        var digests: [SHA1Digest]?
        while let parameter = try reader.parameter() {
            guard "fileDigests" ~= parameter else { continue }
            var list = digests ?? []
            let level = reader.elements.level
            while let name = try reader.elements.child(of: level) {
                guard "base64Binary" ~= name else { continue }
                guard list.count < RequestedLimits.fileDigests,
                    let digest = Base64.decode(try reader.elements.text()).flatMap({ SHA1Digest(bytes: $0) })
                else { throw SOAPFault(.invalidParameters, "fileDigests") }
                list.append(digest)
            }
            digests = list
        }
        try reader.finish()
        guard let digests else { throw SOAPFault(.invalidParameters, "fileDigests") }
        return (session, Request(digests: digests))
    }

    /// The body of the answer; empty lists are left out.
    public static func encodeResponse(_ response: Response, soap version: SOAPVersion = .v11) -> [UInt8] {
        SOAPEnvelope.response(.getFileLocations, version) {
            $0.element("GetFileLocationsResult") {
                $0.list("FileLocations", response.fileLocations) { $1.encode(into: &$0) }
                if let newCookie = response.newCookie { $0.element("NewCookie") { newCookie.encode(into: &$0) } }
            }
        }
    }

    /// A device's side.
    public static func encodeRequest(_ request: Request, cookie: CookieElement) -> [UInt8] {
        SOAPEnvelope.request(.getFileLocations) {
            $0.element("cookie") { cookie.encode(into: &$0) }
            $0.element("fileDigests") { xml in
                for digest in request.digests { xml.element("base64Binary", base64: digest.bytes) }
            }
        }
    }

    /// A device's side. Throws ``ResponseError``.
    public static func decodeResponse(_ body: [UInt8]) throws(ResponseError) -> Response {
        try SOAPResponseReader.decodeResult(body, .getFileLocations) { (elements) throws(SOAPFault) in
            var response = Response(fileLocations: [], newCookie: nil)
            let level = elements.level
            while let name = try elements.child(of: level) {
                switch name {
                case "FileLocations": response.fileLocations += try FileLocation.list(from: &elements)
                case "NewCookie": response.newCookie = try CookieElement(from: &elements)
                default: break
                }
            }
            return response
        }
    }
}
