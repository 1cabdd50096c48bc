import XMLStream

/// The namespaces of update documents (protocol.md section 5.1) and what fragments make of them (observed.md section 4).
enum DocumentNamespaces {
    static let update = "http://schemas.microsoft.com/msus/2002/12/Update"
    static let driver = "http://schemas.microsoft.com/msus/2002/12/UpdateHandlers/WindowsDriver"
    private static let family = "http://schemas.microsoft.com/msus/"
    private static let base = "http://schemas.microsoft.com/msus/2002/12/BaseApplicabilityRules"
    private static let msi = "http://schemas.microsoft.com/msus/2002/12/MsiApplicabilityRules"

    /// Whether a namespace is the update schemas' own; what is not is foreign, and keeps its namespace in fragments.
    static func isOwn(_ namespace: String) -> Bool { namespace.utf8.starts(with: family.utf8) }

    /// Whether a fragment shows an element of this namespace under its local name and in no namespace: agents read it as one of the update
    /// schema's whatever its namespace was, and so must we.
    static func isPlain(_ namespace: String) -> Bool {
        namespace.isEmpty || (isOwn(namespace) && fragmentPrefix(namespace).utf8CodeUnitCount == 0)
    }

    /// What stands before an element's local name in a fragment.
    static func fragmentPrefix(_ namespace: String) -> StaticString {
        switch namespace {
        case base: "b."
        case msi: "m."
        case driver: "d."
        default: ""
        }
    }
}
