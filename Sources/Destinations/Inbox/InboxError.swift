import Glibc
package import Inbox
package import RingbackCore

/// Why a file did not get into an inbox. All of these may be tried again: directories come back, disks are cleared.
package struct InboxError: Error, Sendable, Hashable {
    /// What was being done, as in "could not *write the file*".
    package enum Step: String, Sendable, Hashable {
        case openDirectory = "open the directory"
        case makeDirectory = "make the directory"
        case lookForFile = "look for the file"
        case createFile = "create a file"
        case changeOwner = "give the file its owner, group and mode"
        case writeFile = "write the file"
        case synchronizeFile = "bring the file to the disk"
        case renameFile = "move the file into new/"
        case synchronizeDirectory = "bring the directory to the disk"
    }

    package let step: Step
    package let directory: String
    package let failure: SystemCallFailure

    init(_ step: Step, _ directory: String, _ failure: SystemCallFailure) {
        self.step = step
        self.directory = directory
        self.failure = failure
    }

    package var label: AttemptError {
        switch failure.code {
        case ENOSPC, EDQUOT: .noSpace
        case ENOENT: .directoryMissing
        case EACCES, EPERM, EROFS: .permission
        // The process's own limits, which no receiver's disk is to blame for.
        case EMFILE, ENFILE, ENOMEM: .internalTrouble
        default: .fileSystem
        }
    }
}

extension InboxError: CustomStringConvertible {
    package var description: String {
        "could not \(step.rawValue) in the inbox \(directory): \(reason) (\(failure.call))"
    }

    private var reason: String {
        switch failure.code {
        case ENOSPC: "the disk is full; free some space"
        case EDQUOT: "the disk quota is used up; free some space or raise it"
        case ENOENT: "the directory is missing; make it with its tmp, new and cur, or restart Ringback, which makes them"
        case ENOTDIR, ELOOP: "it, or its tmp, new or cur, is no directory; a symbolic link is good for the inbox itself only"
        case ESRCH where step == .changeOwner: "no such user or group is known on this machine; write one that is, or its number"
        case EACCES,
            EPERM where step == .changeOwner:
            "permission is denied; only root may give files away, and to a group of its own Ringback's user must belong"
        case EACCES, EPERM: "permission is denied; let Ringback's user write there"
        case EROFS: "the file system is read-only; mount it for writing"
        case EXDEV: "its tmp and new are on different file systems; keep them on one"
        case ENAMETOOLONG: "the file system does not take names this long; choose another directory"
        case EMFILE, ENFILE: "too many files are open; raise the limit (ulimit -n)"
        case ENOMEM: "there is no memory left"
        case EIO: "the disk reported an error; check it"
        case EEXIST: "the names tried there are all taken"
        default: "system error \(failure.code)"
        }
    }
}
