import FuzzTarget
import XMLStream

/// The tokenizer of requests against expat: what it accepts expat accepts too, and both read it alike.
fuzz { start, count in
    let document = bytes(start, count)
    guard let found = outline(document) else { return 0 }
    guard let expected = expatOutline(document) else {
        require(false, "accepted, and expat refuses it")
        return 0
    }
    require(found == expected, "read as \(found), by expat as \(expected)")
    return 0
}

/// What the tokenizer reads; nothing for what it refuses.
func outline(_ document: [UInt8]) -> [String]? {
    var tokenizer = RequestTokenizer(document)
    var outline = Outline()
    do throws(RequestXMLError) {
        while true {
            switch try tokenizer.next() {
            case .start: outline.start(tokenizer.namespaceURI, tokenizer.localName)
            case .text: outline.text(tokenizer.text)
            case .end: outline.end()
            case .endOfDocument: return outline.lines
            }
        }
    } catch {
        require((0...document.count).contains(error.byteOffset), "an offset outside of the document")
        return nil
    }
}
