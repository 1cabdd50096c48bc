import Foundation
import UpdateProtocols
import Updates

/// Makes profiles by real first scans: the state machine of a single device, over the same transport, in memory.
struct ProfileRecorder {
    let server: ServerAddress
    let transport: any AgentTransport
    /// Says what the device of a kind is called and has.
    let rule: EvaluationRule
    let name: String

    func record() async throws(AgentError) -> DeviceProfile {
        guard let id = DeviceID(UpdateAgent.randomID().description) else { throw AgentError(.stateUnreadable, "no id for a new device") }
        // The folder makes the machine plan downloads; the plan is noted, and nothing is fetched.
        let options = ScanOptions(rule: rule, downloadFolder: ".", isReporting: true)
        var machine = DeviceSessionMachine(
            state: DeviceState(clientID: id, server: server), server: server, options: options, at: Self.now(), makeID: UpdateAgent.randomID)
        var profile = DeviceProfile(name: name)
        var action = machine.start(at: Self.now())
        while true {
            switch action {
            case .send(let request):
                let lists = machine.cachedLists()
                let page = DeviceProfile.Page(
                    installed: lists.installedNonLeaf, cached: machine.phase == .driver ? [] : lists.otherCached,
                    isDriverPass: machine.phase == .driver)
                let details = Array(machine.extendedQueue.prefix(DeviceSessionMachine.mostExtendedUpdates))
                do throws(TransportFailure) {
                    let response = try await transport.post(
                        url: server.description + request.path, headers: request.headers, body: request.body)
                    if response.status == 200 {
                        if request.operation == .syncUpdates { profile.pages.append(page) }
                        if request.operation == .getExtendedUpdateInfo { profile.details.append(details) }
                    }
                    action = machine.received(response, at: Self.now())
                } catch {
                    action = machine.connectionFailed("\(server): \(error.message)", mayPass: error.mayPass, at: Self.now())
                }
            case .wait(let seconds):
                try? await Task.sleep(for: .seconds(seconds))
                action = machine.waited(at: Self.now())
            case .download(let plan):
                var seen: Set<String> = []
                for file in plan.flatMap(\.files) where file.size > 0 && seen.insert(file.url).inserted {
                    profile.files.append(.init(path: String(file.url.dropFirst(server.description.count)), size: file.size))
                }
                // As if all were there already.
                action = machine.downloaded(
                    Dictionary(plan.flatMap(\.files).map { ($0, .present(path: "")) }, uniquingKeysWith: { first, _ in first }), at: Self.now())
            case .done:
                let lists = machine.cachedLists()
                profile.installed = lists.installedNonLeaf
                profile.cached = lists.otherCached
                let updates = machine.result.updates
                profile.needed = updates.filter(\.isNeeded).map(\.identity.updateID)
                profile.installedUpdates = updates.filter(\.isInstalled).map(\.identity.updateID)
                return profile
            case .failed(let error): throw error
            }
        }
    }

    private static func now() -> Timestamp { Timestamp(millisecondsSince1970: Int64(Date().timeIntervalSince1970 * 1000)) }
}
