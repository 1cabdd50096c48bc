public import Updates

/// Which categories a filtered scan may name ([MS-WUSP] 3.1.5.6). It has no cookie, so it changes nothing.
public enum StartCategoryScan {
    public struct Request: Hashable, Sendable {
        /// Fewer than 200.
        public var categories: [CategoryRelationship]

        public init(categories: [CategoryRelationship]) {
            self.categories = categories
        }
    }

    /// Categories of one `andGroup` belong together: a product and a classification.
    public struct CategoryRelationship: Hashable, Sendable {
        public var andGroup: Int32
        public var id: UpdateID

        public init(andGroup: Int32, id: UpdateID) {
            self.andGroup = andGroup
            self.id = id
        }
    }

    public struct Response: Hashable, Sendable {
        public var preferred: [UpdateID]
        public var inError: [UpdateID]

        public init(preferred: [UpdateID], inError: [UpdateID]) {
            self.preferred = preferred
            self.inError = inError
        }
    }

    /// InvalidParameters where the list is missing, has 200 entries or more, or an entry lacks its number or GUID.
    public static func decode(_ reader: inout SOAPRequestReader) throws(SOAPFault) -> Request {
        var categories: [CategoryRelationship]?
        while let parameter = try reader.parameter() {
            guard "requestedCategories" ~= parameter else { continue }
            var list = categories ?? []
            let level = reader.elements.level
            while let name = try reader.elements.child(of: level) {
                guard "CategoryRelationship" ~= name else { continue }
                guard list.count < RequestedLimits.categories else { throw SOAPFault(.invalidParameters, "requestedCategories") }
                list.append(try relationship(&reader.elements))
            }
            categories = list
        }
        try reader.finish()
        guard let categories else { throw SOAPFault(.invalidParameters, "requestedCategories") }
        return Request(categories: categories)
    }

    /// The body of the answer; empty lists are left out.
    public static func encodeResponse(_ response: Response, soap version: SOAPVersion = .v11) -> [UInt8] {
        SOAPEnvelope.response(.startCategoryScan, version) {
            $0.list("preferredCategoryIds", response.preferred) { $0.element("guid", $1.description) }
            $0.list("requestedCategoryIdsInError", response.inError) { $0.element("guid", $1.description) }
        }
    }

    /// A device's side.
    public static func encodeRequest(_ request: Request) -> [UInt8] {
        SOAPEnvelope.request(.startCategoryScan) {
            $0.element("requestedCategories") { xml in
                for category in request.categories {
                    xml.element("CategoryRelationship") {
                        $0.element("IndexOfAndGroup", category.andGroup)
                        $0.element("CategoryId", category.id.description)
                    }
                }
            }
        }
    }

    /// A device's side. Throws ``ResponseError``.
    public static func decodeResponse(_ body: [UInt8]) throws(ResponseError) -> Response {
        try SOAPResponseReader.decode(body, .startCategoryScan) { (elements) throws(SOAPFault) in
            var response = Response(preferred: [], inError: [])
            let level = elements.level
            while let name = try elements.child(of: level) {
                switch name {
                case "preferredCategoryIds": response.preferred += try guids(&elements, "preferredCategoryIds")
                case "requestedCategoryIdsInError": response.inError += try guids(&elements, "requestedCategoryIdsInError")
                default: break
                }
            }
            return response
        }
    }

    private static func relationship(_ elements: inout ElementReader) throws(SOAPFault) -> CategoryRelationship {
        var group: Int32?
        var id: UpdateID?
        let level = elements.level
        while let name = try elements.child(of: level) {
            switch name {
            case "IndexOfAndGroup": group = try elements.int32("requestedCategories.IndexOfAndGroup")
            case "CategoryId": id = try elements.guid("requestedCategories.CategoryId")
            default: break
            }
        }
        guard let group, let id else { throw SOAPFault(.invalidParameters, "requestedCategories") }
        return CategoryRelationship(andGroup: group, id: id)
    }

    private static func guids(_ elements: inout ElementReader, _ parameter: String) throws(SOAPFault) -> [UpdateID] {
        var ids: [UpdateID] = []
        let level = elements.level
        while let name = try elements.child(of: level) {
            if "guid" ~= name { ids.append(try elements.guid(parameter)) }
        }
        return ids
    }
}
