import FuzzTarget
import ScanPolicy

/// What a server may answer to an audit: a flight of TLS, the certificates in it or alone, or the head of an HTTP answer. In any pieces it is
/// read alike, and never more is kept than may be.
fuzz { start, count in
    let input = bytes(start, count)
    var choices = Choices(of: input)
    let pieces = choices.pieces(of: input)

    for end in [ServerFlight.End.flight, .serverHello] {
        var whole = ServerFlight(upTo: end)
        let isWhole = try? whole.take(input[...])
        var inPieces = ServerFlight(upTo: end)
        var isEnded: Bool? = false
        for piece in pieces where isEnded == false { isEnded = try? inPieces.take(piece) }
        require(isEnded == isWhole, "pieces end otherwise")
        if isEnded != nil {
            require(whole.version == inPieces.version && whole.cipherSuite == inPieces.cipherSuite, "pieces choose otherwise")
            require(whole.certificates == inPieces.certificates && whole.alert == inPieces.alert, "pieces hold otherwise")
        }
        require(whole.certificates.count <= ServerFlight.maximumCertificates, "too many certificates")
        require(!whole.isComplete || whole.version != nil, "a flight without a hello")
        for certificate in whole.certificates { check(certificate) }
    }
    check(input)

    var whole = AnswerHead(lookingFor: "GetConfigResponse")
    let isWhole = try? whole.take(input)
    var inPieces = AnswerHead(lookingFor: "GetConfigResponse")
    var isEnded: Bool? = false
    for piece in pieces where isEnded == false { isEnded = try? inPieces.take(Array(piece)) }
    if isWhole == true, isEnded == true { require(whole.status == inPieces.status && whole.headers == inPieces.headers, "pieces answer otherwise") }
    require(whole.status.map { (100...999).contains($0) } ?? true, "a status of another length")
    return 0
}

func check(_ certificate: [UInt8]) {
    guard let read = try? CertificateReading(certificate).certificate else { return }
    require((read.names?.count ?? 0) <= CertificateReading.maximumNames, "too many names")
    if case .rsa(let bits) = read.key { require(bits >= 0 && bits <= certificate.count * 8, "a key longer than its certificate") }
}
