import AsyncHTTPClient
import Foundation
import NIOHTTP1

/// A request that was checked before anything is connected.
struct HTTPSRequest {
    let request: HTTPClientRequest

    /// Headers that frame or route a message belong to the client.
    private static let reserved: Set<String> = [
        "host", "content-length", "transfer-encoding", "connection", "upgrade", "te", "trailer", "expect", "keep-alive", "range", "if-range",
    ]

    /// - Parameter allowsPlain: `http` too, in a laboratory.
    init(
        _ method: HTTPMethod, _ url: String, headers: [(name: String, value: String)], allowsPlain: Bool = false
    ) throws(HTTPSError) {
        guard url.utf8.allSatisfy({ (0x21...0x7e).contains($0) }), let parsed = URL(string: url), let scheme = parsed.scheme?.lowercased(),
            scheme == "https" || allowsPlain && scheme == "http",
            let host = parsed.host, !host.isEmpty, parsed.user == nil, parsed.password == nil
        else { throw HTTPSError(.invalidURL, "\(quoted(url)) is not an https URL that can be asked") }
        var request = HTTPClientRequest(url: url)
        request.method = method
        for (name, value) in headers {
            guard !name.isEmpty, name.utf8.allSatisfy(Self.isTokenCharacter), !Self.reserved.contains(name.lowercased()),
                value.utf8.allSatisfy({ $0 == 0x09 || (0x20...0x7e).contains($0) })
            else { throw HTTPSError(.invalidHeader, "the header \(quoted(name)) cannot be sent") }
            request.headers.add(name: name, value: value)
        }
        self.request = request
    }

    /// RFC 9110 section 5.6.2.
    private static func isTokenCharacter(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"), UInt8(ascii: "0")...UInt8(ascii: "9"): true
        default: "!#$%&'*+-.^_`|~".utf8.contains(byte)
        }
    }
}
