import Foundation
import NIOCore
import UpdateProtocols
import Updates

/// A request encoded once, with gaps for what differs from device to device.
///
/// The body is made by the same encoders as a single device's, with a marker where a value is to go; it is cut at the markers.
struct RequestTemplate: Sendable {
    enum Slot: Hashable, Sendable, CaseIterable {
        /// Base64 of a cookie.
        case cookie
        /// Base64 of an authorization.
        case authorization
        case deviceID
        case dnsName
        /// A fresh GUID at each place.
        case eventID
        /// Now.
        case time
    }

    /// What stands in an encoded request where a slot is to be.
    enum Marker {
        static let cookieBytes: [UInt8] = Array("storm cookie marker".utf8) + [0xff, 0xfe]
        static let authorizationBytes: [UInt8] = Array("storm authorization".utf8) + [0xff, 0xfd]
        static let deviceID = UpdateID(high: 0x6d61_726b_6572_4000, low: 0x8000_6465_7669_6365)
        static let dnsName = "storm-marker-of-a-name"
        static let eventID = UpdateID(high: 0x6d61_726b_6572_4000, low: 0x8000_6576_656e_7421)
        static let time = Timestamp(millisecondsSince1970: 86_399_123)

        static func bytes(of slot: Slot) -> [UInt8] {
            switch slot {
            case .cookie: Array(Data(cookieBytes).base64EncodedString().utf8)
            case .authorization: Array(Data(authorizationBytes).base64EncodedString().utf8)
            case .deviceID: Array(deviceID.description.utf8)
            case .dnsName: Array(dnsName.utf8)
            case .eventID: Array(eventID.description.utf8)
            case .time: Array(time.text(.milliseconds).utf8)
            }
        }
    }

    let operation: DeviceOperation
    private let head: [UInt8]
    /// One more than ``slots``.
    private let pieces: [[UInt8]]
    private let slots: [Slot]
    private let fixedLength: Int

    /// - Parameter host: of the `Host` header.
    init(_ operation: DeviceOperation, path: String? = nil, body: [UInt8], host: String) {
        self.operation = operation
        let markers = Slot.allCases.map { (slot: $0, bytes: Marker.bytes(of: $0)) }
        var pieces: [[UInt8]] = []
        var slots: [Slot] = []
        var rest = body[...]
        while true {
            let found = markers.compactMap { marker in ByteSearch.first(marker.bytes, in: rest).map { (at: $0, marker: marker) } }.min {
                $0.at < $1.at
            }
            guard let found else { break }
            pieces.append(Array(rest[..<found.at]))
            slots.append(found.marker.slot)
            rest = rest[(found.at + found.marker.bytes.count)...]
        }
        pieces.append(Array(rest))
        self.pieces = pieces
        self.slots = slots
        fixedLength = pieces.reduce(0) { $0 + $1.count }
        let request = AgentRequest(operation: operation, path: path ?? operation.service.path, body: [])
        var head = "POST \(request.path) HTTP/1.1\r\n"
        for (index, header) in request.headers.enumerated() {
            head += "\(header.name): \(header.value)\r\n"
            // In a native agent's order (observed.md section 1).
            if index == 0 { head += "Connection: Keep-Alive\r\n" }
        }
        self.head = Array("\(head)Host: \(host)\r\nContent-Length: ".utf8)
    }

    /// Appends the whole request, header and body.
    func write(into buffer: inout ByteBuffer, _ value: (Slot) -> [UInt8]) {
        let values = slots.map(value)
        let length = values.reduce(fixedLength) { $0 + $1.count }
        buffer.reserveCapacity(minimumWritableBytes: head.count + length + 24)
        buffer.writeBytes(head)
        buffer.writeString("\(length)\r\n\r\n")
        for (index, piece) in pieces.enumerated() {
            buffer.writeBytes(piece)
            if index < values.count { buffer.writeBytes(values[index]) }
        }
    }
}

/// Finds bytes in bytes.
enum ByteSearch {
    /// Where `pattern` begins in `bytes`.
    static func first(_ pattern: [UInt8], in bytes: ArraySlice<UInt8>) -> Int? {
        guard let start = pattern.first, bytes.count >= pattern.count else { return nil }
        return bytes.withUnsafeBufferPointer { all in
            pattern.withUnsafeBufferPointer { wanted in
                var position = 0
                let last = all.count - wanted.count
                while position <= last {
                    if all[position] == start {
                        var length = 1
                        while length < wanted.count, all[position + length] == wanted[length] { length += 1 }
                        if length == wanted.count { return bytes.startIndex + position }
                    }
                    position += 1
                }
                return nil
            }
        }
    }

    /// What stands between the end of `opening` and the next `<`.
    static func text(after opening: [UInt8], in bytes: [UInt8]) -> ArraySlice<UInt8>? {
        guard let start = first(opening, in: bytes[...]) else { return nil }
        let rest = bytes[(start + opening.count)...]
        guard let end = rest.firstIndex(of: UInt8(ascii: "<")) else { return nil }
        return rest[..<end]
    }
}
