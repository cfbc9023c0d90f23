import Control
import RingbackCore

/// Who looks at a page, and what shows that a form was made for this viewer.
struct Viewer {
    let caller: Caller
    /// Stands in every form, and is known to nobody who cannot read our pages.
    let formProof: String

    func may(_ scope: AccessScope) -> Bool { caller.scope.map { $0 >= scope } ?? false }

    /// The field that proves a form.
    var proof: HTML { #"<input type="hidden" name="proof" value="\#(formProof)">"# }

    /// A form of one button; nothing for whoever may not do that.
    func button(_ label: String, _ scope: AccessScope, post action: String, fields: [(String, String)] = [], kind: String = "") -> HTML? {
        guard may(scope) else { return nil }
        let hidden = fields.map { name, value -> HTML in #"<input type="hidden" name="\#(name)" value="\#(value)">"# }
        return #"<form method="post" action="\#(action)">\#(proof)\#(hidden)<button class="\#(kind)">\#(label)</button></form>"#
    }
}
