import Testing

@testable import UpdateServer

@Suite struct RequestPathTests {
    @Test(arguments: [
        ("/", "/"), ("/Content/AB/CD.cab", "/Content/AB/CD.cab"), ("//Content///AB/CD.cab", "/Content/AB/CD.cab"), ("/a/?x=../y", "/a"),
        ("/a?%2e%2e", "/a"), ("/a#b", "/a"), ("/a.b..c", "/a.b..c"), ("/...", "/..."),
    ])
    func `a path loses its query and its double slashes`(target: String, path: String) {
        #expect(RequestPath.normalised(target) == path)
    }

    @Test(arguments: [
        "", "*", "Content/AB", "https://h/Content", "/..", "/../etc/passwd", "/Content/../../etc/passwd", "/Content/./AB", "/Content/%2e%2e/AB",
        "/Content/%2E%2E%2Fetc", "/Content/%00", "/Content\\..\\AB", "/a b", "/a\u{0}", "/a\u{7f}", "/\u{e9}",
    ])
    func `what could mean another path is none`(target: String) {
        #expect(RequestPath.normalised(target) == nil)
    }
}
