import Glibc
import NIOCore
import Settings

/// Why a node did not start or stopped by itself: one sentence with what to do about it. Holds no secret.
package struct NodeError: Error, Sendable, CustomStringConvertible {
    package let description: String

    package init(_ description: String) {
        self.description = description
    }

    init(serving listen: ListenAddress, _ error: any Error) {
        if let error = error as? NodeError {
            self = error
        } else if let error = error as? IOError, error.errnoCode == EADDRINUSE {
            self.init("\(listen) is in use by another program: stop it, or set another `listen` address (RINGBACK_LISTEN)")
        } else if let error = error as? IOError {
            self.init("cannot listen on \(listen): \(error.description)")
        } else {
            self.init("cannot serve on \(listen): \(error)")
        }
    }
}
