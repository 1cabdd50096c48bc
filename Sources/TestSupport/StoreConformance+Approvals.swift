import Storage
import Testing
import Updates

extension StoreConformance {
    private static func change(_ number: UInt64, _ group: GroupID, _ action: ApprovalAction?, _ deadline: Timestamp? = nil) -> ApprovalChange {
        ApprovalChange(updateID: StoreFixture.update(number), groupID: group, action: action, deadline: deadline)
    }

    static let approvals = [
        StoreConformance("an approval has a deployment id, a time and the generation of its change") { store in
            let before = try await store.generation()
            let deadline = StoreFixture.noon.adding(seconds: 3600)
            let (generation, approvals) = try await store.setApprovals(
                [change(1, .allComputers, .install, deadline.adding(milliseconds: 7)), change(2, .unassignedComputers, .block)], at: StoreFixture.noon
            )
            #expect(generation == before.next)
            #expect(approvals.map(\.action) == [.install, .block])
            #expect(approvals.map(\.deadline) == [deadline, nil])
            #expect(approvals.map(\.changedAt) == [StoreFixture.noon, StoreFixture.noon])
            #expect(approvals.map(\.generation) == [generation, generation])
            #expect(Set(approvals.map(\.deploymentID)).count == 2)
            #expect(try await store.approvals() == approvals)
            #expect(try await store.generation() == generation)
        },
        StoreConformance("a changed approval gets another deployment id, one that stays as it was does not") { store in
            let (_, first) = try await store.setApprovals([change(1, .allComputers, .install)], at: StoreFixture.noon)
            let later = StoreFixture.noon.adding(seconds: 60)
            let (same, unchanged) = try await store.setApprovals([change(1, .allComputers, .install)], at: later)
            #expect(unchanged == first)
            #expect(same == first.first?.generation)
            for asked in [change(1, .allComputers, .uninstall), change(1, .allComputers, .uninstall, later)] {
                let held = try await store.approvals()
                let (_, changed) = try await store.setApprovals([asked], at: later)
                #expect(changed.map(\.deploymentID) != held.map(\.deploymentID))
                #expect(changed.map(\.action) == [.uninstall])
                #expect(changed.map(\.changedAt) == [later])
                #expect(try await store.approvals() == changed)
            }
        },
        StoreConformance("a withdrawn approval is kept as withdrawn, and withdrawing nothing is nothing") { store in
            let before = try await store.generation()
            let (unchanged, none) = try await store.setApprovals([change(1, .allComputers, nil)], at: StoreFixture.noon)
            #expect(unchanged == before)
            #expect(none.isEmpty)
            let (_, first) = try await store.setApprovals([change(1, .allComputers, .install, StoreFixture.noon)], at: StoreFixture.noon)
            let (generation, withdrawn) = try await store.setApprovals([change(1, .allComputers, nil)], at: StoreFixture.noon)
            #expect(withdrawn.map(\.action) == [nil])
            #expect(withdrawn.map(\.deadline) == [nil])
            #expect(withdrawn.map(\.generation) == [generation])
            #expect(withdrawn.map(\.deploymentID) != first.map(\.deploymentID))
            #expect(try await store.approvals() == withdrawn)
        },
        StoreConformance("an approval of a group that does not exist changes nothing of its call") { store async throws in
            await expectError(.notFound) {
                _ = try await store.setApprovals(
                    [change(1, .allComputers, .install), change(1, StoreFixture.group(1), .install)], at: StoreFixture.noon)
            }
            #expect(try await store.approvals().isEmpty)
        },
        StoreConformance("the last of two changes of one approval stands, and is returned once") { store in
            let (_, approvals) = try await store.setApprovals(
                [change(1, .allComputers, .install), change(1, .allComputers, .block)], at: StoreFixture.noon)
            #expect(approvals.map(\.action) == [.block])
        },
        StoreConformance("a decline withdraws the update's approvals and no other's") { store in
            _ = try await store.setApprovals(
                [change(1, .allComputers, .install), change(1, .unassignedComputers, .block), change(2, .allComputers, .install)],
                at: StoreFixture.noon)
            let before = try await store.approvals()
            let result = try await store.setDeclined([StoreFixture.update(1)], true, at: StoreFixture.noon)
            #expect(result.generation == (try await store.generation()))
            #expect(
                result.declines == [
                    Decline(updateID: StoreFixture.update(1), isDeclined: true, changedAt: StoreFixture.noon, generation: result.generation)
                ])
            #expect(result.approvals.map(\.action) == [nil, nil])
            #expect(Set(result.approvals.map(\.deploymentID)).isDisjoint(with: before.map(\.deploymentID)))
            #expect(try await store.approvals().filter { $0.action != nil }.map(\.updateID) == [StoreFixture.update(2)])
            #expect(try await store.declines() == result.declines)
        },
        StoreConformance("a decline taken back is kept as taken back, and brings no approval back") { store in
            _ = try await store.setApprovals([change(1, .allComputers, .install)], at: StoreFixture.noon)
            _ = try await store.setDeclined([StoreFixture.update(1)], true, at: StoreFixture.noon)
            let result = try await store.setDeclined([StoreFixture.update(1)], false, at: StoreFixture.noon)
            #expect(result.declines.map(\.isDeclined) == [false])
            #expect(result.approvals.isEmpty)
            #expect(try await store.approvals().map(\.action) == [nil])
        },
        StoreConformance("declining twice, and taking back what was not declined, is no change") { store in
            let before = try await store.generation()
            let none = try await store.setDeclined([StoreFixture.update(1)], false, at: StoreFixture.noon)
            #expect(none.generation == before)
            #expect(none.declines.isEmpty)
            let first = try await store.setDeclined([StoreFixture.update(1), StoreFixture.update(1)], true, at: StoreFixture.noon)
            let again = try await store.setDeclined([StoreFixture.update(1)], true, at: StoreFixture.noon.adding(seconds: 60))
            #expect(again.generation == first.generation)
            #expect(again.declines == first.declines)
            #expect(first.declines.count == 1)
        },
    ]

    private static func group(_ number: UInt64, _ name: String, in parent: GroupID? = .allComputers) -> TargetGroup {
        TargetGroup(id: StoreFixture.group(number), name: name, parent: parent)
    }

    static let groups = [
        StoreConformance("groups make a tree, and each change of it counts") { store in
            let before = try await store.generation()
            #expect(try await store.createGroup(group(1, "Pilot")) == before.next)
            #expect(try await store.createGroup(group(2, "Inner", in: StoreFixture.group(1))) == before.next.next)
            #expect(try await store.moveGroup(StoreFixture.group(2), to: .allComputers) == before.next.next.next)
            #expect(try await store.groups().contains(group(2, "Inner")))
            #expect(try await store.removeGroup(StoreFixture.group(1)) == before.next.next.next.next)
            #expect(try await store.groups().count == 3)
        },
        StoreConformance("a name is in use whatever its case, a new group's id too") { store in
            _ = try await store.createGroup(group(1, "Bureaux d'Été"))
            for taken in [group(2, "BUREAUX D'ÉTÉ"), group(2, "bureaux d'E\u{301}te\u{301}"), group(2, "all computers"), group(1, "Other")] {
                await expectError(.alreadyExists) { _ = try await store.createGroup(taken) }
            }
            #expect(try await store.groups().count == 3)
        },
        StoreConformance("a group needs a name and a parent that can have groups") { store in
            for refused in [group(1, ""), group(1, "Roots", in: nil), group(1, "Inner", in: .unassignedComputers)] {
                await expectError(.conflict) { _ = try await store.createGroup(refused) }
            }
            await expectError(.notFound) { _ = try await store.createGroup(group(1, "Inner", in: StoreFixture.group(9))) }
        },
        StoreConformance("a group cannot be moved beneath itself, nor a built-in one at all") { store in
            _ = try await store.createGroup(group(1, "A"))
            _ = try await store.createGroup(group(2, "B", in: StoreFixture.group(1)))
            _ = try await store.createGroup(group(3, "C", in: StoreFixture.group(2)))
            let before = try await store.generation()
            for parent in [1, 2, 3].map(StoreFixture.group) + [.unassignedComputers] {
                await expectError(.conflict) { _ = try await store.moveGroup(StoreFixture.group(1), to: parent) }
            }
            for builtIn in [GroupID.allComputers, .unassignedComputers] {
                await expectError(.conflict) { _ = try await store.moveGroup(builtIn, to: StoreFixture.group(1)) }
                await expectError(.conflict) { _ = try await store.removeGroup(builtIn) }
            }
            await expectError(.notFound) { _ = try await store.moveGroup(StoreFixture.group(9), to: .allComputers) }
            await expectError(.notFound) { _ = try await store.moveGroup(StoreFixture.group(1), to: StoreFixture.group(9)) }
            #expect(try await store.moveGroup(StoreFixture.group(1), to: .allComputers) == before)
        },
        StoreConformance("a group with groups beneath it stays") { store in
            _ = try await store.createGroup(group(1, "A"))
            _ = try await store.createGroup(group(2, "B", in: StoreFixture.group(1)))
            await expectError(.conflict) { _ = try await store.removeGroup(StoreFixture.group(1)) }
            await expectError(.notFound) { _ = try await store.removeGroup(StoreFixture.group(9)) }
            #expect(try await store.groups().count == 4)
        },
        StoreConformance("a removed group takes its approvals along, and its devices lose only it") { store in
            _ = try await store.createGroup(group(1, "A"))
            _ = try await store.createGroup(group(2, "B"))
            _ = try await store.setApprovals([change(1, StoreFixture.group(1), .install), change(1, .allComputers, .block)], at: StoreFixture.noon)
            _ = try await store.assign([
                (StoreFixture.device(1), [StoreFixture.group(1)]), (StoreFixture.device(2), [StoreFixture.group(1), StoreFixture.group(2)]),
                (StoreFixture.device(3), [StoreFixture.group(2)]),
            ])
            let assigned = try await store.generation()
            let generation = try await store.removeGroup(StoreFixture.group(1))
            let devices = try await store.devices()
            #expect(devices.map(\.groups) == [[.unassignedComputers], [StoreFixture.group(2)], [StoreFixture.group(2)]])
            #expect(devices.map(\.groupsGeneration) == [generation, generation, assigned])
            #expect(try await store.approvals().map(\.groupID) == [.allComputers])
        },
        StoreConformance("the devices of a moved group, and of those beneath it, count as moved") { store in
            for (number, parent) in [(1, GroupID.allComputers), (2, StoreFixture.group(1)), (3, .allComputers)] {
                _ = try await store.createGroup(group(UInt64(number), "G\(number)", in: parent))
            }
            _ = try await store.assign((1...3).map { (StoreFixture.device($0), [StoreFixture.group(UInt64($0))]) })
            let assigned = try await store.generation()
            let generation = try await store.moveGroup(StoreFixture.group(1), to: StoreFixture.group(3))
            #expect(try await store.devices().map(\.groupsGeneration) == [generation, generation, assigned])
        },
    ]
}
