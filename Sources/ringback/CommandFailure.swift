/// Why a command did not do what it was asked: one clear sentence and what to do about it. Holds no secret.
struct CommandFailure: Error {
    /// Empty when everything was said already.
    let message: String
    let exitCode: Int32

    init(_ message: String, exitCode: Int32 = 1) {
        self.message = message
        self.exitCode = exitCode
    }
}
