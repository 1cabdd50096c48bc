import Foundation
import Updates

/// Simulated devices, of each no more than its id, its cookie and when that expires: 100,000 of them take some 40 MB.
struct Fleet: Sendable {
    /// Above this many a fleet is refused.
    static let mostDevices = 1_000_000

    private(set) var ids: [UpdateID] = []
    /// Base64 as it came; empty before the first and after a registration that failed.
    private var cookies: [[UInt8]] = []
    /// Milliseconds since 1970, by the server's word.
    private var expirations: [Int64] = []
    private var isBusy: [Bool] = []
    /// Where the next search for an idle device begins.
    private var cursor = 0
    private(set) var registered = 0

    var count: Int { ids.count }

    /// A device that nobody knows yet, busy until it is released.
    mutating func add(_ id: UpdateID, isBusy: Bool = true) -> Int {
        ids.append(id)
        cookies.append([])
        expirations.append(0)
        self.isBusy.append(isBusy)
        return ids.count - 1
    }

    func cookie(of device: Int) -> [UInt8] { cookies[device] }
    func isExpired(_ device: Int, at now: Timestamp) -> Bool { expirations[device] <= now.millisecondsSince1970 }
    func isRegistered(_ device: Int) -> Bool { !cookies[device].isEmpty }

    /// - Parameter expiration: nothing to keep the one there is: a scan's cookie lives no longer than the one it replaces.
    mutating func setCookie(_ cookie: [UInt8], expiration: Timestamp?, of device: Int) {
        if cookies[device].isEmpty != cookie.isEmpty { registered += cookie.isEmpty ? -1 : 1 }
        cookies[device] = cookie
        if let expiration { expirations[device] = expiration.millisecondsSince1970 }
    }

    mutating func expire(_ device: Int) { expirations[device] = 0 }

    /// The next registered device that is idle, in turn; it is busy until released.
    mutating func take() -> Int? {
        guard registered > 0 else { return nil }
        // Where nearly all are busy it is better to come again than to search them all.
        for _ in 0..<min(count, 1000) {
            let device = cursor
            cursor = cursor + 1 == count ? 0 : cursor + 1
            if !isBusy[device], !cookies[device].isEmpty {
                isBusy[device] = true
                return device
            }
        }
        return nil
    }

    mutating func release(_ device: Int) { isBusy[device] = false }

    /// A GUID (version 4) that depends on seed and number alone.
    static func id(seed: UInt64, number: Int) -> UpdateID {
        var state = seed &+ UInt64(number) &* 0x9e37_79b9_7f4a_7c15
        func next() -> UInt64 {
            state &+= 0x9e37_79b9_7f4a_7c15
            var value = state
            value = (value ^ value >> 30) &* 0xbf58_476d_1ce4_e5b9
            value = (value ^ value >> 27) &* 0x94d0_49bb_1331_11eb
            return value ^ value >> 31
        }
        let high = next()
        return UpdateID(high: high & ~0xf000 | 0x4000, low: next() & ~(3 << 62) | 2 << 62)
    }
}

extension Fleet {
    private static let heading = "martlet fleet 1 "

    /// The registered devices as a file has them: a line each.
    func text(server: String) -> [UInt8] {
        var text = Array("\(Self.heading)\(server)\n".utf8)
        text.reserveCapacity(count * 300)
        for device in ids.indices where !cookies[device].isEmpty {
            text.append(contentsOf: "\(ids[device]) \(expirations[device]) ".utf8)
            text.append(contentsOf: cookies[device])
            text.append(0x0a)
        }
        return text
    }

    /// - Throws: ``AgentError/Code/stateUnreadable`` for anything but what ``text(server:)`` makes for this server.
    init(text: [UInt8], server: String) throws(AgentError) {
        var lines = text.split(separator: 0x0a).makeIterator()
        guard let heading = lines.next(), heading.elementsEqual("\(Self.heading)\(server)".utf8) else {
            throw AgentError(.stateUnreadable, "the fleet's file is not one of this server")
        }
        while let line = lines.next() {
            let fields = line.split(separator: 0x20)
            guard fields.count == 3, let id = UpdateID(utf8: fields[0]), let expiration = Int64(String(decoding: fields[1], as: UTF8.self)),
                count < Self.mostDevices, fields[2].allSatisfy({ $0 > 0x20 && $0 < 0x7f && $0 != 0x3c && $0 != 0x26 })
            else { throw AgentError(.stateUnreadable, "line \(count + 2) of the fleet's file is not a device") }
            let device = add(id, isBusy: false)
            setCookie(Array(fields[2]), expiration: Timestamp(millisecondsSince1970: expiration), of: device)
        }
    }
}
