public import Updates

/// Writes small update documents for tests, in the shape real servers send: one line, no declaration.
public struct DocumentText: Sendable {
    public var id: UpdateID
    public var revision: Int32
    public var type: UpdateType
    public var title: String
    public var publicationState = PublicationState.published
    public var prerequisites: [PrerequisiteClause] = []
    public var bundled: [UpdateIdentity] = []
    public var superseded: [UpdateID] = []
    public var files: [UpdateFile] = []
    public var kbArticle: String?
    public var categoryType: CategoryType?
    /// A program with arguments, for the command line handler.
    public var command: (program: String, arguments: String)?
    /// Goes into an applicability rule: makes a document as long as a test wants.
    public var filler = 0

    public init(_ id: UpdateID, revision: Int32 = 100, type: UpdateType = .software, title: String = "An update") {
        self.id = id
        self.revision = revision
        self.type = type
        self.title = title
    }

    public var identity: UpdateIdentity { UpdateIdentity(updateID: id, revisionNumber: RevisionNumber(rawValue: revision)) }

    public var text: String {
        var text = """
            <upd:Update xmlns:lar="http://schemas.microsoft.com/msus/2002/12/LogicalApplicabilityRules" \
            xmlns:bar="http://schemas.microsoft.com/msus/2002/12/BaseApplicabilityRules" \
            xmlns:cat="http://schemas.microsoft.com/msus/2002/12/UpdateHandlers/Category" \
            xmlns:upd="http://schemas.microsoft.com/msus/2002/12/Update">\
            <upd:UpdateIdentity UpdateID="\(id)" RevisionNumber="\(revision)" />\
            <upd:Properties DefaultPropertiesLanguage="en" UpdateType="\(type.rawValue)" ExplicitlyDeployable="true" \
            PublicationState="\(publicationState.rawValue)" CreationDate="2026-01-02T03:04:05.678Z">
            """
        if let kbArticle { text += "<upd:KBArticleID>\(kbArticle)</upd:KBArticleID>" }
        text += """
            </upd:Properties><upd:LocalizedPropertiesCollection><upd:LocalizedProperties><upd:Language>en</upd:Language>\
            <upd:Title>\(title)</upd:Title></upd:LocalizedProperties></upd:LocalizedPropertiesCollection>
            """
        text += relationships
        let filler = String(repeating: "<bar:RegKeyExists Key=\"HKEY_LOCAL_MACHINE\" Subkey=\"SOFTWARE\\Example\" />", count: filler)
        text += "<upd:ApplicabilityRules><upd:IsInstalled><lar:And><lar:True />\(filler)</lar:And></upd:IsInstalled></upd:ApplicabilityRules>"
        if !files.isEmpty {
            text += "<upd:Files>"
            for file in files {
                let sha1 = String(decoding: Base64.encode(file.sha1.bytes), as: UTF8.self)
                text += "<upd:File Digest=\"\(sha1)\" DigestAlgorithm=\"SHA1\" FileName=\"\(file.name)\" Size=\"\(file.size)\">"
                if let sha256 = file.sha256 {
                    let digest = String(decoding: Base64.encode(sha256.bytes), as: UTF8.self)
                    text += "<upd:AdditionalDigest Algorithm=\"SHA256\">\(digest)</upd:AdditionalDigest>"
                }
                text += "</upd:File>"
            }
            text += "</upd:Files>"
        }
        if let categoryType {
            text += """
                <upd:HandlerSpecificData xsi:type="cat:Category" xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance">\
                <cat:CategoryInformation CategoryType="\(categoryType.rawValue)" /></upd:HandlerSpecificData>
                """
        }
        if let command {
            text += """
                <upd:HandlerSpecificData xsi:type="cmd:CommandLineInstallation" xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance" \
                xmlns:cmd="http://schemas.microsoft.com/msus/2002/12/UpdateHandlers/CommandLineInstallation">\
                <cmd:InstallCommand Program="\(command.program)" Arguments="\(command.arguments)"><cmd:ReturnCode Code="0" Result="Succeeded" />\
                </cmd:InstallCommand></upd:HandlerSpecificData>
                """
        }
        return text + "</upd:Update>"
    }

    public var bytes: [UInt8] { Array(text.utf8) }

    private var relationships: String {
        var parts = ""
        func identities(_ ids: [UpdateID]) -> String { ids.map { "<upd:UpdateIdentity UpdateID=\"\($0)\" />" }.joined() }
        if !superseded.isEmpty { parts += "<upd:SupersededUpdates>\(identities(superseded))</upd:SupersededUpdates>" }
        if !prerequisites.isEmpty {
            let clauses = prerequisites.map { clause in
                clause.anyOf.count == 1 && !clause.isCategory
                    ? identities(clause.anyOf)
                    : "<upd:AtLeastOne\(clause.isCategory ? " IsCategory=\"true\"" : "")>\(identities(clause.anyOf))</upd:AtLeastOne>"
            }
            parts += "<upd:Prerequisites>\(clauses.joined())</upd:Prerequisites>"
        }
        if !bundled.isEmpty {
            let members = bundled.map { "<upd:UpdateIdentity UpdateID=\"\($0.updateID)\" RevisionNumber=\"\($0.revisionNumber.rawValue)\" />" }
            parts += "<upd:BundledUpdates>\(members.joined())</upd:BundledUpdates>"
        }
        return parts.isEmpty ? "" : "<upd:Relationships>\(parts)</upd:Relationships>"
    }
}
