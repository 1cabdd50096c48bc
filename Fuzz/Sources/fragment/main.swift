import FuzzTarget
import UpdateProtocols
import Updates

/// Fragments as they come from elsewhere. Form feeds, which XML forbids, part one from the next: Core, Extended, LocalizedProperties, Eula.
///
/// A fragment that was rewritten once stays as it is, and says what it said before.
fuzz { start, count in
    let texts = bytes(start, count).split(separator: 0x0c, maxSplits: 3, omittingEmptySubsequences: false)
    let kinds: [FragmentKind] = [.core, .extended, .localizedProperties(language: "en"), .eula(language: "en", geoID: "")]
    let fragments = zip(kinds, texts).map { Fragment(kind: $0, bytes: ChunkedBytes($1)) }
    let metadata = try? RevisionMetadata(fragments: fragments)
    var rewritten: [Fragment] = []
    for fragment in fragments {
        guard let bytes = try? FragmentText.rewritten(fragment.bytes) else {
            require(metadata == nil, "metadata of what is not to be read")
            return 0
        }
        rewritten.append(Fragment(kind: fragment.kind, bytes: bytes))
        do throws(DocumentError) {
            require(try FragmentText.rewritten(bytes) == bytes, "rewritten twice it is another")
        } catch {
            require(false, "what was rewritten is refused: \(error)")
        }
    }
    if let metadata {
        require((try? RevisionMetadata(fragments: rewritten)) == metadata, "rewritten it says something else")
    }
    return 0
}
