public import Updates

extension Catalog {
    /// Answers RefreshCache ([MS-WUSP] 3.1.5.8): this server's ids of revisions that a device holds from another server or another life.
    ///
    /// What devices of the view are not given is left out without a word, and so are members of bundles, as by real servers (observed.md
    /// section 0.21): the device gets those anew with its next scan.
    ///
    /// - Returns: in the order asked, each once.
    public func refresh(_ identities: [UpdateIdentity], in view: View) -> [RefreshedRevision] {
        let view = own(view)
        var seen: Set<UInt32> = []
        return identities.compactMap { identity in
            guard let revision = content.index(of: identity), view.scope.contains(revision), seen.insert(revision).inserted
            else { return nil }
            let scanned = view.scanned(revision)
            if scanned.deployment.action == .bundle { return nil }
            return RefreshedRevision(id: scanned.id, identity: identity, isLeaf: scanned.isLeaf, deployment: scanned.deployment)
        }
    }
}
