/// The limits of this module, in one place (ADR 0004).
enum CatalogLimits {
    /// New updates in one answer.
    static let updatesPerAnswer = 200
    /// Bytes of Core fragments in one answer, where the share below is less.
    static let bytesPerAnswer = 4 << 20
    /// An answer may hold this part of all bytes the device is entitled to now, so that no device needs the 200 trips at which agents give
    /// up (observed.md section 2).
    static let shareOfEligibleBytes = 60
    /// Pieces of hardware that a driver pass looks at, and ids of each; the rest is ignored. Computers were seen to send 75 pieces
    /// (observed.md section 3).
    static let devicesPerSystem = 1000
    static let idsPerDevice = 100
    /// Installed sets whose eligible revisions are remembered.
    static let rememberedInstalledSets = 64
    /// Sets of groups whose view is remembered.
    static let rememberedViews = 128
}
