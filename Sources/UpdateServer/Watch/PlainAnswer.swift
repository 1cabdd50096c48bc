/// The one answer to whoever comes by HTTP: 403 and a line that says why, as a fault where a SOAP call was made.
enum PlainAnswer {
    static let line = "This update server answers over HTTPS only. The update service address of this device must begin with https://."

    static func bytes(for head: PlainRequestHead?) -> [UInt8] {
        let (type, body): (String, String)
        if let head, head.isSOAP12 {
            type = "application/soap+xml; charset=utf-8"
            body = """
                <s:Envelope xmlns:s="http://www.w3.org/2003/05/soap-envelope"><s:Body><s:Fault><s:Code><s:Value>s:Sender</s:Value></s:Code>\
                <s:Reason><s:Text xml:lang="en">\(line)</s:Text></s:Reason></s:Fault></s:Body></s:Envelope>
                """
        } else if let head, head.isSOAP {
            type = "text/xml; charset=utf-8"
            body = """
                <s:Envelope xmlns:s="http://schemas.xmlsoap.org/soap/envelope/"><s:Body><s:Fault><faultcode>s:Client</faultcode>\
                <faultstring>\(line)</faultstring></s:Fault></s:Body></s:Envelope>
                """
        } else {
            (type, body) = ("text/plain; charset=utf-8", line + "\n")
        }
        let text = """
            HTTP/1.1 403 Forbidden\r
            Content-Type: \(type)\r
            Content-Length: \(body.utf8.count)\r
            Cache-Control: no-store\r
            Date: \(HTTPDate.now())\r
            Connection: close\r
            \r

            """
        return Array((head?.method == "HEAD" ? text : text + body).utf8)
    }
}
