import UpdateCatalog
import UpdateProtocols
import Updates

// What a device's scan costs in process, without TLS, HTTP and disk. Figures are of this machine; compare two versions in one sitting.

print("                                                           least          median         most")
let catalog = SyntheticCatalogue.make()
let view = catalog.view(of: [.unassignedComputers])
let installed = (1...90).map { RevisionID(rawValue: Int32($0)) }
var cached: [RevisionID] = []
var answer = catalog.scan(ScanRequest(installedNonLeaf: installed), in: view)
var trips = 1
while answer.isTruncated {
    cached += answer.newUpdates.map(\.id).filter { !installed.contains($0) }
    answer = catalog.scan(ScanRequest(installedNonLeaf: installed, otherCached: cached, anchor: answer.generation), in: view)
    trips += 1
}
cached += answer.newUpdates.map(\.id).filter { !installed.contains($0) }
print("a device with 90 installed is entitled to \(installed.count + cached.count) revisions, in \(trips) trips")

let delta = SyncUpdates.Request(
    installedNonLeaf: installed, otherCached: Array(cached.prefix(5000)), cachedDrivers: [], skipSoftwareSync: false,
    filterCategories: nil, needsTwoGroupsOutOfScope: true)
let cookie = CookieElement(expiration: Timestamp(millisecondsSince1970: 1_800_000_000_000), encryptedData: [UInt8](repeating: 7, count: 367))
let body = SyncUpdates.encodeRequest(delta, cookie: cookie)

try Measurement(name: "decode SyncUpdates, \(delta.otherCached.count) cached ids", bytes: body.count).run {
    var reader = SOAPRequestReader(body)
    _ = try reader.operation()
    _ = try SyncUpdates.decode(&reader, open: { $0 })
}
Measurement(name: "delta scan, \(delta.otherCached.count) cached, nothing new").run {
    _ = catalog.scan(
        ScanRequest(installedNonLeaf: installed, otherCached: delta.otherCached, anchor: catalog.generation), in: view)
}
let fragment = Array(String(repeating: "<UpdateIdentity UpdateID=\"4d617274-6c65-7400-0000-000000000001\" RevisionNumber=\"100\" />", count: 6).utf8)
let first = catalog.scan(ScanRequest(installedNonLeaf: installed), in: view)
func page() -> [UInt8] {
    SyncUpdates.encodeResponse(first, cookie: cookie) { _, xml in xml.appendEscaped(fragment) }
}
let encoded = page()
Measurement(name: "encode a page of \(first.newUpdates.count) updates", bytes: encoded.count).run { _ = page() }
let compressed = Xpress.compress(encoded)
Measurement(name: "compress it (Xpress, to 1/\(encoded.count / compressed.count))", bytes: encoded.count).run { _ = Xpress.compress(encoded) }
try Measurement(name: "decompress it", bytes: encoded.count).run { _ = try Xpress.decompress(compressed, limit: encoded.count) }
