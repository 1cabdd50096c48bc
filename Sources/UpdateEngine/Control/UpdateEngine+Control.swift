extension UpdateEngine {
    /// Carries out one command. Whatever it changed is committed and before the devices when it returns.
    public func perform(_ request: ControlRequest, output: ControlOutput) async throws -> ControlResult {
        switch request {
        case .importUpdates(let paths, let source):
            return .imported(try await importUpdates(paths: paths, source: source, progress: output.progress))
        case .addFiles(let paths): return .files(try await addFiles(paths: paths, progress: output.progress))
        case .verifyFiles(let deep): return .files(try await verifyFiles(deep: deep, progress: output.progress))
        case .listUpdates(let filter): return .updates(try await updates(filter))
        case .showUpdate(let id): return .update(try await update(id))
        case .fragment(let id, let kind):
            try await fragment(kind, of: id, to: output.bytes)
            return .bytes
        case .changeUpdates(let selection, let change, let isDryRun):
            return .changed(try await apply(change, to: selection, isDryRun: isDryRun))
        case .listGroups: return .groups(try await groups())
        case .createGroup(let name, let parent): return .group(try await createGroup(name: name, parent: parent))
        case .removeGroup(let name): return .group(try await removeGroup(name: name))
        case .moveGroup(let name, let parent): return .group(try await moveGroup(name: name, parent: parent))
        case .listDevices(let filter): return .devices(try await devices(filter))
        case .showDevice(let name): return .device(try await deviceDetails(name))
        case .assignDevices(let assignments): return .devicesChanged(try await assign(assignments))
        case .forgetDevices(let names): return .devicesChanged(try await forget(names))
        case .insecure(let days): return .insecure(try await insecure(days: days))
        case .allowUpdates(let names, let isAllowed, let reason): return .changed(try await allow(names, isAllowed, reason: reason))
        case .listPayloads: return .payloads(try await payloads())
        case .listCertificates(let roles): return .trustedCertificates(try await trustedCertificates(roles))
        case .addCertificates(let files, let role): return .trusted(try await addCertificates(files: files, as: role))
        case .removeCertificate(let fingerprint, let roles): return .trustedCertificates(try await removeCertificate(fingerprint, roles))
        case .snapshot: return .snapshot(try await snapshot())
        case .forgetUnseenDevices(let time, let isDryRun):
            return .devicesChanged(try await forgetDevices(notSeenSince: time, isDryRun: isDryRun))
        case .rejectDevices(let address): return .devicesChanged(try await rejectDevices(from: address))
        case .certificates(let command): return .certificates(try await perform(command))
        case .resolveDevices(let names, let accepting): return .devicesChanged(try await resolveDevices(names, accepting: accepting))
        }
    }
}
