/// What the network between device and server demands. No file of the device says it.
public enum NetworkRequirement: String, CaseIterable, Sendable, Hashable {
    /// The device reaches the server without a proxy.
    case direct
    /// Only a proxy reaches it.
    case proxyRequired = "proxy-required"
}
