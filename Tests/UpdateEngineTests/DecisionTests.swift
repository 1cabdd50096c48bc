import Foundation
import TestSupport
import Testing
import UpdateCatalog
import Updates

@testable import UpdateEngine

struct DecisionTests {
    let category = DocumentText(.numbered(1), type: .category, title: "Example Product")

    func update(_ number: UInt64, _ change: (inout DocumentText) -> Void = { _ in }) -> DocumentText {
        var update = DocumentText(.numbered(number), title: "Update \(number)")
        update.prerequisites = [PrerequisiteClause(anyOf: [.numbered(1)], isCategory: true)]
        change(&update)
        return update
    }

    func approve(_ test: TestEngine, _ numbers: UInt64..., group: String = "All Computers") async throws -> UpdateChangeReport {
        try await test.engine.apply(
            .approve(groups: [group], action: .install, deadline: nil), to: .ids(numbers.map { UpdateID.numbered($0).description }),
            isDryRun: false)
    }

    @Test func `a member of a bundle is refused with its parent's name`() async throws {
        let test = try await TestEngine()
        let member = update(3)
        try await test.importing(category, member, update(2) { $0.bundled = [member.identity] })
        let report = try await approve(test, 3)
        #expect(report.changed.isEmpty)
        #expect(report.refused.first?.message.contains("Update 2") == true)
    }

    @Test func `what is expired is not approved any more`() async throws {
        let test = try await TestEngine()
        try await test.importing(category, update(2) { $0.publicationState = .expired })
        #expect(try await approve(test, 2).refused.first?.message.contains("expired") == true)
    }

    @Test func `a category is not approved`() async throws {
        let test = try await TestEngine()
        try await test.importing(category)
        #expect(try await approve(test, 1).refused.count == 1)
    }

    @Test func `of several some may be refused, the others are done`() async throws {
        let test = try await TestEngine()
        try await test.importing(category, update(2))
        let report = try await approve(test, 1, 2)
        #expect(report.changed.map(\.id) == [.numbered(2)])
        #expect(report.refused.count == 1)
    }

    @Test func `a dry run tells and changes nothing`() async throws {
        let test = try await TestEngine()
        try await test.importing(category, update(2))
        let generation = test.engine.catalog.generation
        let report = try await test.engine.apply(.decline, to: .ids([UpdateID.numbered(2).description]), isDryRun: true)
        #expect(report.changed.count == 1)
        #expect(test.engine.catalog.generation == generation)
    }

    @Test func `an approval made twice is one`() async throws {
        let test = try await TestEngine()
        try await test.importing(category, update(2))
        _ = try await approve(test, 2)
        let generation = test.engine.catalog.generation
        #expect(try await approve(test, 2).unchanged.count == 1)
        #expect(test.engine.catalog.generation == generation)
    }

    @Test func `a decline withdraws approvals, and taking it back leaves the update unapproved`() async throws {
        let test = try await TestEngine()
        try await test.importing(category, update(2))
        _ = try await approve(test, 2)
        let id = UpdateSelection.ids([UpdateID.numbered(2).description])
        _ = try await test.engine.apply(.decline, to: id, isDryRun: false)
        #expect(try await approve(test, 2).refused.first?.message.contains("undecline") == true)
        _ = try await test.engine.apply(.undecline, to: id, isDryRun: false)
        #expect(try await test.engine.update(UpdateID.numbered(2).description).summary.state == .unapproved)
    }

    @Test func `a block in a group beneath overrides what is inherited`() async throws {
        let test = try await TestEngine()
        try await test.importing(category, update(2))
        _ = try await test.engine.createGroup(name: "Lab", parent: nil)
        _ = try await approve(test, 2)
        _ = try await test.engine.apply(
            .approve(groups: ["Lab"], action: .block, deadline: nil), to: .ids([UpdateID.numbered(2).description]), isDryRun: false)
        let lab = try await test.engine.groupID("lab")
        let catalog = test.engine.catalog
        let current = try #require(catalog.current(.numbered(2)))
        #expect(catalog.deployment(of: current.id, in: catalog.view(of: [lab]))?.action == .preDeploymentCheck)
        #expect(catalog.deployment(of: current.id, in: catalog.view(of: [.unassignedComputers]))?.action == .install)
    }

    @Test func `KB numbers name updates, in either spelling`() async throws {
        let test = try await TestEngine()
        try await test.importing(category, update(2) { $0.kbArticle = "9000123" })
        #expect(try await test.engine.update("KB9000123").summary.id == .numbered(2))
        #expect(try await test.engine.update("9000123").summary.id == .numbered(2))
        await #expect(throws: EngineError.self) { try await test.engine.update("KB9000124") }
    }

    @Test func `filters must all hold`() async throws {
        let test = try await TestEngine()
        let security = DocumentText(.numbered(9), type: .category, title: "Security Updates")
        var classification = security
        classification.categoryType = .updateClassification
        var product = category
        product.categoryType = .product
        try await test.importing(
            product, classification,
            update(2) { $0.prerequisites.append(PrerequisiteClause(anyOf: [.numbered(9)], isCategory: true)) }, update(3),
            update(4) { $0.superseded = [.numbered(3)] })
        func ids(_ filter: UpdateFilter) async throws -> [UpdateID] { try await test.engine.updates(filter).map(\.id).sorted() }
        #expect(try await ids(UpdateFilter()) == [.numbered(2), .numbered(3), .numbered(4)])
        #expect(try await ids(UpdateFilter(classification: "security")) == [.numbered(2)])
        #expect(try await ids(UpdateFilter(product: "example")) == [.numbered(2), .numbered(3), .numbered(4)])
        #expect(try await ids(UpdateFilter(product: "example", classification: "nothing")) == [])
        #expect(try await ids(UpdateFilter(isSuperseded: true)) == [.numbered(3)])
        #expect(try await ids(UpdateFilter(text: "update 4")) == [.numbered(4)])
        #expect(try await ids(UpdateFilter(source: "sample")) == [])
        #expect(try await ids(UpdateFilter(includesEverything: true)).count == 5)
    }
}
