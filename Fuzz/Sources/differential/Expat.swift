import CExpat

/// A character between namespace and name that no name has. One that a namespace may have: expat refuses a namespace with a separator that is no
/// character of URIs.
private let separator = UInt8(ascii: "#")

private final class Events {
    var outline = Outline()

    static func of(_ data: UnsafeMutableRawPointer?) -> Events? {
        data.map { Unmanaged<Events>.fromOpaque($0).takeUnretainedValue() }
    }
}

/// What expat reads; nothing for what it refuses.
func expatOutline(_ document: [UInt8]) -> [String]? {
    guard let parser = XML_ParserCreateNS(nil, XML_Char(bitPattern: separator)) else { return nil }
    defer { XML_ParserFree(parser) }
    let events = Events()
    XML_SetUserData(parser, Unmanaged.passUnretained(events).toOpaque())
    XML_SetElementHandler(
        parser,
        { data, name, _ in
            guard let name else { return }
            let full = Array(String(cString: name).utf8)
            let end = full.lastIndex(of: separator)
            Events.of(data)?.outline.start(full[..<(end ?? 0)], full[(end.map { $0 + 1 } ?? 0)...])
        },
        { data, _ in Events.of(data)?.outline.end() })
    XML_SetCharacterDataHandler(parser) { data, text, count in
        Events.of(data)?.outline.text(UnsafeRawBufferPointer(start: text, count: Int(count)))
    }
    let status = document.withUnsafeBytes {
        XML_Parse(parser, $0.bindMemory(to: CChar.self).baseAddress, Int32($0.count), 1)
    }
    return status == XML_STATUS_OK ? events.outline.lines : nil
}
