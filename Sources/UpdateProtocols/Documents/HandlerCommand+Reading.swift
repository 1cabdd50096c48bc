public import Updates
public import XMLStream

extension HandlerCommand {
    /// What an element of `HandlerSpecificData` has started; nothing for most.
    ///
    /// Attributes are looked at, whatever the element is called and whichever handler it is for: what a device starts is named by them
    /// (protocol.md section 5.3), and a handler that is not known here must not be a way around. Which of several its handler goes by is not
    /// known, so each of them counts.
    public static func commands(of element: XMLStartElement) -> [HandlerCommand] {
        // With a prefix or without, and both if both are there: whoever reads it leniently reads the same.
        func texts(_ names: StaticString...) -> [String] {
            names.flatMap { name in element.attributes.compactMap { $0.name.isLocal(name) ? $0.text : nil } }
        }
        let arguments = texts("Arguments", "CommandLine", "UninstallCommandLine", "InstallParameters", "UnpackParameters")
        let isForProgram = element.name.isLocal("InstallCommand")
        var commands = texts("Program").map { HandlerCommand(kind: .program, file: $0, arguments: arguments) }
        if commands.isEmpty, isForProgram { commands = [HandlerCommand(kind: .program, file: nil, arguments: arguments)] }
        let packages = texts("MsiFile").map { HandlerCommand(kind: .package, file: $0, arguments: arguments) }
        let modules = texts("InitialModule").map { HandlerCommand(kind: .module, file: $0, arguments: arguments) }
        commands += packages + modules
        // Windows Installer may be who gets them, unless nothing but a program is named where one belongs.
        if packages.isEmpty, !arguments.isEmpty, !isForProgram || !modules.isEmpty {
            commands.append(HandlerCommand(kind: .patch, file: nil, arguments: arguments))
        }
        return commands
    }
}

extension HandlerCommand {
    /// What an Extended fragment tells a handler to start; empty where it has no `HandlerSpecificData`.
    public static func commands(ofFragment fragment: UnsafeRawBufferPointer, limits: XMLLimits = .documents) throws(DocumentError) -> [HandlerCommand]
    {
        var reader = XMLReader(HandlerCommandEvents(), limits: limits, content: .sequence)
        try reader.feed(fragment)
        return try reader.finish().commands
    }

    /// More than any real update has.
    public static let mostCommands = 1000
}

private struct HandlerCommandEvents: XMLEvents {
    typealias Failure = DocumentError

    var commands: [HandlerCommand] = []
    private var isInHandlerData = false

    static func failure(_ error: XMLError) -> DocumentError { DocumentError(error) }

    mutating func start(_ element: XMLStartElement) throws(DocumentError) {
        if element.depth == 1 { isInHandlerData = element.name.isLocal("HandlerSpecificData") }
        guard isInHandlerData else { return }
        commands += HandlerCommand.commands(of: element)
        guard commands.count <= HandlerCommand.mostCommands else {
            throw DocumentError(.tooLarge, at: element.byteOffset, "more commands than an update has")
        }
    }

    mutating func text(_ text: XMLText) {}
    mutating func end(_ end: XMLEndElement) {}
}
