import FuzzTarget
import UpdateProtocols
import Updates

/// A body as a server answers it is read or refused, for whatever it was asked; what was read and is written anew reads as it did.
fuzz { start, count in
    let body = bytes(start, count)
    for read in [
        getConfig, getAuthorizationCookie, getCookie, registerComputer, startCategoryScan, syncUpdates, getExtendedUpdateInfo, getFileLocations,
        reportEventBatch, refreshCache, syncPrinterCatalog, getExtendedUpdateInfo2, furtherReports, requiredInventoryType, reportInventory, ping,
    ] {
        do throws(ResponseError) {
            try read(body)
        } catch {
            // What is shown of a response that a server made up must be safe to make.
            _ = error.description
        }
    }
    if let fault = SOAPFault.decode(body) {
        for version in SOAPVersion.allCases {
            let again = SOAPFault.decode(fault.encode(id: .none, service: .client, operation: nil, soap: version))
            require(again == fault, "the fault \(fault) written anew reads \(String(describing: again))")
        }
    }
    return 0
}
