import NIOHTTP1
import Synchronization

/// What stands at which path.
final class Site: Sendable {
    private struct Endpoints {
        var devices: DeviceEndpoint
        var content: ContentEndpoint
    }

    private let endpoints = Mutex<Endpoints?>(nil)

    func open(_ devices: DeviceEndpoint, _ content: ContentEndpoint) {
        endpoints.withLock { $0 = Endpoints(devices: devices, content: content) }
    }

    func answer(_ request: HTTPRequest) -> Outcome {
        guard let endpoints = endpoints.withLock({ $0 }) else { return .ready(.refusal(.serviceUnavailable, "starting", isLast: true)) }
        guard let path = RequestPath.normalised(request.target) else { return .ready(.refusal(.badRequest, "path", isLast: true)) }
        return endpoints.devices.answer(request, path: path) ?? endpoints.content.answer(request, path: path)
            ?? .ready(.refusal(.notFound, "no such path"))
    }
}
