import Testing
import UpdateProtocols
import Updates

@testable import UpdateAgent

/// An update as a server of tests tells of it.
struct ToldUpdate {
    var id: Int32
    var type = UpdateType.software
    var isLeaf = true
    var action = DeploymentAction.install
    var deadline: Timestamp?
    /// Groups of members, by the ids of this server.
    var members: [[Int32]] = []
    /// Updates it takes the place of.
    var supersedes: [Int32] = []
    /// What a driver matched.
    var hardwareIDs: [String] = []
    /// The revision's GUID, where it is not made of the id.
    var guid: Int32?

    /// The GUID of a revision: its number, so that tests can name it.
    static func updateID(_ id: Int32) -> UpdateID { UpdateID(high: 0xa, low: UInt64(UInt32(bitPattern: id))) }

    var scanned: ScannedUpdate {
        ScannedUpdate(
            id: RevisionID(rawValue: id),
            deployment: Deployment(
                id: DeploymentID(rawValue: id + 1000), action: action, deadline: deadline, lastChange: Timestamp(millisecondsSince1970: 0)),
            isLeaf: isLeaf, hardwareIDs: hardwareIDs)
    }

    var core: String {
        let groups = members.map { group in
            let names = group.map { "<UpdateIdentity UpdateID=\"\(Self.updateID($0))\" RevisionNumber=\"1\" />" }.joined()
            return group.count == 1 ? names : "<AtLeastOne>\(names)</AtLeastOne>"
        }
        let others = supersedes.map { "<UpdateIdentity UpdateID=\"\(Self.updateID($0))\" />" }.joined()
        let superseded = others.isEmpty ? "" : "<SupersededUpdates>\(others)</SupersededUpdates>"
        let bundled = groups.isEmpty ? "" : "<BundledUpdates>\(groups.joined())</BundledUpdates>"
        let relationships = superseded + bundled == "" ? "" : "<Relationships>\(superseded)\(bundled)</Relationships>"
        return "<UpdateIdentity UpdateID=\"\(Self.updateID(guid ?? id))\" RevisionNumber=\"1\" /><Properties UpdateType=\"\(type.rawValue)\" />"
            + relationships
            + "<ApplicabilityRules><IsInstalled><b.WindowsVersion Comparison=\"EqualTo\" MajorVersion=\"10\" /></IsInstalled></ApplicabilityRules>"
    }

    static func category(_ id: Int32, isLeaf: Bool = false) -> ToldUpdate {
        ToldUpdate(id: id, type: .category, isLeaf: isLeaf, action: .evaluate)
    }
}

/// Bodies a server answers with.
enum Told {
    static let lastChange = Timestamp(millisecondsSince1970: 1_790_000_000_590)

    static func config(isRegistrationRequired: Bool = true, mostExtended: Int = 50) -> [UInt8] {
        GetConfig.encodeResponse(
            .init(
                lastChange: lastChange, isRegistrationRequired: isRegistrationRequired,
                properties: [.init(name: "MaxExtendedUpdatesPerRequest", value: "\(mostExtended)"), .init(name: "ProtocolVersion", value: "3.2")]))
    }

    static let authorization = GetAuthorizationCookie.encodeResponse(AuthorizationCookie(plugInID: "SimpleTargeting", cookieData: [7, 7]))

    static func cookie(_ byte: UInt8, expires: Timestamp = Dialogue.start.adding(seconds: 3600)) -> [UInt8] {
        GetCookie.encodeResponse(CookieElement(expiration: expires, encryptedData: [byte]))
    }

    static let registered = RegisterComputer.encodeResponse()

    static func page(
        _ new: [ToldUpdate] = [], changed: [ToldUpdate] = [], outOfScope: [Int32] = [], isTruncated: Bool = false, cookie: UInt8 = 9,
        isDriverSyncNotNeeded: Bool = true
    ) -> [UInt8] {
        let answer = ScanAnswer(
            newUpdates: new.map(\.scanned), changedUpdates: changed.map(\.scanned), outOfScope: outOfScope.map { RevisionID(rawValue: $0) },
            isTruncated: isTruncated, isDriverSyncNotNeeded: isDriverSyncNotNeeded, generation: .zero)
        let cores = Dictionary(new.map { (RevisionID(rawValue: $0.id), $0.core) }, uniquingKeysWith: { $1 })
        return SyncUpdates.encodeResponse(
            answer, cookie: CookieElement(expiration: Dialogue.start.adding(seconds: 3600), encryptedData: [cookie])
        ) {
            $1.appendEscaped(cores[$0] ?? "")
        }
    }

    /// A file as metadata name it, and the location told of it.
    struct File {
        var byte: UInt8
        var name = "setup.cab"
        var size: Int64 = 3
        var hasSHA256 = true
        var url: String? = ""

        var sha1: SHA1Digest? { SHA1Digest(bytes: Array(repeating: byte, count: 20)) }

        var xml: String {
            let sha1 = Base64Text.encode(Array(repeating: byte, count: 20))
            let sha256 = Base64Text.encode(Array(repeating: byte, count: 32))
            let additional = hasSHA256 ? "<AdditionalDigest Algorithm=\"SHA256\">\(sha256)</AdditionalDigest>" : ""
            return "<File Digest=\"\(sha1)\" DigestAlgorithm=\"SHA1\" FileName=\"\(name)\" Size=\"\(size)\">\(additional)</File>"
        }
    }

    static func extended(
        _ updates: [(id: Int32, title: String, files: [File])], handlerData: String? = "", outOfScope: [Int32] = [], more: [String] = []
    ) -> [UInt8] {
        var pieces: [GetExtendedUpdateInfo.Piece] = []
        var texts: [GetExtendedUpdateInfo.Piece: String] = [:]
        for update in updates {
            let piece = GetExtendedUpdateInfo.Piece(id: RevisionID(rawValue: update.id), kind: .extended)
            pieces.append(piece)
            let files = update.files.isEmpty ? "" : "<Files>\(update.files.map(\.xml).joined())</Files>"
            let data = handlerData.map { "<HandlerSpecificData type=\"cmd:Command\">\($0)</HandlerSpecificData>" } ?? ""
            texts[piece] = "<ExtendedProperties DefaultPropertiesLanguage=\"en\" />\(files)\(data)"
        }
        for (number, text) in more.enumerated() {
            // Any other kind: the answer does not name it.
            let piece = GetExtendedUpdateInfo.Piece(
                id: RevisionID(rawValue: updates.first?.id ?? 0), kind: .localizedProperties(language: "x\(number)"))
            pieces.append(piece)
            texts[piece] = text
        }
        for update in updates {
            let piece = GetExtendedUpdateInfo.Piece(id: RevisionID(rawValue: update.id), kind: .localizedProperties(language: "en"))
            pieces.append(piece)
            texts[piece] = "<LocalizedProperties><Language>en</Language><Title>\(update.title)</Title></LocalizedProperties>"
        }
        let locations: [FileLocation] = updates.flatMap(\.files).compactMap { file in
            guard let digest = file.sha1, let url = file.url else { return nil }
            return FileLocation(digest: digest, url: url.isEmpty ? "\(Dialogue.origin)/Content/00/\(digest).cab" : url)
        }
        return GetExtendedUpdateInfo.encodeResponse(pieces, fileLocations: locations, outOfScope: outOfScope.map { RevisionID(rawValue: $0) }) {
            $1.appendEscaped(texts[$0] ?? "")
        }
    }

    /// New ids for updates named by the numbers of ``ToldUpdate/updateID(_:)``.
    static func refreshed(_ ids: [(guid: Int32, id: Int32)], isLeaf: Bool = false, action: DeploymentAction = .evaluate) -> [UInt8] {
        RefreshCache.encodeResponse(
            ids.map { entry in
                RefreshedRevision(
                    id: RevisionID(rawValue: entry.id),
                    identity: UpdateIdentity(updateID: ToldUpdate.updateID(entry.guid), revisionNumber: RevisionNumber(rawValue: 1)), isLeaf: isLeaf,
                    deployment: Deployment(
                        id: DeploymentID(rawValue: entry.id + 5000), action: action, deadline: nil, lastChange: Timestamp(millisecondsSince1970: 0)))
            })
    }

    static func reported(_ isAccepted: Bool = true) -> [UInt8] { ReportEventBatch.encodeResponse(isAccepted) }

    static func fault(_ code: SOAPFault.ErrorCode, in operation: DeviceOperation) -> [UInt8] {
        SOAPFault(code).encode(id: UpdateID(high: 1, low: 2), service: operation.service, operation: operation)
    }
}

enum Base64Text {
    private static let letters = Array("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/")

    static func encode(_ bytes: [UInt8]) -> String {
        var text = ""
        for start in stride(from: 0, to: bytes.count, by: 3) {
            let part = bytes[start..<min(start + 3, bytes.count)]
            let value = part.reduce(0) { $0 << 8 | Int($1) } << (8 * (3 - part.count))
            for position in 0..<4 {
                text.append(position <= part.count ? letters[value >> (18 - 6 * position) & 63] : "=")
            }
        }
        return text
    }
}

/// A machine and what was said between it and a server, without a socket.
struct Dialogue {
    static let start = Timestamp(millisecondsSince1970: 1_800_000_000_000)
    static let origin = "https://updates.example:8531"
    static let clientID = "e1da06a3-5601-43c9-bac3-52d5db701494"

    var machine: DeviceSessionMachine
    var action: DeviceSessionMachine.Action
    var now = Self.start
    /// The operations asked for so far, repeats included.
    private(set) var asked: [DeviceOperation] = []

    init(_ options: ScanOptions = ScanOptions(), state: DeviceState? = nil, at now: Timestamp = Dialogue.start) throws {
        let server = try ServerAddress(Self.origin)
        let fresh = DeviceState(clientID: try #require(DeviceID(Self.clientID)), server: server)
        self.now = now
        machine = DeviceSessionMachine(state: state ?? fresh, server: server, options: options, at: now) { UpdateID(high: 3, low: 4) }
        action = machine.start(at: now)
        note()
    }

    /// A device that has shaken hands, and holds these.
    static func known(_ updates: [ToldUpdate], _ options: ScanOptions = ScanOptions()) throws -> DeviceState {
        var dialogue = try Dialogue(options)
        try dialogue.shakeHands()
        dialogue.answer(Told.page(updates, cookie: 50))
        while dialogue.operation == .syncUpdates { dialogue.answer(Told.page(cookie: 51)) }
        return dialogue.machine.state
    }

    var request: AgentRequest? {
        if case .send(let request) = action { request } else { nil }
    }

    var operation: DeviceOperation? { request?.operation }

    var body: String { String(decoding: request?.body ?? [], as: UTF8.self) }

    var failure: AgentError? {
        if case .failed(let error) = action { error } else { nil }
    }

    mutating func answer(_ body: [UInt8], status: Int = 200, contentEncoding: String? = nil, retryAfter: Int64? = nil) {
        action = machine.received(
            AgentResponse(status: status, contentEncoding: contentEncoding, retryAfter: retryAfter, body: body), at: now)
        note()
    }

    mutating func fault(_ code: SOAPFault.ErrorCode) throws {
        answer(Told.fault(code, in: try #require(operation)), status: 500)
    }

    mutating func breakConnection(mayPass: Bool = true) {
        action = machine.connectionFailed("broken", mayPass: mayPass, at: now)
        note()
    }

    mutating func wait() throws {
        guard case .wait = action else {
            Issue.record("no wait but \(action)")
            return
        }
        action = machine.waited(at: now)
        note()
    }

    mutating func end(_ outcomes: [FileDownload: FileOutcome], members: [FileDownload: Set<String>] = [:]) {
        action = machine.downloaded(outcomes, members: members, at: now)
        note()
    }

    /// Answers whatever the handshake asks until it asks for something else.
    mutating func shakeHands(cookie: UInt8 = 1) throws {
        for _ in 0..<8 {
            switch operation {
            case .getConfig: answer(Told.config())
            case .getAuthorizationCookie: answer(Told.authorization)
            case .getCookie: answer(Told.cookie(cookie))
            case .registerComputer: answer(Told.registered)
            default: return
            }
        }
        Issue.record("the handshake does not end")
    }

    /// The SyncUpdates request as a server reads it, and its cookie.
    func scanRequest() throws -> (cookie: [UInt8]?, request: SyncUpdates.Request) {
        var reader = SOAPRequestReader(try #require(request).body)
        #expect(try reader.operation() == .syncUpdates)
        return try SyncUpdates.decode(&reader) { $0?.encryptedData }
    }

    /// The updates a RefreshCache names, by the numbers of ``ToldUpdate/updateID(_:)``.
    func refreshRequest() throws -> (cookie: [UInt8]?, ids: [Int32]) {
        var reader = SOAPRequestReader(try #require(request).body)
        #expect(try reader.operation() == .refreshCache)
        let (cookie, request) = try RefreshCache.decode(&reader) { $0?.encryptedData }
        return (cookie, request.globalIDs.map { Int32(truncatingIfNeeded: Int64(bitPattern: $0.updateID.low)) })
    }

    func extendedRequest() throws -> GetExtendedUpdateInfo.Request {
        var reader = SOAPRequestReader(try #require(request).body)
        #expect(try reader.operation() == .getExtendedUpdateInfo)
        return try GetExtendedUpdateInfo.decode(&reader) { _ in () }.1
    }

    func report() throws -> ReportEventBatch.Request {
        var reader = SOAPRequestReader(try #require(request).body)
        #expect(try reader.operation() == .reportEventBatch)
        return try ReportEventBatch.decode(&reader) { _ in () }.1
    }

    func cookieRequest() throws -> GetCookie.Request {
        var reader = SOAPRequestReader(try #require(request).body)
        #expect(try reader.operation() == .getCookie)
        return try GetCookie.decode(&reader)
    }

    private mutating func note() {
        if let operation { asked.append(operation) }
    }
}

extension [RevisionID] {
    var numbers: [Int32] { map(\.rawValue) }
}
