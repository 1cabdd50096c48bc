import NIOCore

/// The handshakes that wait for their turn on one event loop; used on it only.
///
/// A handshake counts when it begins: who goes while it waits costs nothing. Bounded by the connections that may be in their handshake.
final class HandshakeLine {
    private struct Lane {
        var waiting = CircularBuffer<HandshakeTurns.FirstBytes>()
        /// Of those, how many are still there.
        var alive = 0
        /// It waits for its pace, not for its turn.
        var isResting = false
    }

    /// Between two handshakes of one address; none if nothing.
    private let interval: TimeAmount?
    private var lanes: [String: Lane] = [:]
    private var turns = CircularBuffer<String>()
    /// When an address's next handshake would begin at an even pace; forgotten when that is past.
    private var due: [String: NIODeadline] = [:]
    private var cleanAt = 1024
    private var begun = 0
    private var isPausing = false

    init(_ interval: TimeAmount?) {
        self.interval = interval
    }

    /// Addresses of which anything is remembered.
    var remembered: Int { max(lanes.count, due.count) }

    /// Lets a handshake begin now or in its turn. False where it would wait too long.
    func lineUp(_ handshake: HandshakeTurns.FirstBytes, _ box: NIOLoopBoundBox<HandshakeLine>, _ loop: any EventLoop) -> Bool {
        let address = handshake.address
        var lane = lanes[address] ?? Lane()
        let now = loop.now
        if let interval {
            let wait = ((due[address] ?? now) - now) + interval * lane.alive - interval * HandshakeTurns.burst
            guard wait <= HandshakeTurns.longestWait else { return false }
        }
        if lanes[address] == nil { turns.append(address) }
        if lane.waiting.count > 2 * lane.alive + 16 { lane.waiting = CircularBuffer(lane.waiting.filter(\.isWaiting)) }
        lane.waiting.append(handshake)
        lane.alive += 1
        lanes[address] = lane
        goOn(box, loop)
        return true
    }

    /// One that waits has gone.
    func leave(_ address: String) {
        lanes[address]?.alive -= 1
    }

    private func goOn(_ box: NIOLoopBoundBox<HandshakeLine>, _ loop: any EventLoop) {
        while begun < HandshakeTurns.perRound, let next = popFirst(box, loop) {
            begun += 1
            if !isPausing {
                isPausing = true
                loop.scheduleTask(in: HandshakeTurns.pause) { box.value.nextRound(box, loop) }
            }
            next.begin()
        }
    }

    private func nextRound(_ box: NIOLoopBoundBox<HandshakeLine>, _ loop: any EventLoop) {
        isPausing = false
        begun = 0
        goOn(box, loop)
    }

    /// The next whose address has its turn and keeps to its pace.
    private func popFirst(_ box: NIOLoopBoundBox<HandshakeLine>, _ loop: any EventLoop) -> HandshakeTurns.FirstBytes? {
        let now = loop.now
        while let address = turns.popFirst() {
            guard var lane = lanes[address] else { continue }
            while let first = lane.waiting.first, !first.isWaiting { lane.waiting.removeFirst() }
            guard !lane.waiting.isEmpty else {
                lanes[address] = nil
                continue
            }
            if let interval {
                let even = max(due[address] ?? now, now)
                let wait = even - now - interval * HandshakeTurns.burst
                guard wait <= .zero else {
                    lane.isResting = true
                    lanes[address] = lane
                    loop.scheduleTask(in: wait) { box.value.wake(address, box, loop) }
                    continue
                }
                note(address, even + interval, now)
            }
            let next = lane.waiting.removeFirst()
            lane.alive -= 1
            lanes[address] = lane.waiting.isEmpty ? nil : lane
            if !lane.waiting.isEmpty { turns.append(address) }
            return next
        }
        return nil
    }

    private func wake(_ address: String, _ box: NIOLoopBoundBox<HandshakeLine>, _ loop: any EventLoop) {
        guard lanes[address]?.isResting == true else { return }
        lanes[address]?.isResting = false
        turns.append(address)
        goOn(box, loop)
    }

    private func note(_ address: String, _ time: NIODeadline, _ now: NIODeadline) {
        due[address] = time
        guard due.count >= cleanAt else { return }
        due = due.filter { $0.value > now }
        cleanAt = max(1024, due.count * 2)
    }
}
