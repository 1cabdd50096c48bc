public import Foundation

/// As much of JSON Schema as docs/cli-json.md uses: type, required, properties, additionalProperties, items, enum, two patterns, and `$ref` to
/// one of the root's `definitions`.
public struct JSONSchema {
    private let schema: [String: Any]

    public init(_ text: String) throws {
        schema = try JSONSerialization.jsonObject(with: Data(text.utf8)) as? [String: Any] ?? [:]
    }

    /// The schemas of a document of the package, by name.
    public static func documented(in path: String = "docs/cli-json.md") throws -> [String: JSONSchema] {
        try all(in: String(contentsOf: Evidence.packageRoot.appending(path: path), encoding: .utf8))
    }

    /// The blocks of a document whose first line is ```` ```json NAME ````, which is not a schema but an example.
    public static func examples(in path: String, of name: String) throws -> [String] {
        let markdown = try String(contentsOf: Evidence.packageRoot.appending(path: path), encoding: .utf8)
        return markdown.components(separatedBy: "```json \(name)\n").dropFirst().compactMap { $0.components(separatedBy: "```").first }
    }

    /// The schemas of a document, by the word after ```` ```json ````.
    static func all(in markdown: String) throws -> [String: JSONSchema] {
        var schemas: [String: JSONSchema] = [:]
        for block in markdown.components(separatedBy: "```json ").dropFirst() {
            guard let line = block.firstIndex(of: "\n"), let end = block.range(of: "```") else { continue }
            schemas[String(block[..<line])] = try JSONSchema(String(block[line..<end.lowerBound]))
        }
        return schemas
    }

    /// What is wrong with a value as `--json` prints it, by path; empty if nothing is.
    public func problems(printing value: some Encodable) throws -> [String] {
        try problems(in: JSONEncoder().encode(value))
    }

    /// What is wrong with a JSON text, by path; empty if nothing is.
    public func problems(in data: Data) throws -> [String] {
        problems(in: try JSONSerialization.jsonObject(with: data), against: schema, at: "$")
    }

    private func problems(in value: Any, against part: [String: Any], at path: String) -> [String] {
        var problems: [String] = []
        var schema = part
        if let reference = part["$ref"] as? String {
            let definitions = self.schema["definitions"] as? [String: [String: Any]] ?? [:]
            guard let definition = definitions[String(reference.dropFirst("#/definitions/".count))] else {
                return ["\(path): the schema does not define \(reference)"]
            }
            schema = definition
        }
        switch schema["type"] as? String {
        case "object":
            guard let object = value as? [String: Any] else { return ["\(path) is no object"] }
            let properties = schema["properties"] as? [String: [String: Any]] ?? [:]
            for name in schema["required"] as? [String] ?? [] where object[name] == nil { problems.append("\(path).\(name) is missing") }
            for (name, inner) in object {
                guard let property = properties[name] else {
                    problems.append("\(path).\(name) is not in the schema")
                    continue
                }
                problems += self.problems(in: inner, against: property, at: "\(path).\(name)")
            }
        case "array":
            guard let array = value as? [Any] else { return ["\(path) is no array"] }
            let items = schema["items"] as? [String: Any] ?? [:]
            for (index, inner) in array.enumerated() { problems += self.problems(in: inner, against: items, at: "\(path)[\(index)]") }
        case "string":
            guard let text = value as? String else { return ["\(path) is no string"] }
            if let allowed = schema["enum"] as? [String], !allowed.contains(text) { problems.append("\(path): \(text) is not one of \(allowed)") }
            switch schema["pattern"] as? String {
            case "guid" where text.wholeMatch(of: /[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}/) == nil: problems.append("\(path): \(text) is no GUID")
            case "time" where text.wholeMatch(of: /\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z/) == nil: problems.append("\(path): \(text) is no time")
            default: break
            }
        case "integer":
            guard let number = value as? NSNumber, number.doubleValue == number.doubleValue.rounded() else { return ["\(path) is no integer"] }
        case "number":
            guard value is NSNumber else { return ["\(path) is no number"] }
        case "boolean":
            guard value is Bool else { return ["\(path) is no boolean"] }
        default: problems.append("\(path): the schema has no type")
        }
        return problems
    }
}
