import Foundation
import UpdateProtocols
import Updates
import XMLStream

/// The little a device of ours reads of the fragments it is given; applicability rules are read over (``EvaluationRule`` stands for them).
enum FragmentFacts {
    /// What a Core fragment says.
    struct Core: Hashable {
        var identity: UpdateIdentity
        var type: UpdateType
        var bundledUpdates: [BundleGroup]
        var supersedes: [UpdateID]
    }

    /// What a fragment of GetExtendedUpdateInfo says.
    struct Additional: Hashable {
        var title: String?
        /// Nothing where it has no `Files`.
        var files: [UpdateFile]?
        /// What its handler is told to start; nothing where it has no `HandlerSpecificData`.
        var commands: [HandlerCommand]?
    }

    /// Files of one update and members of one bundle: the captures have tens.
    static let mostParts = 10_000

    /// Why a fragment cannot be used.
    enum Failure: Error, Hashable {
        case xml(XMLError)
        /// What is missing or not of its type.
        case content(String)
    }

    static func core(_ bytes: [UInt8]) throws(Failure) -> Core {
        let events = try read(bytes, into: CoreEvents())
        guard let identity = events.identity else { throw .content("UpdateIdentity") }
        guard let type = events.type else { throw .content("UpdateType") }
        return Core(identity: identity, type: type, bundledUpdates: events.groups, supersedes: events.superseded)
    }

    static func additional(_ bytes: [UInt8]) throws(Failure) -> Additional {
        let events = try read(bytes, into: AdditionalEvents())
        return Additional(title: events.title, files: events.files, commands: events.commands)
    }

    private static func read<Events: XMLEvents>(_ bytes: [UInt8], into events: Events) throws(Failure) -> Events where Events.Failure == Failure {
        var reader = XMLReader(events, limits: .documents, content: .sequence)
        var failure: Failure?
        bytes.withUnsafeBytes { bytes in
            do throws(Failure) { try reader.feed(bytes) } catch { failure = error }
        }
        if let failure { throw failure }
        return try reader.finish()
    }
}

private func namedIdentity(_ element: XMLStartElement) throws(FragmentFacts.Failure) -> UpdateIdentity {
    guard let id = element.value("UpdateID").flatMap({ UpdateID(utf8: $0.value) }) else { throw .content("UpdateID") }
    // A member may be named without its revision.
    let number = element.value("RevisionNumber").flatMap { Int32($0.text) } ?? 0
    return UpdateIdentity(updateID: id, revisionNumber: RevisionNumber(rawValue: number))
}

private struct CoreEvents: XMLEvents {
    typealias Failure = FragmentFacts.Failure

    var identity: UpdateIdentity?
    var type: UpdateType?
    var groups: [BundleGroup] = []
    var superseded: [UpdateID] = []
    private var isInSuperseded = false
    private var isInRelationships = false
    private var isInBundle = false
    private var group: [UpdateIdentity]?
    private var parts = 0

    static func failure(_ error: XMLError) -> FragmentFacts.Failure { .xml(error) }

    mutating func start(_ element: XMLStartElement) throws(FragmentFacts.Failure) {
        switch element.depth {
        case 1:
            isInRelationships = element.name.isLocal("Relationships")
            if element.name.isLocal("UpdateIdentity") {
                identity = try namedIdentity(element)
            } else if element.name.isLocal("Properties") {
                type = element.value("UpdateType").flatMap { UpdateType(rawValue: $0.text) }
            }
        case 2:
            isInBundle = isInRelationships && element.name.isLocal("BundledUpdates")
            isInSuperseded = isInRelationships && element.name.isLocal("SupersededUpdates")
        case 3 where isInSuperseded:
            guard element.name.isLocal("UpdateIdentity") else { return }
            guard superseded.count < FragmentFacts.mostParts else { throw .content("SupersededUpdates") }
            superseded.append(try namedIdentity(element).updateID)
        case 3 where isInBundle:
            if element.name.isLocal("AtLeastOne") { group = [] }
            if element.name.isLocal("UpdateIdentity") { try add([namedIdentity(element)]) }
        case 4 where isInBundle && element.name.isLocal("UpdateIdentity"):
            parts += 1
            guard parts <= FragmentFacts.mostParts else { throw .content("BundledUpdates") }
            group?.append(try namedIdentity(element))
        default: break
        }
    }

    mutating func text(_ text: XMLText) {}

    mutating func end(_ end: XMLEndElement) throws(FragmentFacts.Failure) {
        guard end.depth == 3, let members = group else { return }
        group = nil
        if !members.isEmpty { try add(members) }
    }

    private mutating func add(_ members: [UpdateIdentity]) throws(FragmentFacts.Failure) {
        guard groups.count < FragmentFacts.mostParts else { throw .content("BundledUpdates") }
        groups.append(BundleGroup(anyOf: members))
    }
}

private struct AdditionalEvents: XMLEvents {
    typealias Failure = FragmentFacts.Failure

    var files: [UpdateFile]?
    var commands: [HandlerCommand]?
    var title: String?
    private var isInHandlerData = false
    private var isInFiles = false
    private var isLocalized = false
    /// The file being read, without its SHA-256.
    private var file: (sha1: SHA1Digest, name: String, size: Int64, patchingType: String?)?
    private var sha256: SHA256Digest?
    /// The text being read: a title or a digest, never more than ``longestText`` bytes of it.
    private var text: [UInt8]?

    private static let longestText = 4096

    static func failure(_ error: XMLError) -> FragmentFacts.Failure { .xml(error) }

    mutating func start(_ element: XMLStartElement) throws(FragmentFacts.Failure) {
        let name = element.name
        if element.depth == 1 {
            isLocalized = name.isLocal("LocalizedProperties")
            isInFiles = name.isLocal("Files")
            isInHandlerData = name.isLocal("HandlerSpecificData")
            // Of two, nobody could say which a device goes by.
            if isInFiles {
                guard files == nil else { throw .content("Files") }
                files = []
            }
            if isInHandlerData {
                guard commands == nil else { throw .content("HandlerSpecificData") }
                commands = []
            }
        }
        if isInHandlerData {
            commands?.append(contentsOf: HandlerCommand.commands(of: element))
            guard (commands?.count ?? 0) <= HandlerCommand.mostCommands else { throw .content("HandlerSpecificData") }
        }
        switch element.depth {
        case 2 where isLocalized && name.isLocal("Title") && title == nil: text = []
        case 2 where isInFiles && name.isLocal("File"): try startFile(element)
        case 3 where file != nil && name.isLocal("AdditionalDigest") && element.value("Algorithm")?.text == "SHA256": text = []
        default: break
        }
    }

    mutating func text(_ text: XMLText) {
        guard let held = self.text?.count, held < Self.longestText else { return }
        self.text?.append(contentsOf: text.bytes.prefix(Self.longestText - held))
    }

    mutating func end(_ end: XMLEndElement) throws(FragmentFacts.Failure) {
        if let text, end.depth == (isLocalized ? 2 : 3) {
            self.text = nil
            if isLocalized {
                title = String(decoding: text, as: UTF8.self)
            } else {
                guard let digest = SHA256Digest(base64: String(decoding: text, as: UTF8.self)) else { throw .content("AdditionalDigest") }
                sha256 = digest
            }
        }
        if end.depth == 2, let file {
            files?.append(UpdateFile(sha1: file.sha1, sha256: sha256, name: file.name, size: file.size, patchingType: file.patchingType))
            self.file = nil
            sha256 = nil
        }
    }

    private mutating func startFile(_ element: XMLStartElement) throws(FragmentFacts.Failure) {
        guard (files?.count ?? 0) < FragmentFacts.mostParts else { throw .content("Files") }
        guard element.value("DigestAlgorithm").map({ $0.text == "SHA1" }) ?? true,
            let sha1 = element.value("Digest").flatMap({ SHA1Digest(base64: $0.text) })
        else { throw .content("Digest") }
        guard let size = element.value("Size").flatMap({ Int64($0.text) }), size >= 0 else { throw .content("Size") }
        let name = element.value("FileName").map { String(decoding: $0.value.prefix(Self.longestText), as: UTF8.self) } ?? ""
        file = (sha1, name, size, element.value("PatchingType").map { String($0.text.prefix(64)) })
    }
}

extension SHA1Digest {
    fileprivate init?(base64 text: String) {
        guard let data = Data(base64Encoded: text, options: .ignoreUnknownCharacters) else { return nil }
        self.init(bytes: data)
    }
}

extension SHA256Digest {
    fileprivate init?(base64 text: String) {
        guard let data = Data(base64Encoded: text, options: .ignoreUnknownCharacters) else { return nil }
        self.init(bytes: data)
    }
}
