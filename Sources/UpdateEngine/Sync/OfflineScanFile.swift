import UpdateProtocols
import Updates

/// An opened wsusscn2.cab: its list of revisions, and the cabinets with their fragments.
///
/// The inner cabinets are copied out into one temporary file: a cabinet cannot be read within another that is compressed.
struct OfflineScanFile: Sendable {
    let package: OfflinePackage
    let parts: [Part]

    /// One cabinet with fragments.
    struct Part: Sendable {
        let name: String
        let cabinet: CabinetPart
    }

    /// Decompressed bytes for each byte of the file, over both levels of cabinets.
    static let ratio: Int64 = 200

    /// Blocking.
    init(_ file: CabinetFile, temporaryFolder: String) throws {
        let outer = try CabinetPart(file)
        let reader = try CabinetReader(outer)
        let copies = try CabinetFile.temporary(in: temporaryFolder)
        var end: Int64 = 0
        var parts: [Part] = []
        var package: OfflinePackage?
        for member in reader.members {
            if member.name == OfflineCabinet.packageName {
                package = try Self.package(in: reader, member)
            } else if member.name == OfflineCabinet.packageCabinetName || OfflineCabinet.isCabinetOfFragments(member.name) {
                let start = end
                try reader.read(member) {
                    try copies.write($0, at: end)
                    end += Int64($0.count)
                }
                let part = Part(name: member.name, cabinet: CabinetPart(copies, offset: start, size: member.size))
                guard member.name == OfflineCabinet.packageCabinetName else {
                    parts.append(part)
                    continue
                }
                let inner = try CabinetReader(part.cabinet)
                package = try Self.package(in: inner, try inner.member(OfflineCabinet.packageName))
            }
        }
        guard let package else { throw CabinetError(.missing, member: OfflineCabinet.packageName, "the cabinet has no such member") }
        if reader.members.contains(where: { OfflineCabinet.fragment(named: $0.name) != nil }) {
            parts.append(Part(name: OfflineCabinet.packageName, cabinet: outer))
        }
        self.package = package
        self.parts = parts
    }

    private static func package(in cabinet: CabinetReader, _ member: CabinetMember) throws -> OfflinePackage {
        var reader = OfflinePackageReader()
        do {
            try cabinet.read(member) { try reader.feed($0) }
            return try reader.finish()
        } catch let error as DocumentError {
            throw EngineError(.refused, "\(member.name): byte \(error.byteOffset): \(error.message)")
        }
    }
}

/// The fragments of one cabinet, decompressed into a temporary file, and where each of them stands.
struct FragmentSpool: Sendable {
    private let file: CabinetFile
    /// By revision, and there by kind.
    private let places: [Place]
    private let languages: [String]

    private struct Place: Sendable {
        /// Into the package's revisions.
        let revision: Int32
        /// 0 Core, 1 Extended, 2 and on a language.
        let kind: Int32
        let offset: Int64
        let length: Int64
    }

    /// Decompresses the fragments of revisions that the package names, and passes over the rest. Blocking.
    ///
    /// - Parameter budget: bytes that may still be decompressed. All that the cabinet says it holds is taken off before any of it is,
    ///   whatever becomes of it.
    init(_ part: OfflineScanFile.Part, of package: OfflinePackage, temporaryFolder: String, budget: inout Int64) throws {
        var limits = CabinetLimits.offlineScan
        limits.total = min(limits.total, budget)
        let cabinet = try CabinetReader(part.cabinet, limits: limits)
        budget -= cabinet.decompressedSize
        let file = try CabinetFile.temporary(in: temporaryFolder)
        var places: [Place] = []
        var languages: [String] = []
        var numberOfLanguage: [String: Int32] = [:]
        var end: Int64 = 0
        for member in cabinet.members {
            guard let (number, kind) = OfflineCabinet.fragment(named: member.name), let index = package.index(of: number) else { continue }
            let start = end
            try cabinet.read(member) {
                try file.write($0, at: end)
                end += Int64($0.count)
            }
            let code: Int32
            switch kind {
            case .core: code = 0
            case .extended: code = 1
            case .localizedProperties(let language):
                if let known = numberOfLanguage[language] {
                    code = known
                } else {
                    code = Int32(2 + languages.count)
                    numberOfLanguage[language] = code
                    languages.append(language)
                }
            case .eula: continue
            }
            places.append(Place(revision: Int32(index), kind: code, offset: start, length: member.size))
        }
        places.sort { ($0.revision, $0.kind) < ($1.revision, $1.kind) }
        self.file = file
        self.places = places
        self.languages = languages
    }

    /// The revisions that have fragments here, each as a range of places.
    var revisions: [(index: Int, places: Range<Int>)] {
        var revisions: [(Int, Range<Int>)] = []
        var start = 0
        while start < places.count {
            let end = places[start...].firstIndex { $0.revision != places[start].revision } ?? places.count
            revisions.append((Int(places[start].revision), start..<end))
            start = end
        }
        return revisions
    }

    /// Whether a Core fragment is among some places of one revision.
    func hasCore(_ range: Range<Int>) -> Bool { places[range].contains { $0.kind == 0 } }

    func size(of range: Range<Int>) -> Int64 { places[range].reduce(0) { $0 + $1.length } }

    /// Core, Extended, then the languages. Blocking.
    func fragments(at range: Range<Int>) throws -> [Fragment] {
        try places[range].map { place in
            var bytes = ChunkedBytes()
            let buffer = UnsafeMutableRawBufferPointer.allocate(byteCount: Int(min(max(1, place.length), 1 << 20)), alignment: 16)
            defer { buffer.deallocate() }
            var done: Int64 = 0
            while done < place.length {
                let wanted = Int(min(Int64(buffer.count), place.length - done))
                let count = try file.read(into: UnsafeMutableRawBufferPointer(rebasing: buffer[..<wanted]), at: place.offset + done)
                guard count > 0 else { throw EngineError(.failed, "a temporary file is shorter than it was") }
                bytes.append(contentsOf: UnsafeRawBufferPointer(rebasing: buffer[..<count]))
                done += Int64(count)
            }
            return Fragment(kind: kind(place.kind), bytes: bytes)
        }
    }

    private func kind(_ code: Int32) -> FragmentKind {
        switch code {
        case 0: .core
        case 1: .extended
        default: .localizedProperties(language: languages[Int(code) - 2])
        }
    }
}
