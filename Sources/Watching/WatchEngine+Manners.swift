import RingbackCore
import Store

/// What is learned about upstreams, on its way to the store and back.
extension WatchEngine {
    /// Reads what was learned by earlier processes. When the store fails, it is read later: until then everything counts as unknown.
    func recallManners() async {
        guard rememberedManners == nil else { return }
        do {
            let remembered = try await store.rememberedManners()
            noteStoreWorks()
            rememberedManners = Dictionary(remembered.map { ($0.upstream, $0) }, uniquingKeysWith: { first, _ in first })
            for manners in remembered { upstreams[manners.upstream]?.recall(manners) }
        } catch {
            noteStoreTrouble(error)
        }
    }

    /// Writes down what the store does not know yet. Lazily: what a crash takes away costs a few requests to be learned again.
    func saveManners() async {
        await recallManners()
        for upstream in upstreams.values {
            guard let unsaved = upstream.unsavedManners else { continue }
            do {
                try await store.remember(unsaved)
                upstream.savedManners = unsaved
                rememberedManners?[unsaved.upstream] = unsaved
            } catch {
                return noteStoreTrouble(error)
            }
        }
    }
}
