import Foundation
import TestSupport

/// python3-samba's reader and writer of Registry.pol: an opinion on the format from code that is not ours.
enum Samba {
    static let python: String? = ["/usr/bin/python3"].first { path in
        FileManager.default.isExecutableFile(atPath: path) && (try? run("import samba.dcerpc.preg, samba.ndr", python: path)) != nil
    }
    static var isInstalled: Bool { python != nil }
    static let absence = "python3-samba is not installed"

    struct Failure: Error { let text: String }

    /// Runs a program with these arguments, and gives back what it wrote to the file that its last argument names.
    @discardableResult
    static func run(_ program: String, _ arguments: [String] = [], python: String? = Samba.python) throws -> [UInt8] {
        let folder = try TemporaryFolder()
        let output = try folder.write([], to: "out")
        let process = Process()
        process.executableURL = URL(filePath: python ?? "")
        process.arguments = ["-c", program] + arguments + [output]
        process.standardError = FileHandle.nullDevice
        try process.run()
        process.waitUntilExit()
        guard process.terminationStatus == 0 else { throw Failure(text: program) }
        return Array(try Data(contentsOf: URL(filePath: output)))
    }

    /// Each entry of a file on a line: key, name, type, size and data as hexadecimal digits or as samba shows them, with tabs between them.
    static func entries(_ bytes: [UInt8]) throws -> [String] {
        let folder = try TemporaryFolder()
        let input = try folder.write(bytes, to: "in")
        let text = try run(
            """
            import sys
            from samba.dcerpc import preg
            from samba.ndr import ndr_unpack
            file = ndr_unpack(preg.file, open(sys.argv[1], "rb").read())
            with open(sys.argv[2], "w") as out:
                for e in file.entries:
                    data = e.data.hex() if isinstance(e.data, bytes) else e.data
                    out.write("\\t".join([e.keyname, e.valuename, str(e.type), str(e.size), str(data)]) + "\\n")
            """, [input])
        return String(decoding: text, as: UTF8.self).split(separator: "\n", omittingEmptySubsequences: true).map(String.init)
    }
}
