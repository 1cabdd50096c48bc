import FuzzTarget
import UpdateProtocols
import Updates

/// A body as a device sends it is read or refused with a fault that blames the device; what was read and is written anew reads as it did.
fuzz { start, count in
    let body = bytes(start, count)
    do throws(SOAPFault) {
        var reader = SOAPRequestReader(body)
        let request = try Request(&reader)
        do throws(SOAPFault) {
            var again = SOAPRequestReader(request.encoded)
            let other = try Request(&again)
            require(request == other, "written anew it reads \(other), not \(request)")
        } catch {
            require(false, "written anew \(request) is refused: \(error)")
        }
    } catch {
        require([.invalidParameters, .invalidCookie, .invalidAuthorizationCookie].contains(error.code), "\(error)")
    }
    return 0
}
