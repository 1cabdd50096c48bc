extension RemedyMaterial {
    /// The text that goes with the files, README.txt.
    public var readme: [UInt8] {
        var lines = ["The remedy \(remedy.rawValue) for \(server)", ""]
        if let warning { lines += ["WARNING", ""] + Self.wrapped(warning, indent: "") + [""] }
        lines += order + [""]
        for entry in policy {
            guard case .set(let data) = entry.action else { continue }
            let shown = data.text ?? data.number.map { String($0) } ?? ""
            lines.append("    \(entry.hive.shortName)\\\(entry.key)\\\(entry.name) = \(shown) (\(data.type.name))")
        }
        lines.append("")
        for artefact in artefacts {
            lines += ["\(artefact.name) (\(artefact.kind.rawValue))"]
            for (label, text) in [("Use", artefact.use), ("Stays", artefact.stays), ("Undo", artefact.undo), ("Risk", artefact.risk)] {
                lines += Self.wrapped("\(label): \(text)", indent: "    ")
            }
            lines.append("")
        }
        lines += Self.wrapped(
            """
            The policy files say the same in different forms: use one of them. What devices do is predicted from what Microsoft has published; \
            try it on one device first.
            """,
            indent: "")
        return Self.text(lines)
    }

    private var order: [String] {
        switch remedy {
        case .tls:
            Self.wrapped("First the certificate (\(certificateNames)) into the computer's Trusted Root store, then the policy. It sets:", indent: "")
        case .systemProxy: Self.wrapped("First the proxy (set-proxy.cmd or Registry.xml), then the policy. It sets:", indent: "")
        default: ["The policy sets:"]
        }
    }

    private var certificateNames: String {
        let names = artefacts.filter { $0.kind == .certificate }.map(\.name)
        return names.isEmpty ? "ca.pem of the server's home" : names.joined(separator: ", ")
    }

    /// Lines of at most 100 characters.
    static func wrapped(_ text: String, indent: String) -> [String] {
        var lines: [String] = []
        var line = indent
        for word in text.split(separator: " ") {
            if line.count + word.count + 1 > 100, line.count > indent.count {
                lines.append(line)
                line = indent + "  "
            }
            line += (line.allSatisfy { $0 == " " } ? "" : " ") + word
        }
        return lines + [line]
    }
}
