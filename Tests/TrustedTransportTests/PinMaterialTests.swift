import Foundation
import SwiftASN1
import Testing
import Updates
import X509

@testable import TrustedTransport

@Suite struct PinMaterialTests {
    private func material() throws -> (PinMaterial, [HeldCertificate]) {
        let test = try TestIdentity("updates.example")
        let store = try IdentityFolder(files: test.files, names: [try ServerName("updates.example")]).keyStore()
        let pins = [PinMaterial.Pin(store.current, isCurrent: true)] + store.next.map { PinMaterial.Pin($0, isCurrent: false) }
        return (PinMaterial(pins, names: ["updates.example"]), [store.current] + store.next)
    }

    /// [MS-GPEF] 2.2.1.1.1: identifier, reserved, length, value.
    private func properties(_ blob: [UInt8]) throws -> [UInt32: [UInt8]] {
        var found: [UInt32: [UInt8]] = [:]
        var rest = blob[...]
        func number() throws -> UInt32 {
            try #require(rest.count >= 4)
            defer { rest = rest.dropFirst(4) }
            return rest.prefix(4).reversed().reduce(0) { $0 << 8 | UInt32($1) }
        }
        while !rest.isEmpty {
            let id = try number()
            #expect(try number() == 1)
            let length = Int(try number())
            try #require(rest.count >= length)
            found[id] = Array(rest.prefix(length))
            rest = rest.dropFirst(length)
        }
        return found
    }

    @Test func `a blob has the SHA-1 and the whole certificate, which reads as what it was`() throws {
        let (material, certificates) = try material()
        for (pin, certificate) in zip(material.pins, certificates) {
            let properties = try properties(PinMaterial.blob(pin))
            #expect(properties.keys.sorted() == [3, 32])
            #expect(properties[3] == certificate.thumbprint.bytes)
            #expect(try Certificate(derEncoded: try #require(properties[32])) == certificate.leaf)
        }
    }

    @Test(arguments: PinMaterial.Format.allCases)
    func `every form has the current certificate and those that follow`(format: PinMaterial.Format) throws {
        let (material, certificates) = try material()
        let files = material.files(format)
        let all = files.flatMap(\.bytes)
        for certificate in certificates {
            switch format {
            case .reg:
                let text = try #require(String(bytes: all.dropFirst(2), encoding: .utf16LittleEndian))
                #expect(text.hasPrefix("Windows Registry Editor Version 5.00\r\n"))
                #expect(text.contains("WindowsServerUpdateServices\\Certificates\\\(certificate.thumbprint)]"))
            case .powershell:
                let text = String(decoding: all, as: UTF8.self)
                #expect(text.contains("Add-Pin '\(Data(certificate.encoded).base64EncodedString())'"))
                #expect(text.contains("'Cert:\\LocalMachine\\WindowsServerUpdateServices'"))
            case .gpo:
                #expect(all.starts(with: Array("PReg".utf8) + [1, 0, 0, 0]))
                #expect(String(decoding: all.filter { $0 != 0 }, as: UTF8.self).contains("Certificates\\\(certificate.thumbprint);Blob;"))
            case .certificate:
                #expect(files.first { $0.name == "\(certificate.thumbprint).cer" }?.bytes == certificate.encoded)
                let lines = String(decoding: files.last?.bytes ?? [], as: UTF8.self)
                #expect(lines.contains("certutil -f -addstore WindowsServerUpdateServices \(certificate.thumbprint).cer\r\n"))
            }
        }
        // No key is in any of it.
        #expect(!String(decoding: all, as: UTF8.self).contains("PRIVATE"))
    }
}
