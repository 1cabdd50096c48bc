import FuzzTarget
import UpdateProtocols
import Updates

/// A document reads alike in any pieces; each of its fragments rewrites to itself, and all together say what the document said.
fuzz { start, count in
    let input = bytes(start, count)
    var choices = Choices(of: input)
    let whole = outcome(of: [input[...]])
    let pieces = outcome(of: choices.pieces(of: input))
    switch (whole, pieces) {
    case (.success(let whole), .success(let pieces)):
        require(whole.metadata == pieces.metadata, "other metadata in pieces")
        require(whole.fragments == pieces.fragments, "other fragments in pieces")
        checkFragments(of: whole)
    case (.failure(let whole), .failure(let pieces)):
        require(isAlike(whole.code, pieces.code), "in pieces \(pieces.code) and not \(whole.code)")
        require((0...input.count).contains(whole.byteOffset) && (0...input.count).contains(pieces.byteOffset), "an offset outside of the input")
    default: require(false, "whole \(whole), in pieces \(pieces)")
    }
    return 0
}

/// Of two faults, one of them in the XML itself, it depends on the pieces which is met first: expat puts reading a tag off.
func isAlike(_ one: DocumentError.Code, _ other: DocumentError.Code) -> Bool {
    switch (one, other) {
    case (.xml, _), (_, .xml): true
    default: one == other
    }
}

func outcome(of pieces: [ArraySlice<UInt8>]) -> Result<UpdateDocument, DocumentError> {
    do throws(DocumentError) {
        var reader = UpdateDocumentReader()
        for piece in pieces { try feed(piece, to: &reader) }
        return .success(try reader.finish())
    } catch {
        return .failure(error)
    }
}

func feed(_ piece: ArraySlice<UInt8>, to reader: inout UpdateDocumentReader) throws(DocumentError) {
    // Typed throws do not go through the closure of `withUnsafeBytes` of a slice.
    let result = piece.withUnsafeBytes { bytes -> Result<Void, DocumentError> in
        do throws(DocumentError) {
            return .success(try reader.feed(bytes))
        } catch {
            return .failure(error)
        }
    }
    try result.get()
}

func checkFragments(of document: UpdateDocument) {
    do throws(DocumentError) {
        for fragment in document.fragments {
            require(try FragmentText.rewritten(fragment.bytes) == fragment.bytes, "\(fragment.kind) does not rewrite to itself")
        }
        var expected = document.metadata
        let found = try RevisionMetadata(fragments: document.fragments)
        // Fragments do not tell these two.
        expected.publicationState = found.publicationState
        expected.creationDate = found.creationDate
        require(found == expected, "the fragments say \(found), the document \(expected)")
    } catch {
        require(false, "a derived fragment is refused: \(error)")
    }
}
