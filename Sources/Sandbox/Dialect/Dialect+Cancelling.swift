extension Dialect {
    /// What `POST …/cancel` does.
    struct Cancelling: Sendable, Hashable {
        enum Answer: Sendable, Hashable {
            /// The response object.
            case response
            /// `{"response_id": …, "status": "cancelling"}`
            case intention
            /// The response object under the id that another server in the back gave it.
            case responseOfTheBack
        }

        enum Effect: Sendable, Hashable {
            /// The run ends.
            case endsTheRun
            /// The status says `cancelled`; the run goes on and overwrites it when it ends.
            case changesTheWord
        }

        enum Reaction: Sendable, Hashable {
            /// 200 and the response as it is.
            case asItIs
            /// 200, and the response is `cancelled` from now on, although it had ended.
            case overwrites
            case refused(Refusal)
        }

        var answer = Answer.response
        var effect = Effect.endsTheRun
        /// Between a cancel's answer and its effect.
        var delay: Duration = .zero
        /// For how long a cancel blocks when the run does not heed it; `nil`: it does not wait.
        var patience: Duration?
        /// Set where a running response cannot be cancelled.
        var ofRunning: Refusal?
        var ofForeground = Reaction.refused(
            Refusal(400, "Only responses created with the background parameter set to true can be cancelled."))
        var ofCancelled = Reaction.asItIs
        var ofFinished = Reaction.refused(Refusal(400, "Cannot cancel a {status} response."))
    }
}
