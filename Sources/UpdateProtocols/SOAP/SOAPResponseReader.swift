import XMLStream

/// The way into a response.
enum SOAPResponseReader {
    /// Reads the body of a response to `operation`: `read` is called at its element and reads it to its end.
    static func decode<Response>(
        _ body: [UInt8], _ operation: DeviceOperation, _ read: (inout ElementReader) throws(SOAPFault) -> Response
    ) throws(ResponseError) -> Response {
        var elements = ElementReader(body, limits: .responses)
        var refusal: SOAPFault?
        do throws(SOAPFault) {
            try elements.enterBody()
            elements.namespace = ElementReader.Known(operation)
            if elements.isFault {
                refusal = try elements.fault()
                try elements.finish()
            } else if elements.isExpected, elements.name.local.elementsEqual("\(operation.name)Response".utf8) {
                let response = try read(&elements)
                try elements.finish()
                return response
            }
        } catch {
            throw ResponseError(elements.malformation.map { .malformed($0) } ?? .unexpected(error.message), operation: operation.name)
        }
        throw ResponseError(refusal.map { .fault($0) } ?? .unexpected("Body"), operation: operation.name)
    }

    /// As ``decode(_:_:_:)``, where all there is lies in one child, `<operation>Result`: `read` is called at it.
    static func decodeResult<Result>(
        _ body: [UInt8], _ operation: DeviceOperation, _ read: (inout ElementReader) throws(SOAPFault) -> Result
    ) throws(ResponseError) -> Result {
        try decode(body, operation) { (elements) throws(SOAPFault) in
            let level = elements.level
            while try elements.child(of: level) != nil {
                if elements.name.local.elementsEqual("\(operation.name)Result".utf8) { return try read(&elements) }
            }
            throw SOAPFault(.invalidParameters, "\(operation.name)Result")
        }
    }
}
