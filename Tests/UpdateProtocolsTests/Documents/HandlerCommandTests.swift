import TestSupport
import Testing
import UpdateProtocols
import Updates

struct HandlerCommandTests {
    private func commands(_ data: String) throws -> [HandlerCommand] {
        let fragment = Array(
            "<ExtendedProperties DefaultPropertiesLanguage=\"en\" /><HandlerSpecificData type=\"x\">\(data)</HandlerSpecificData>".utf8)
        return try fragment.withUnsafeBytes { try HandlerCommand.commands(ofFragment: $0) }
    }

    @Test func `each handler's command is read from its attributes`() throws {
        #expect(
            try commands("<InstallCommand Program=\"a.exe\" Arguments=\"/q\"><ReturnCode Code=\"0\" Result=\"Succeeded\" /></InstallCommand>")
                == [HandlerCommand(kind: .program, file: "a.exe", arguments: ["/q"])])
        #expect(try commands("<InstallCommand Program=\"a.exe\" IsSetup360=\"true\" />") == [HandlerCommand(kind: .program, file: "a.exe")])
        #expect(
            try commands("<MsiData MsiFile=\"a.msi\" CommandLine=\"A=1\" UninstallCommandLine=\"B=2\" ProductCode=\"x\" />")
                == [HandlerCommand(kind: .package, file: "a.msi", arguments: ["A=1", "B=2"])])
        #expect(try commands("<MspData PatchCode=\"x\" CommandLine=\"A=1\" />") == [HandlerCommand(kind: .patch, file: nil, arguments: ["A=1"])])
        #expect(try commands("<OSInstallData InitialModule=\"a.dll\" />") == [HandlerCommand(kind: .module, file: "a.dll")])
        #expect(try commands("<CbsData PackageIdentity=\"\" />") == [])
        #expect(try commands("<CategoryInformation CategoryType=\"Product\" />") == [])
    }

    @Test func `a command is found wherever it stands and whatever its element is called`() throws {
        #expect(try commands("<Other><Deep Program=\"x.exe\" /></Other>").map(\.file) == ["x.exe"])
        #expect(try commands("<InstallCommand Program=\"a\" /><InstallCommand Program=\"b\" />").map(\.file) == ["a", "b"])
        #expect(try commands("<InstallCommand Arguments=\"/c\" />") == [HandlerCommand(kind: .program, file: nil, arguments: ["/c"])])
        #expect(try commands("<InstallCommand Program=\"&#99;md.exe\" />").map(\.file) == ["cmd.exe"])
    }

    @Test func `every file that an element names is a command`() throws {
        #expect(
            try commands("<MsiData Program=\"setup.exe\" MsiFile=\"b.msi\" CommandLine=\"A=1\" />")
                == [
                    HandlerCommand(kind: .program, file: "setup.exe", arguments: ["A=1"]),
                    HandlerCommand(kind: .package, file: "b.msi", arguments: ["A=1"]),
                ])
        #expect(
            try commands("<MspData InitialModule=\"a.dll\" CommandLine=\"A=1\" />")
                == [
                    HandlerCommand(kind: .module, file: "a.dll", arguments: ["A=1"]),
                    HandlerCommand(kind: .patch, file: nil, arguments: ["A=1"]),
                ])
        #expect(try commands("<MsiData Program=\"setup.exe\" CommandLine=\"A=1\" />").map(\.kind) == [.program, .patch])
        #expect(try commands("<InstallCommand Program=\"a\" InitialModule=\"b\" Arguments=\"A=1\" />").map(\.kind) == [.program, .module, .patch])
        #expect(try commands("<InstallCommand Program=\"a.exe\" x:Program=\"b.exe\" xmlns:x=\"y\" />").map(\.file) == ["a.exe", "b.exe"])
    }

    /// Each of them was believed once, for the first name in it.
    @Test(arguments: [
        "<MsiData Program=\"setup.exe\" MsiFile=\"\\\\host\\share\\x.msi\" CommandLine=\"TRANSFORMS=http://host/x.mst\" />",
        "<MsiData Program=\"setup.exe\" CommandLine=\"TRANSFORMS=http://host/x.mst\" />",
        "<MspData InitialModule=\"a.dll\" CommandLine=\"PATCH=http://host/x.msp\" />",
        "<MsiData InitialModule=\"a.dll\" MsiFile=\"x.msi\" />",
    ])
    func `a name that is believed covers nothing up`(_ data: String) throws {
        #expect(LaunchRule.findings(try commands(data), files: [.init(name: "setup.exe")]) != [])
    }

    @Test func `more commands than an update has are refused`() throws {
        let one = "<InstallCommand Program=\"a\" />"
        #expect(try commands(String(repeating: one, count: HandlerCommand.mostCommands)).count == HandlerCommand.mostCommands)
        #expect(throws: DocumentError.self) { try commands(String(repeating: one, count: HandlerCommand.mostCommands + 1)) }
    }

    @Test func `a document and its fragments tell the same commands`() throws {
        var document = DocumentText(UpdateID(high: 1, low: 2))
        document.command = ("Setup.exe", "/q")
        var reader = UpdateDocumentReader()
        try reader.feed(document.bytes)
        let read = try reader.finish()
        #expect(read.metadata.commands == [HandlerCommand(kind: .program, file: "Setup.exe", arguments: ["/q"])])
        #expect(try RevisionMetadata(fragments: read.fragments).commands == read.metadata.commands)
    }

    @Test(.enabled(if: Evidence.isPresent, "the folder of captures is not beside the package"))
    func `what real servers sent starts its own files`() throws {
        var judged = 0
        for path in try Evidence.files(in: "update-xml-full")
        where path.hasSuffix(".xml") && !path.contains(".core.") && !path.contains(".extended.") && !path.contains(".localized") {
            var reader = UpdateDocumentReader()
            try reader.feed(try Evidence.bytes(path))
            let metadata = try reader.finish().metadata
            #expect(metadata.launchFindings { _ in nil } == [], "\(path)")
            judged += metadata.commands.count
        }
        for folder in ["wsusscn2-slice/x", "fragments-windows11"] {
            for path in try Evidence.files(in: folder) where !path.contains("core") {
                let commands = try Evidence.bytes(path).withUnsafeBytes { try HandlerCommand.commands(ofFragment: $0) }
                #expect(LaunchRule.findings(commands, files: []) == [], "\(path)")
                judged += commands.count
            }
        }
        #expect(judged >= 2)
    }
}
