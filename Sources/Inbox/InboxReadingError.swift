import Glibc

/// Why a reader did not get, acknowledge or put back a file.
package enum InboxReadingError: Error, Sendable, Hashable {
    /// A system call failed while `step` was tried, as in "could not *claim a file*".
    case system(step: Step, directory: String, SystemCallFailure)
    /// What is to be acknowledged or put back is not claimed under this name any more.
    case claimLost(String)
    /// What is named is no claimed file of an inbox.
    case notClaimed(String)
    /// A file of the same name has come into `new` meanwhile, and nothing is ever replaced.
    case nameTaken(String)

    package enum Step: String, Sendable, Hashable {
        case open = "open the inbox"
        case list = "list the inbox"
        case claim = "claim a file of the inbox"
        case remove = "remove a file of the inbox"
        case putBack = "put a file back into the inbox"
    }

    /// Whether the inbox, or its `new` or `cur`, is not there: it may be made anew.
    package var isDirectoryMissing: Bool {
        if case .system(.open, _, let failure) = self { failure.code == ENOENT } else { false }
    }
}

extension InboxReadingError: CustomStringConvertible {
    package var description: String {
        switch self {
        case .system(let step, let directory, let failure):
            "could not \(step.rawValue) \(directory): \(Self.reason(failure, step)) (\(failure.call))"
        case .claimLost(let name):
            "\(name) is not claimed any more: its lease ran out and it went back to new, or it was acknowledged or put back already"
        case .notClaimed(let name):
            "\(name) is no claimed file: give the path that 'ringback inbox next' printed, or a name in the inbox's cur"
        case .nameTaken(let name):
            "\(name) is in new already, so the claimed one cannot go back there: acknowledge one of the two"
        }
    }

    private static func reason(_ failure: SystemCallFailure, _ step: Step) -> String {
        switch failure.code {
        case ENOENT where step == .open:
            "it is no inbox, or it is not there: an inbox has the directories new and cur, which Ringback makes"
        case ENOTDIR, ELOOP: "it, or its new or cur, is no directory; a symbolic link is good for the inbox itself only"
        case EACCES, EPERM: "permission is denied; a reader needs the right to write in its new and cur"
        case EROFS: "the file system is read-only; mount it for writing"
        case ENOSPC, EDQUOT: "the disk is full"
        case EXDEV: "its new and cur are on different file systems; keep them on one"
        case EMFILE, ENFILE: "too many files are open; raise the limit (ulimit -n)"
        case EIO: "the disk reported an error; check it"
        default: "system error \(failure.code)"
        }
    }
}
