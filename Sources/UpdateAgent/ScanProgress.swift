public import UpdateProtocols

/// What a scan is at; for a progress display.
public enum ScanProgress: Sendable {
    /// A call is being made. `trips` counts SyncUpdates calls, `known` the revisions held.
    case asking(DeviceOperation, trips: Int, known: Int)
    /// The server is busy or failed; the same call is made after this many seconds.
    case waiting(seconds: Int64)
    /// The plan is made: this many files, and their bytes by the metadata.
    case downloading(files: Int, bytes: Int64)
    /// This many of a file's bytes are held.
    case fileAdvanced(FileDownload, bytes: Int64)
    /// `done` of `of` distinct files are ended.
    case fileEnded(FileDownload, FileOutcome, done: Int, of: Int)
}
