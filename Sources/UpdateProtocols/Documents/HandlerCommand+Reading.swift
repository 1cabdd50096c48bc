public import Updates
public import XMLStream

extension HandlerCommand {
    /// The command that an element of `HandlerSpecificData` is; nothing for others.
    ///
    /// Attributes are looked at, whatever the element is called and whichever handler it is for: what a device starts is named by them
    /// (protocol.md section 5.3), and a handler that is not known here must not be a way around.
    public init?(_ element: XMLStartElement) {
        // With a prefix or without: whoever reads it leniently reads the same.
        func text(_ name: StaticString) -> String? { element.attributes.first { $0.name.isLocal(name) }?.text }
        func texts(_ names: StaticString...) -> [String] { names.compactMap(text) }
        let arguments = texts("Arguments", "CommandLine", "UninstallCommandLine", "InstallParameters", "UnpackParameters")
        if let program = text("Program") {
            self.init(kind: .program, file: program, arguments: arguments)
        } else if let package = text("MsiFile") {
            self.init(kind: .package, file: package, arguments: arguments)
        } else if let module = text("InitialModule") {
            self.init(kind: .module, file: module, arguments: arguments)
        } else if element.name.isLocal("InstallCommand") {
            self.init(kind: .program, file: nil, arguments: arguments)
        } else if !arguments.isEmpty {
            self.init(kind: .patch, file: nil, arguments: arguments)
        } else {
            return nil
        }
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
        guard isInHandlerData, let command = HandlerCommand(element) else { return }
        guard commands.count < HandlerCommand.mostCommands else {
            throw DocumentError(.tooLarge, at: element.byteOffset, "more commands than an update has")
        }
        commands.append(command)
    }

    mutating func text(_ text: XMLText) {}
    mutating func end(_ end: XMLEndElement) {}
}
