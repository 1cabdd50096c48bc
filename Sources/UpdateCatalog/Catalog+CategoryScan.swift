public import Updates

extension Catalog {
    /// Answers StartCategoryScan: which of the asked categories a filtered scan should name ([MS-WUSP] 3.1.5.6).
    ///
    /// A group of one product gives that product; a product with a classification gives the product; a group with a category that is not
    /// held is dropped and its unknown ids are returned; any other group means that the server cannot filter so: nothing is preferred.
    ///
    /// - Parameter requested: categories, each in one of several groups of which all must hold.
    /// - Returns: in the order asked, each once.
    public func startCategoryScan(_ requested: [(andGroup: Int32, id: UpdateID)]) -> (preferred: [UpdateID], inError: [UpdateID]) {
        var order: [Int32] = []
        var groups: [Int32: [UpdateID]] = [:]
        var inError: [UpdateID] = []
        for (group, id) in requested {
            if groups[group] == nil { order.append(group) }
            if groups[group]?.contains(id) != true { groups[group, default: []].append(id) }
            if category(id) == nil, !inError.contains(id) { inError.append(id) }
        }
        var preferred: [UpdateID] = []
        for group in order {
            let categories = (groups[group] ?? []).map { (id: $0, content: category($0)) }
            if categories.contains(where: { $0.content == nil }) { continue }
            let products = categories.filter { $0.content?.categoryType == .product }
            let classifications = categories.filter { $0.content?.categoryType == .updateClassification }
            guard let product = products.first, products.count == 1, classifications.count <= 1, categories.count == 1 + classifications.count
            else { return ([], inError) }
            if !preferred.contains(product.id) { preferred.append(product.id) }
        }
        return (preferred, inError)
    }

    private func category(_ id: UpdateID) -> HeldRevision? {
        current(id).flatMap { $0.type == .category ? $0 : nil }
    }
}
