/// What tests turn of a store.
package struct StoreOptions: Sendable {
    /// False skips every sync: for tests of other things than durability.
    package var isDurable = true
    /// Bytes after which the next entry starts a new document or pack file.
    package var rollover: Int64 = AppendOnlyFiles.defaultRollover
    /// Called before bytes go to a document or pack file, with their number; what it throws is thrown as a full disk's error is.
    package var willWrite: @Sendable (Int) throws -> Void = { _ in }
    /// Called inside the transaction of an import when all of its bytes are on disk.
    package var willCommit: @Sendable () throws -> Void = {}
    /// Rows of those who came over plain HTTP.
    package var plainCallers = PlainCallers()

    /// How many rows are kept, the oldest going first: in all, and of one source network.
    package struct PlainCallers: Sendable {
        package var all: Int
        package var perNetwork: Int

        package init(all: Int = 100_000, perNetwork: Int = 10_000) {
            self.all = all
            self.perNetwork = perNetwork
        }
    }

    package init() {}
}
