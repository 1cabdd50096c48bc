import NIOCore
import TrustedTransport

/// A file fetched as Delivery Optimization was seen to: closed ranges of 1 MiB in no order, each once, over several connections, one range at a time
/// on each (observed.md section 5). The bytes are counted, their place is checked, and nothing is kept.
final class DownloadErrand: StormErrand, StormConnectionUser {
    static let mostConnections = 7
    private static let rangeLength: Int64 = 1 << 20

    var place = 0
    private(set) var deadline: UInt64
    private let file: DeviceProfile.File
    private let number: Int
    private let storm: StormLoop
    private let intended: UInt64
    /// What nobody has asked for yet.
    private var ranges: [ClosedRange<Int64>]
    private var connections: [Worker] = []
    private var isEnded = false

    private struct Worker {
        let connection: StormConnection
        var range: ClosedRange<Int64>?
        var since: UInt64
        var bytesCounted: Int64 = 0
        var isSecured = false
    }

    init(_ file: DeviceProfile.File, number: Int, in storm: StormLoop, intended: UInt64) {
        self.file = file
        self.number = number
        self.storm = storm
        self.intended = intended
        deadline = StormLoop.nanoseconds() + storm.phase.patience
        ranges = stride(from: 0, to: file.size, by: Int64.Stride(Self.rangeLength)).map { $0...(min($0 + Self.rangeLength, file.size) - 1) }
        ranges.shuffle()
    }

    func begin() {
        let source = storm.site.sources.address(of: number)
        for _ in 0..<min(Self.mostConnections, ranges.count) {
            let connection = StormConnection(user: self)
            connections.append(Worker(connection: connection, since: StormLoop.nanoseconds()))
            let bound = NIOLoopBound(connection, eventLoop: storm.loop)
            storm.site.dialer.connect(on: storm.loop, from: source, timeout: .nanoseconds(Int64(storm.phase.patience))) { channel in
                try channel.pipeline.syncOperations.addHandler(bound.value)
            }.assumeIsolated().whenFailure { [weak self] error in
                self?.failed(connection, StormConnection.kind(of: HTTPSDialer.meaning(of: error), isSecured: false))
            }
        }
    }

    func timedOut() { fail(.content, "timeout") }

    func secured(_ connection: StormConnection) {
        guard let index = index(of: connection) else { return }
        connections[index].isSecured = true
        storm.statistics.took(.connection, nanoseconds: StormLoop.nanoseconds() - connections[index].since)
        ask(index)
    }

    func failed(_ connection: StormConnection, _ kind: String) {
        guard let index = index(of: connection) else { return }
        fail(connections[index].isSecured ? .content : .connection, kind)
    }

    func answered(_ connection: StormConnection, _ answer: HTTPAnswer) {
        guard let index = index(of: connection), let range = connections[index].range else { return }
        storm.statistics.took(.content, nanoseconds: StormLoop.nanoseconds() - connections[index].since)
        storm.statistics.bytesReceived += connection.bytesReceived - connections[index].bytesCounted
        connections[index].bytesCounted = connection.bytesReceived
        connections[index].range = nil
        if answer.status == 503 {
            return fail(.content, answer.retryAfter == nil ? "HTTP 503 without Retry-After" : "HTTP 503 with Retry-After")
        }
        guard answer.status == 206 else { return fail(.content, "HTTP \(answer.status)") }
        guard answer.contentRange == "bytes\(range.lowerBound)-\(range.upperBound)/\(file.size)", answer.contentLength == range.count else {
            return fail(.content, "another range than was asked for")
        }
        ask(index)
    }

    private func ask(_ index: Int) {
        let now = StormLoop.nanoseconds()
        guard let range = ranges.popLast() else {
            if connections.allSatisfy({ $0.range == nil && ($0.isSecured || ranges.isEmpty) }) { succeed() }
            return
        }
        connections[index].range = range
        connections[index].since = now
        deadline = now + storm.phase.patience
        // In the order that was seen, the length of nothing too.
        let request = ByteBuffer(
            string: "GET \(file.path) HTTP/1.1\r\nConnection: Keep-Alive\r\nAccept: */*\r\nRange: bytes=\(range.lowerBound)-\(range.upperBound)\r\n"
                + "User-Agent: Martlet-Agent/\(AgentVersion.text)\r\nContent-Length: 0\r\nHost: \(storm.site.host)\r\n\r\n")
        storm.statistics.bytesSent += Int64(request.readableBytes)
        connections[index].connection.send(request, keepsBody: false, limit: range.count)
    }

    private func index(of connection: StormConnection) -> Int? { connections.firstIndex { $0.connection === connection } }

    private func succeed() {
        guard !isEnded else { return }
        storm.statistics.ended(.download, nanoseconds: StormLoop.nanoseconds() - intended)
        end()
    }

    private func fail(_ operation: StormOperation, _ kind: String) {
        guard !isEnded else { return }
        storm.statistics.failed(operation, kind)
        storm.statistics.failed(.download)
        end()
    }

    private func end() {
        isEnded = true
        for worker in connections {
            storm.statistics.bytesReceived += worker.connection.bytesReceived - worker.bytesCounted
            worker.connection.close()
        }
        connections = []
        storm.finished(self)
    }
}
