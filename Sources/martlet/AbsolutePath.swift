import ArgumentParser
import Foundation

/// Paths as the server must be given them, which has another working directory.
enum AbsolutePath {
    static func of(_ paths: [String]) throws -> [String] {
        try paths.map { path in
            // Foundation takes an empty path for the working directory.
            guard !path.isEmpty else { throw ValidationError("a path is empty") }
            return URL(filePath: path).standardizedFileURL.path(percentEncoded: false)
        }
    }
}
