import Storage
import Testing
import Updates

extension StoreConformance {
    static let imports = [
        StoreConformance("a new document is held with its bytes, its metadata and its source") { store in
            let before = try await store.generation()
            let offered = StoreFixture.revision(1)
            let result = try await store.importRevisions([offered], at: StoreFixture.noon)
            #expect(result.generation == before.next)
            #expect(result.outcomes.map(\.verdict) == [.new])
            let held = try #require(result.outcomes.first?.revision)
            #expect(held.revision.metadata == offered.metadata)
            #expect(held.revision.provenance == offered.provenance)
            #expect(held.revision.origin == .document)
            #expect(held.revision.importedAt == StoreFixture.noon)
            #expect(held.revision.importGeneration == before.next)
            #expect(held.revision.id.rawValue > 0)
            #expect(held.revision.defaultDeploymentID.rawValue > 0)
            #expect(held.coreSize == offered.fragments[0].bytes.count)
            #expect(try await store.generation() == before.next)
            #expect(try await store.revisions() == [held])
            #expect(try await store.revision(held.revision.id) == held)
            #expect(try await store.document(held.revision.id)?.bytes == StoreFixture.documentBytes(1))
        },
        StoreConformance("revisions come by ascending id, those of an update newest first") { store in
            let offered = [StoreFixture.revision(2, revision: 7), StoreFixture.revision(1), StoreFixture.revision(2, revision: 9)]
            _ = try await store.importRevisions(offered, at: StoreFixture.noon)
            let all = try await store.revisions().map(\.revision)
            #expect(all.map(\.identity) == offered.map(\.metadata.identity))
            #expect(all.map(\.id) == all.map(\.id).sorted())
            #expect(try await store.revisions(of: StoreFixture.update(2)).map(\.revision.identity.revisionNumber.rawValue) == [9, 7])
            #expect(try await store.revisions(of: StoreFixture.update(3)).isEmpty)
        },
        StoreConformance("a revision of fragments only has no document") { store in
            let result = try await store.importRevisions([StoreFixture.revision(1, isDocument: false)], at: StoreFixture.noon)
            let held = try #require(result.outcomes.first?.revision)
            #expect(held.revision.origin == .fragments)
            #expect(try await store.document(held.revision.id) == nil)
        },
        StoreConformance("revision ids and deployment ids are two counters that give no number twice") { store in
            let first = try await store.importRevisions([StoreFixture.revision(1), StoreFixture.revision(2)], at: StoreFixture.noon)
            let change = ApprovalChange(updateID: StoreFixture.update(1), groupID: .allComputers, action: .install, deadline: nil)
            let (_, approvals) = try await store.setApprovals([change], at: StoreFixture.noon)
            let second = try await store.importRevisions([StoreFixture.revision(3)], at: StoreFixture.noon)
            let revisions = (first.outcomes + second.outcomes).compactMap(\.revision?.revision)
            #expect(revisions.map(\.id.rawValue) == [1, 2, 3])
            let deployments = revisions.map(\.defaultDeploymentID) + approvals.map(\.deploymentID)
            #expect(Set(deployments).count == 4)
        },
        StoreConformance("a call that brings nothing new is no change") { store in
            let before = try await store.generation()
            #expect(try await store.importRevisions([], at: StoreFixture.noon).generation == before)
            let result = try await store.importRevisions([StoreFixture.revision(1)], at: StoreFixture.noon)
            #expect(try await store.importRevisions([StoreFixture.revision(1)], at: StoreFixture.noon).generation == result.generation)
        },
        StoreConformance("a file that has changed since it was read is refused with all that came with it") { store in
            let folder = try TemporaryFolder()
            let path = try folder.write(StoreFixture.documentBytes(1, core: "changed"), to: "document.xml")
            let promised = try #require(SHA256Digest(bytes: Array(repeating: 7, count: 32)))
            let changed = RevisionImport(
                metadata: StoreFixture.metadata(1), fragments: StoreFixture.fragments(1),
                provenance: Provenance(source: .localImport, isVerified: true), document: .file(path: path, sha256: promised))
            let before = try await store.generation()
            await expectError(.corrupt) { _ = try await store.importRevisions([StoreFixture.revision(2), changed], at: StoreFixture.noon) }
            #expect(try await store.revisions().isEmpty)
            #expect(try await store.generation() == before)
        },
        StoreConformance("a revision without a Core fragment is refused with all that came with it") { store async throws in
            let offered = RevisionImport(
                metadata: StoreFixture.metadata(1), fragments: Array(StoreFixture.fragments(1).dropFirst()),
                provenance: Provenance(source: .localImport, isVerified: true), document: nil)
            await expectError(.conflict) { _ = try await store.importRevisions([StoreFixture.revision(2), offered], at: StoreFixture.noon) }
            #expect(try await store.revisions().isEmpty)
        },
    ]

    /// The rules of ADR 0003.
    static let immutability = [
        StoreConformance("the same document again is already held, whoever brings it, and changes nothing") { store in
            let first = try await store.importRevisions([StoreFixture.revision(1, source: .sample)], at: StoreFixture.noon)
            let again = try await store.importRevisions([StoreFixture.revision(1, source: .microsoft)], at: StoreFixture.noon)
            #expect(again.outcomes.map(\.verdict) == [.alreadyHeld])
            #expect(again.generation == first.generation)
            #expect(again.outcomes.first?.revision == first.outcomes.first?.revision)
            #expect(try await store.revisions().first?.revision.provenance.source == .sample)
        },
        StoreConformance("another document under a known identity is refused, whoever brings it") { store in
            let first = try await store.importRevisions([StoreFixture.revision(1, source: .sample)], at: StoreFixture.noon)
            let forged = StoreFixture.revision(1, core: "other", source: .microsoft)
            let again = try await store.importRevisions([forged], at: StoreFixture.noon)
            #expect(again.outcomes.map(\.verdict) == [.refused(.differentDocument)])
            #expect(again.generation == first.generation)
            #expect(again.outcomes.first?.revision == first.outcomes.first?.revision)
            #expect(try await store.revisions() == [try #require(first.outcomes.first?.revision)])
            #expect(try await store.document(RevisionID(rawValue: 1))?.bytes == StoreFixture.documentBytes(1))
        },
        StoreConformance("a refusal does not undo the others of the call") { store in
            _ = try await store.importRevisions([StoreFixture.revision(1)], at: StoreFixture.noon)
            let result = try await store.importRevisions(
                [StoreFixture.revision(2), StoreFixture.revision(1, core: "other"), StoreFixture.revision(3)], at: StoreFixture.noon)
            #expect(result.outcomes.map(\.verdict) == [.new, .refused(.differentDocument), .new])
            #expect(try await store.revisions().count == 3)
        },
        StoreConformance("one identity twice in a call: the second is measured against the first") { store in
            let result = try await store.importRevisions(
                [StoreFixture.revision(1), StoreFixture.revision(1), StoreFixture.revision(1, core: "other")], at: StoreFixture.noon)
            #expect(result.outcomes.map(\.verdict) == [.new, .alreadyHeld, .refused(.differentDocument)])
            #expect(Set(result.outcomes.map(\.revision)).count == 1)
            #expect(try await store.revisions().count == 1)
        },
        StoreConformance("a document completes fragments that equal its own, and keeps the id and the more trusted source") { store in
            let first = try await store.importRevisions(
                [StoreFixture.revision(1, title: "Short", isDocument: false, source: .signedCabinet)], at: StoreFixture.noon)
            let held = try #require(first.outcomes.first?.revision).revision
            let result = try await store.importRevisions(
                [StoreFixture.revision(1, title: "The whole title", source: .localImport)], at: StoreFixture.noon.adding(seconds: 60))
            #expect(result.outcomes.map(\.verdict) == [.completes])
            #expect(result.generation == first.generation.next)
            let completed = try #require(result.outcomes.first?.revision).revision
            #expect(completed.id == held.id)
            #expect(completed.defaultDeploymentID == held.defaultDeploymentID)
            #expect(completed.origin == .document)
            #expect(completed.provenance.source == .signedCabinet)
            #expect(completed.metadata.text()?.title == "The whole title")
            #expect(completed.importGeneration == result.generation)
            #expect(completed.importedAt == held.importedAt)
            #expect(try await store.document(held.id)?.bytes == StoreFixture.documentBytes(1))
            #expect(try await store.importRevisions([StoreFixture.revision(1)], at: StoreFixture.noon).outcomes.map(\.verdict) == [.alreadyHeld])
        },
        StoreConformance("a document that completes fragments of a less trusted source raises their source to its own") { store in
            _ = try await store.importRevisions([StoreFixture.revision(1, isDocument: false, source: .sample)], at: StoreFixture.noon)
            let result = try await store.importRevisions([StoreFixture.revision(1, source: .microsoft)], at: StoreFixture.noon)
            #expect(result.outcomes.first?.revision?.revision.provenance.source == .microsoft)
        },
        StoreConformance("equal fragments again are already held, beside fragments and beside a document") { store in
            _ = try await store.importRevisions([StoreFixture.revision(1, isDocument: false), StoreFixture.revision(2)], at: StoreFixture.noon)
            let again = [StoreFixture.revision(1, isDocument: false), StoreFixture.revision(2, isDocument: false)]
            #expect(try await store.importRevisions(again, at: StoreFixture.noon).outcomes.map(\.verdict) == [.alreadyHeld, .alreadyHeld])
        },
        StoreConformance("other fragments of a more trusted source take the place of fragments, under an id of their own") { store in
            let first = try await store.importRevisions(
                [StoreFixture.revision(1, isDocument: false, source: .sample, isVerified: false)], at: StoreFixture.noon)
            var held = try #require(first.outcomes.first?.revision).revision
            for (source, isDocument) in [(Provenance.Source.signedCabinet, false), (.microsoft, true)] {
                let offered = StoreFixture.revision(1, core: "better-\(source)", isDocument: isDocument, source: source)
                let result = try await store.importRevisions([offered], at: StoreFixture.noon.adding(seconds: 60))
                #expect(result.outcomes.map(\.verdict) == [.replacesFragments])
                let replaced = try #require(result.outcomes.first?.revision)
                #expect(replaced.revision.id > held.id)
                #expect(replaced.revision.defaultDeploymentID > held.defaultDeploymentID)
                #expect(try await store.revision(held.id) == nil)
                #expect(try await store.revisions().count == 1)
                held = replaced.revision
                #expect(replaced.revision.provenance == offered.provenance)
                #expect(replaced.revision.origin == (isDocument ? .document : .fragments))
                #expect(replaced.revision.importGeneration == result.generation)
                #expect(replaced.coreSize == offered.fragments[0].bytes.count)
            }
        },
        StoreConformance("other fragments of a source that is not more trusted are refused, with a document or without") { store in
            let first = try await store.importRevisions([StoreFixture.revision(1, isDocument: false, source: .signedCabinet)], at: StoreFixture.noon)
            for source in [Provenance.Source.signedCabinet, .localImport] {
                for isDocument in [true, false] {
                    let offered = StoreFixture.revision(1, core: "other", isDocument: isDocument, source: source)
                    let result = try await store.importRevisions([offered], at: StoreFixture.noon)
                    #expect(result.outcomes.map(\.verdict) == [.refused(.differentFragments)])
                }
            }
            let unverified = StoreFixture.revision(1, core: "other", source: .microsoft, isVerified: false)
            let result = try await store.importRevisions([unverified], at: StoreFixture.noon)
            #expect(result.outcomes.map(\.verdict) == [.refused(.differentFragments)])
            #expect(try await store.revisions() == [try #require(first.outcomes.first?.revision)])
        },
        StoreConformance("other fragments than a held document's are refused, whoever brings them") { store in
            _ = try await store.importRevisions([StoreFixture.revision(1, source: .sample)], at: StoreFixture.noon)
            let offered = StoreFixture.revision(1, core: "other", isDocument: false, source: .microsoft)
            let result = try await store.importRevisions([offered], at: StoreFixture.noon)
            #expect(result.outcomes.map(\.verdict) == [.refused(.differentFragments)])
        },
        StoreConformance("what is held tells a caller the verdict before the import") { store in
            let offered = StoreFixture.revision(1, isDocument: false, source: .signedCabinet)
            #expect(try await store.heldContent(offered.metadata.identity) == nil)
            _ = try await store.importRevisions([offered], at: StoreFixture.noon)
            let held = try #require(try await store.heldContent(offered.metadata.identity))
            #expect(held.documentDigest == nil)
            #expect(held.fragmentsDigest == HeldContent.fragmentsDigest(of: offered.fragments))
            #expect(held.trust == offered.provenance.trust)
            _ = try await store.importRevisions([StoreFixture.revision(1)], at: StoreFixture.noon)
            #expect(try await store.heldContent(offered.metadata.identity)?.documentDigest != nil)
        },
    ]
}
