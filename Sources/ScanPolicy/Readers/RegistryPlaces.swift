/// The places of the registry that facts about a device are taken from. Keys are in lower case, without the root.
enum RegistryPlaces {
    static let windowsUpdate = PolicyKey.windowsUpdate.rawValue.lowercased()
    static let automaticUpdates = PolicyKey.automaticUpdates.rawValue.lowercased()
    static let internetSettings = #"software\microsoft\windows\currentversion\internet settings"#
    static let connections = #"software\microsoft\windows\currentversion\internet settings\connections"#
    static let internetPolicies = #"software\policies\microsoft\windows\currentversion\internet settings"#
    static let winHTTP = #"software\microsoft\windows\currentversion\internet settings\winhttp"#
    static let windowsVersion = #"software\microsoft\windows nt\currentversion"#
    static let pinStore = #"software\microsoft\systemcertificates\windowsserverupdateservices"#
    static let pinStoreByPolicy = #"software\policies\microsoft\systemcertificates\windowsserverupdateservices"#
    static let rootStore = #"software\microsoft\systemcertificates\root"#
    static let rootStoreByPolicy = #"software\policies\microsoft\systemcertificates\root"#
    static let rootStoreOfMicrosoft = #"software\microsoft\systemcertificates\authroot"#
    static let tls12Client = #"system\currentcontrolset\control\securityproviders\schannel\protocols\tls 1.2\client"#

    private static let stores = [pinStore, pinStoreByPolicy, rootStore, rootStoreByPolicy, rootStoreOfMicrosoft]
    private static let whole: Set<String> = [
        windowsUpdate, automaticUpdates, internetSettings, connections, internetPolicies, winHTTP, windowsVersion, tls12Client,
    ]

    /// Whether a fact could hang on values of this key.
    static func isOfInterest(_ key: String) -> Bool {
        let key = key.lowercased()
        return whole.contains(key) || stores.contains { key == $0 || key.hasPrefix($0 + "\\") }
    }
}
