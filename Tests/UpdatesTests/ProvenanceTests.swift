import Foundation
import Testing
import Updates

struct ProvenanceTests {
    /// From the least to the most trusted (ADR 0003).
    static let ascending: [Provenance] = [false, true].flatMap { isVerified in
        [.sample, .localImport, .upstream("wsus.example"), .signedCabinet, .microsoft].map { Provenance(source: $0, isVerified: isVerified) }
    }

    @Test func `what is verified is trusted more than anything that is not, and each source in its place`() {
        for (lower, higher) in zip(Self.ascending, Self.ascending.dropFirst()) {
            #expect(lower.trust < higher.trust, "\(lower) and \(higher)")
        }
    }

    @Test func `upstreams are trusted alike, whatever their name`() {
        #expect(Provenance(source: .upstream("a"), isVerified: true).trust == Provenance(source: .upstream("b"), isVerified: true).trust)
    }

    @Test(arguments: [
        ("sample", Provenance.Source.sample), ("local", .localImport), ("upstream:wsus.example", .upstream("wsus.example")),
        ("cabinet", .signedCabinet), ("microsoft", .microsoft),
    ])
    func `a source has a word`(text: String, source: Provenance.Source) throws {
        #expect(source.description == text)
        #expect(Provenance.Source(text) == source)
        let provenance = Provenance(source: source, isVerified: true)
        #expect(try JSONDecoder().decode(Provenance.self, from: JSONEncoder().encode(provenance)) == provenance)
    }

    @Test(arguments: ["", "Sample", "upstream", "upstream:", "microsoft ", "other"])
    func `other words are none`(text: String) {
        #expect(Provenance.Source(text) == nil)
        #expect(throws: DecodingError.self) { try JSONDecoder().decode([Provenance.Source].self, from: JSONEncoder().encode([text])) }
    }
}
