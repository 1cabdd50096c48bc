import ArgumentParser
import UpdateEngine
import Updates

struct GroupsCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "groups", abstract: "Keep the tree of device groups under All Computers.",
        subcommands: [List.self, Create.self, Remove.self, Move.self])

    struct List: AsyncParsableCommand {
        static let configuration = CommandConfiguration(abstract: "Show the tree.")
        @OptionGroup var options: HomeOptions
        @OptionGroup var output: JSONOption

        func run() async throws {
            guard case .groups(let groups) = try await options.perform(.listGroups) else { throw Outcome.unexpected() }
            if output.json { return try Terminal.json(groups) }
            Terminal.table(
                ["GROUP", "DEVICES", "ID"],
                groups.map { [String(repeating: "  ", count: $0.depth) + $0.name, String($0.devices), $0.id.description] })
        }
    }

    struct Create: AsyncParsableCommand {
        static let configuration = CommandConfiguration(abstract: "Make a group.")
        @OptionGroup var options: HomeOptions
        @OptionGroup var output: JSONOption
        @Option(help: ArgumentHelp("The group it is beneath; All Computers if none is named.", valueName: "name"))
        var parent: String?
        @Argument(help: "The new group's name.")
        var name: String

        func run() async throws { try await GroupsCommand.change(.createGroup(name: name, parent: parent), "created", options, output) }
    }

    struct Remove: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Remove a group and its approvals; its devices go to Unassigned Computers.")
        @OptionGroup var options: HomeOptions
        @OptionGroup var output: JSONOption
        @Argument(help: "The group's name.")
        var name: String

        func run() async throws { try await GroupsCommand.change(.removeGroup(name: name), "removed", options, output) }
    }

    struct Move: AsyncParsableCommand {
        static let configuration = CommandConfiguration(abstract: "Move a group beneath another.")
        @OptionGroup var options: HomeOptions
        @OptionGroup var output: JSONOption
        @Option(help: ArgumentHelp("The group it goes beneath.", valueName: "name"))
        var parent: String
        @Argument(help: "The group's name.")
        var name: String

        func run() async throws { try await GroupsCommand.change(.moveGroup(name: name, parent: parent), "moved", options, output) }
    }

    private static func change(_ request: ControlRequest, _ word: String, _ options: HomeOptions, _ output: JSONOption) async throws {
        guard case .group(let group) = try await options.perform(request) else { throw Outcome.unexpected() }
        if output.json { return try Terminal.json(group) }
        Terminal.fields([(word, group.name)])
    }
}
