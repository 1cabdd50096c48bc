import NIOCore

/// The addresses that devices come from: of 127.0.0.0/8 where the server is there, else the system's choice.
struct SourceAddresses: Sendable {
    /// Beyond this many a server could no longer tell them apart.
    static let most = 10_000

    private let addresses: [SocketAddress]

    /// - Parameters:
    ///   - count: 0 leaves the choice to the system.
    ///   - network: the second number of the first.
    init(count: Int, network: Int = 1) {
        addresses = (0..<max(0, min(count, Self.most))).compactMap { number in
            // 127.1.0.1 and on, as a rule: 127.0.0.1 stays with the administrator.
            try? SocketAddress(ipAddress: "127.\(network + number / 62_500).\(number / 250 % 250).\(1 + number % 250)", port: 0)
        }
    }

    func address(of device: Int) -> SocketAddress? {
        addresses.isEmpty ? nil : addresses[device % addresses.count]
    }
}
