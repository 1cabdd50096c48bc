import Testing
import UpdateProtocols
import Updates
import XMLStream

struct SOAPRequestReaderTests {
    private static let client = DeviceService.client.namespace

    private func operation(_ body: String) throws(SOAPFault) -> DeviceOperation {
        var reader = SOAPRequestReader(Array(body.utf8))
        return try reader.operation()
    }

    @Test(arguments: [
        "<s:Envelope xmlns:s='http://schemas.xmlsoap.org/soap/envelope/'><s:Body><GetConfig xmlns='\(client)'/></s:Body></s:Envelope>",
        "<?xml version='1.0' encoding='utf-8'?>\n<Envelope xmlns='http://schemas.xmlsoap.org/soap/envelope/'>\n <Body>\n<q:GetConfig xmlns:q='\(client)'/></Body></Envelope>",
        "<e:Envelope xmlns:e='http://schemas.xmlsoap.org/soap/envelope/' xmlns:c='\(client)'><e:Header><x e:mustUnderstand='0'>1</x><y xmlns='u'/></e:Header><e:Body><c:GetConfig/></e:Body></e:Envelope>",
        "<e:Envelope xmlns:e='http://schemas.xmlsoap.org/soap/envelope/' xmlns:c='\(client)'><Body><c:GetCookie/></Body><e:Body><c:GetConfig/></e:Body></e:Envelope>",
    ])
    func `the operation is found by namespace, whatever the prefixes`(body: String) throws {
        #expect(try operation(body) == .getConfig)
    }

    @Test(arguments: [
        ("<a/>", "Envelope"),
        ("<Envelope/>", "Envelope"),
        ("<s:Envelope xmlns:s='http://www.w3.org/2003/05/soap-envelope'><s:Body/></s:Envelope>", "Body"),
        ("<s:Envelope xmlns:s='http://schemas.xmlsoap.org/soap/envelope/'/>", "Body"),
        ("<s:Envelope xmlns:s='http://schemas.xmlsoap.org/soap/envelope/'><s:Body/></s:Envelope>", "Body"),
        (
            "<s:Envelope xmlns:s='http://schemas.xmlsoap.org/soap/envelope/'><s:Header><x s:mustUnderstand='1'/></s:Header><s:Body/></s:Envelope>",
            "Header"
        ),
        ("<s:Envelope xmlns:s='http://schemas.xmlsoap.org/soap/envelope/'><s:Body><GetConfig/></s:Body></s:Envelope>", "operation"),
        (
            "<s:Envelope xmlns:s='http://schemas.xmlsoap.org/soap/envelope/'><s:Body><GetConfig2 xmlns='\(client)'/></s:Body></s:Envelope>",
            "operation"
        ),
        (
            "<s:Envelope xmlns:s='http://schemas.xmlsoap.org/soap/envelope/'><s:Body><ReportEventBatch xmlns='\(client)'/></s:Body></s:Envelope>",
            "operation"
        ),
        ("<!DOCTYPE a><a/>", "request"),
        ("", "request"),
    ])
    func `what is no request of ours is InvalidParameters`(body: String, message: String) {
        #expect(throws: SOAPFault(.invalidParameters, message)) { try operation(body) }
    }

    @Test func `every operation is found in its own namespace`() throws {
        for known in DeviceOperation.allCases {
            let body =
                "<s:Envelope xmlns:s='http://schemas.xmlsoap.org/soap/envelope/'><s:Body><\(known.name) xmlns='\(known.namespace)'/></s:Body></s:Envelope>"
            #expect(try operation(body) == known)
        }
    }

    @Test(arguments: DeviceOperation.allCases)
    func `every operation that is bound in SOAP 1.2 is found there`(known: DeviceOperation) throws {
        let body = "<s:Envelope xmlns:s='\(SOAPVersion.v12.namespace)'><s:Body><\(known.name) xmlns='\(known.namespace)'/></s:Body></s:Envelope>"
        var reader = SOAPRequestReader(Array(body.utf8))
        if known == .getExtendedUpdateInfo2 {
            #expect(throws: SOAPFault(.invalidParameters, "operation")) { try reader.operation() }
        } else {
            #expect(try reader.operation() == known)
        }
        #expect(reader.version == .v12)
    }

    private func fileLocations(
        _ children: String, after: String = "</GetFileLocations></s:Body></s:Envelope>",
        open: (CookieElement?) throws(SOAPFault) -> String = { $0.map { "\($0.encryptedData ?? [])" } ?? "none" }
    ) throws(SOAPFault) -> String {
        let body =
            "<s:Envelope xmlns:s='http://schemas.xmlsoap.org/soap/envelope/'><s:Body><GetFileLocations xmlns='\(Self.client)' "
            + "xmlns:xsi='http://www.w3.org/2001/XMLSchema-instance'>\(children)\(after)"
        var reader = SOAPRequestReader(Array(body.utf8))
        guard try reader.operation() == .getFileLocations else { return "another operation" }
        let (session, request) = try GetFileLocations.decode(&reader, open: open)
        return "\(session) \(request.digests.count)"
    }

    @Test(arguments: [
        ("<cookie><EncryptedData>AQI=</EncryptedData></cookie><fileDigests/>", "[1, 2] 0"),
        ("<cookie><EncryptedData> A Q\nI= </EncryptedData><Expiration>never</Expiration></cookie><fileDigests/>", "[1, 2] 0"),
        ("<cookie><Expiration>2026-10-04T13:17:07Z</Expiration></cookie><fileDigests/>", "[] 0"),
        ("<cookie><EncryptedData>not base64</EncryptedData></cookie><fileDigests/>", "[] 0"),
        ("<cookie><EncryptedData xsi:nil='true'/></cookie><fileDigests/>", "[] 0"),
        ("<cookie/><fileDigests/>", "[] 0"),
        ("<cookie xsi:nil='1'/><fileDigests/>", "none 0"),
        ("<cookie xsi:nil='0'/><fileDigests/>", "[] 0"),
        ("<fileDigests/><cookie><EncryptedData>AQI=</EncryptedData></cookie>", "none 0"),
        ("<unknown/><cookie><EncryptedData>AQI=</EncryptedData></cookie><fileDigests/>", "none 0"),
        ("<cookie xmlns='urn:other'><EncryptedData>AQI=</EncryptedData></cookie><cookie/><fileDigests/>", "none 0"),
        ("<cookie><wrong xmlns='urn:other'><EncryptedData>AQI=</EncryptedData></wrong></cookie><fileDigests/>", "[] 0"),
        (
            "<cookie/><x><fileDigests/></x><fileDigests><y/><base64Binary>AAAAAAAAAAAAAAAAAAAAAAAAAAA=</base64Binary></fileDigests>", "[] 1"
        ),
    ])
    func `the cookie is the first child or missing, and the rest is found in any order`(children: String, outcome: String) throws {
        #expect(try fileLocations(children) == outcome)
    }

    @Test(arguments: ["", "<fileDigests><base64Binary>AA==</base64Binary></fileDigests>", "<not well-formed", "<a></b>", "&nbsp;"])
    func `a cookie that does not open is the answer, whatever comes after it`(rest: String) {
        #expect(throws: SOAPFault(.serverChanged)) {
            try fileLocations("<cookie><EncryptedData>AQI=</EncryptedData></cookie>\(rest)") { (_) throws(SOAPFault) in
                throw SOAPFault(.serverChanged)
            }
        }
    }

    @Test(arguments: [
        "", "</GetFileLocations>", "</GetFileLocations></s:Body>", "</GetFileLocations></s:Body></s:Envelope><",
        "</GetFileLocations></s:Body></s:Envelope>x",
    ])
    func `a request that does not end as it should is refused`(end: String) {
        #expect(throws: SOAPFault(.invalidParameters, "request")) { try fileLocations("<cookie/><fileDigests/>", after: end) }
    }

    @Test func `a second element in the body is not taken for parameters`() {
        let body = "</GetFileLocations><GetFileLocations xmlns='\(Self.client)'><fileDigests/></GetFileLocations></s:Body></s:Envelope>"
        #expect(throws: SOAPFault(.invalidParameters, "fileDigests")) { try fileLocations("", after: body) }
        #expect(throws: SOAPFault(.invalidParameters, "fileDigests")) { try fileLocations("<cookie/>", after: body) }
    }

    @Test func `what is wrong with the XML is told to the log, and nothing else is`() {
        var reader = SOAPRequestReader(Array("<a>&nbsp;</a>".utf8))
        #expect(throws: SOAPFault.self) { try reader.operation() }
        #expect(reader.malformation == nil)
        reader = SOAPRequestReader(Array("<!DOCTYPE a>".utf8))
        #expect(throws: SOAPFault.self) { try reader.operation() }
        #expect(reader.malformation == RequestXMLError(.documentType, at: 0))
    }

    @Test func `a decoder called before the operation is known is a fault of ours`() {
        var reader = SOAPRequestReader(Samples.requests[0].body)
        #expect(throws: SOAPFault(.internalServerError, "operation")) { try GetConfig.decode(&reader) }
    }

    @Test func `the operation is asked for once`() throws {
        var reader = SOAPRequestReader(Samples.requests[0].body)
        #expect(try reader.operation() == .getConfig)
        #expect(throws: SOAPFault(.internalServerError, "operation")) { try reader.operation() }
    }
}

struct DeviceServiceTests {
    @Test(
        arguments: [
            ("/ClientWebService/client.asmx", .client),
            ("/clientwebservice/CLIENT.ASMX", .client),
            ("//ClientWebService///Client.asmx", .client),
            ("/SimpleAuthWebService/SimpleAuth.asmx", .simpleAuth),
            ("/ReportingWebService/ReportingWebService.asmx", .reporting),
            ("/ReportingWebService/WebService.asmx", .reporting),
            ("/ReportingWebService/", nil),
            ("/ClientWebService/client.asmx/", nil),
            ("ClientWebService/client.asmx", nil),
            ("", nil),
        ] as [(String, DeviceService?)])
    func `a service is found by its path in any spelling`(path: String, service: DeviceService?) {
        #expect(DeviceService.service(forPath: path) == service)
    }

    @Test func `each service is found by the path it is announced with`() {
        for service in DeviceService.allCases { #expect(DeviceService.service(forPath: service.path) == service) }
    }

    @Test func `actions are those of the WSDL`() {
        #expect(DeviceOperation.syncUpdates.soapAction == "http://www.microsoft.com/SoftwareDistribution/Server/ClientWebService/SyncUpdates")
        #expect(DeviceOperation.reportEventBatch.soapAction == "http://www.microsoft.com/SoftwareDistribution/ReportEventBatch")
        #expect(
            DeviceOperation.getAuthorizationCookie.soapAction
                == "http://www.microsoft.com/SoftwareDistribution/Server/SimpleAuthWebService/GetAuthorizationCookie")
        #expect(DeviceOperation.ping.soapAction == "http://www.microsoft.com/SoftwareDistribution/Server/IMonitorable/Ping")
    }
}
