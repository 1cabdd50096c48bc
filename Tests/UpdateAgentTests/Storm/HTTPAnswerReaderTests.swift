import NIOCore
import Testing

@testable import UpdateAgent

@Suite struct HTTPAnswerReaderTests {
    private static let text =
        "HTTP/1.1 206 Partial Content\r\nContent-Type: text/xml\r\nRetry-After: 7\r\nCONTENT-ENCODING: xpress\r\nConnection: close\r\n"
        + "Content-Range: bytes 0-4/10\r\nContent-Length: 5\r\n\r\n<abc>"

    private func feed(_ pieces: [ArraySlice<UInt8>], keepsBody: Bool = true, limit: Int = 100) throws -> HTTPAnswer? {
        var reader = HTTPAnswerReader()
        var answer: HTTPAnswer?
        for piece in pieces {
            var buffer = ByteBuffer(bytes: piece)
            #expect(answer == nil)
            answer = try reader.feed(&buffer, keepsBody: keepsBody, limit: limit)
        }
        if answer != nil { #expect(reader.isBetweenAnswers) }
        return answer
    }

    @Test func `an answer is the same wherever it is split`() throws {
        let bytes = Array(Self.text.utf8)
        let whole = try #require(try feed([bytes[...]]))
        #expect(whole.status == 206 && whole.retryAfter == 7 && whole.isXpress && whole.isClosing && whole.contentLength == 5)
        #expect(whole.contentRange == "bytes0-4/10")
        #expect(whole.body == Array("<abc>".utf8))
        for position in 0...bytes.count {
            let pieces = [bytes[..<position], bytes[position...]].filter { !$0.isEmpty }
            #expect(try feed(pieces) == whole, "split at \(position)")
        }
        #expect(try feed(bytes.indices.map { bytes[$0...$0] }) == whole)
    }

    @Test func `an answer that is cut is none`() throws {
        let bytes = Array(Self.text.utf8)
        for position in 1..<bytes.count { #expect(try feed([bytes[..<position]]) == nil) }
    }

    @Test func `a body that is not wanted is counted and not kept, but that of a refusal is kept`() throws {
        let bytes = Array(Self.text.utf8)
        #expect(try feed([bytes[...]], keepsBody: false)?.body == [])
        let refusal = Array("HTTP/1.1 500 No\r\nContent-Length: 2\r\n\r\nab".utf8)
        #expect(try feed([refusal[...]], keepsBody: false)?.body == Array("ab".utf8))
    }

    @Test(
        arguments: [
            ("no HTTP", "SSH-2.0-x\r\n\r\n", .statusLine), ("another version", "HTTP/1.0 200 OK\r\nContent-Length: 0\r\n\r\n", .statusLine),
            ("no number", "HTTP/1.1 2xx OK\r\nContent-Length: 0\r\n\r\n", .statusLine), ("no colon", "HTTP/1.1 200 OK\r\nabc\r\n\r\n", .field),
            ("no length", "HTTP/1.1 200 OK\r\n\r\n", .length),
            ("two lengths", "HTTP/1.1 200 OK\r\nContent-Length: 1\r\nContent-Length: 1\r\n\r\n", .length),
            ("a length below nothing", "HTTP/1.1 200 OK\r\nContent-Length: -1\r\n\r\n", .length),
            ("chunks", "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n", .length),
            ("more than the limit", "HTTP/1.1 200 OK\r\nContent-Length: 101\r\n\r\n", .tooLong),
            ("more than was said", "HTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\nab", .unasked),
        ] as [(String, String, HTTPAnswerReader.Malformed)])
    func `what is not understood is refused`(name: String, text: String, failure: HTTPAnswerReader.Malformed) {
        #expect(throws: failure) { try feed([Array(text.utf8)[...]]) }
    }

    @Test func `the limits hold at their edge`() throws {
        let body = String(repeating: "x", count: 100)
        #expect(try feed([Array("HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n\(body)".utf8)[...]])?.body.count == 100)
        let frame = "HTTP/1.1 200 OK\r\nContent-Length: 0\r\nA: \r\n\r\n".utf8.count
        for (length, isTaken) in [(HTTPAnswerReader.longestHead, true), (HTTPAnswerReader.longestHead + 1, false)] {
            let head = "HTTP/1.1 200 OK\r\nContent-Length: 0\r\nA: \(String(repeating: "a", count: length - frame))\r\n\r\n"
            #expect(head.utf8.count == length)
            if isTaken {
                #expect(try feed([Array(head.utf8)[...]]) != nil)
            } else {
                #expect(throws: HTTPAnswerReader.Malformed.tooLong) { try feed([Array(head.utf8)[...]]) }
            }
        }
    }
}
