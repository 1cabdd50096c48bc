import TestSupport
import Testing
import UpdateProtocols
import Updates

struct SOAPFaultEncodingTests {
    private func text(_ fault: SOAPFault, _ service: DeviceService, _ operation: DeviceOperation?) -> String {
        String(decoding: fault.encode(id: Samples.update, service: service, operation: operation), as: UTF8.self)
    }

    @Test func `a fault of each service in its dialect`() {
        #expect(
            text(SOAPFault(.invalidParameters, "a<b"), .client, .syncUpdates)
                == "<s:Envelope xmlns:s=\"http://schemas.xmlsoap.org/soap/envelope/\"><s:Body><s:Fault><faultcode>s:Client</faultcode>"
                + "<faultstring>Fault occurred</faultstring><detail><ErrorCode>InvalidParameters</ErrorCode><Message>a&lt;b</Message>"
                + "<ID>\(Samples.update)</ID><Method>\"http://www.microsoft.com/SoftwareDistribution/Server/ClientWebService/SyncUpdates\"</Method>"
                + "</detail></s:Fault></s:Body></s:Envelope>")
        #expect(
            text(SOAPFault(.internalServerError), .reporting, nil)
                == "<?xml version=\"1.0\" encoding=\"utf-8\"?><soap:Envelope xmlns:soap=\"http://schemas.xmlsoap.org/soap/envelope/\" "
                + "xmlns:xsi=\"http://www.w3.org/2001/XMLSchema-instance\" xmlns:xsd=\"http://www.w3.org/2001/XMLSchema\"><soap:Body><soap:Fault>"
                + "<faultcode>soap:Server</faultcode><faultstring>Fault occurred</faultstring><detail><ErrorCode>InternalServerError</ErrorCode>"
                + "<Message/><ID>\(Samples.update)</ID></detail></soap:Fault></soap:Body></soap:Envelope>")
    }

    @Test func `a fault in SOAP 1.2`() {
        let fault = { (code: SOAPFault.ErrorCode) in
            String(decoding: SOAPFault(code, "a<b").encode(id: Samples.update, service: .client, operation: nil, soap: .v12), as: UTF8.self)
        }
        let expected = [
            "<s:Envelope xmlns:s=\"http://www.w3.org/2003/05/soap-envelope\"><s:Body><s:Fault><s:Code><s:Value>s:Sender</s:Value></s:Code>",
            "<s:Reason><s:Text xml:lang=\"en\">Fault occurred</s:Text></s:Reason><s:Detail><ErrorCode>InvalidParameters</ErrorCode>",
            "<Message>a&lt;b</Message><ID>\(Samples.update)</ID></s:Detail></s:Fault></s:Body></s:Envelope>",
        ].joined()
        #expect(fault(.invalidParameters) == expected)
        #expect(fault(.serverBusy).contains("<s:Value>s:Receiver</s:Value>"))
    }

    @Test(arguments: DeviceService.allCases, SOAPFault.ErrorCode.allCases)
    func `an agent reads every fault it can be sent`(service: DeviceService, code: SOAPFault.ErrorCode) {
        let fault = SOAPFault(code, "parameters.X & Y")
        for version in SOAPVersion.allCases {
            let body = fault.encode(id: .none, service: service, operation: .getCookie, soap: version)
            #expect(SOAPFault.decode(body) == fault)
            for length in 0..<body.count { #expect(SOAPFault.decode(Array(body[..<length])) == nil, "\(length) bytes") }
        }
    }

    @Test func `a fault of the other version's envelope is none`() {
        let body =
            "<s:Envelope xmlns:s='\(SOAPVersion.v12.namespace)' xmlns:t='\(SOAPVersion.v11.namespace)'><s:Body><t:Fault/></s:Body></s:Envelope>"
        #expect(SOAPFault.decode(Array(body.utf8)) == nil)
    }

    @Test func `what is no fault is none`() {
        for (_, body) in Samples.responses { #expect(SOAPFault.decode(body) == nil) }
        #expect(SOAPFault.decode(Array("<html><body>502</body></html>".utf8)) == nil)
        #expect(SOAPFault.decode([]) == nil)
    }

    @Test(arguments: [
        "", "<detail/>", "<detail><ErrorCode>Novel</ErrorCode></detail>", "<faultcode>s:Server</faultcode><faultstring>unable</faultstring><detail/>",
    ])
    func `a fault without a known code is the server's`(children: String) {
        let body = "<s:Envelope xmlns:s='http://schemas.xmlsoap.org/soap/envelope/'><s:Body><s:Fault>\(children)</s:Fault></s:Body></s:Envelope>"
        #expect(SOAPFault.decode(Array(body.utf8)) == SOAPFault(.internalServerError))
    }

    @Test(.enabled(if: Evidence.isPresent, Comment(rawValue: Evidence.absence)))
    func `the captured fault is written byte for byte`() throws {
        let captured = try Evidence.bytes("soap-wua-native/faults/m0-000141-InvalidParameters.response.body")
        let fault = SOAPFault(.invalidParameters, "parameters.InstalledNonLeafUpdateIDs")
        let id = try #require(UpdateID("81418b4e-82c1-48d0-9504-da01db6148ae"))
        #expect(fault.encode(id: id, service: .client, operation: .syncUpdates) == captured)
        #expect(SOAPFault.decode(captured) == fault)
    }

    @Test(
        .enabled(if: Evidence.isPresent, Comment(rawValue: Evidence.absence)),
        arguments: [
            ("MS-WUSP-07-Fault.xml", SOAPFault.ErrorCode.configChanged), ("MS-WUSP-08-Fault.xml", .invalidCookie),
            ("MS-WUSP-20-Fault.xml", .configChanged),
        ])
    func `the specification's faults are read`(file: String, code: SOAPFault.ErrorCode) throws {
        #expect(SOAPFault.decode(try Evidence.bytes("spec-examples/\(file)")) == SOAPFault(code))
    }
}
