import ArgumentParser
import Foundation
import RingbackCore
import Sealing
import Settings
import Store
import StoreSQLite

struct BackupCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "backup",
        abstract: "Copies the store into a file, beside a running server.",
        discussion: """
            The copy is what was in the store at one moment, it is checked, and it is on disk when the command ends. The server goes on
            working meanwhile. Secrets in it are sealed: whoever restores it needs the key too, which is not in it.
            """
    )

    @Argument(help: "The file to make.", completion: .file())
    var file: String

    @Option(help: ArgumentHelp("The configuration file; without it the one that `ringback serve` finds.", valueName: "file"))
    var config: String?

    @Flag(help: "Replace the file when it is there.")
    var force = false

    func run() async throws {
        let settings = try ConfiguredSettings(file: config).settings
        let path = try settings.storePath()
        let copy = StoreCopy(of: path, to: file)
        do {
            let expected = try copy.expectedSize()
            let progress = Task { await Self.tellProgress(of: copy, expected: expected) }
            let force = force
            let result: Result<Int, any Error>
            do {
                result = .success(try await onItsOwnThread { () throws(StoreError) in try copy.run(replacing: force) })
            } catch {
                result = .failure(error)
            }
            // Its line is gone before anything else is said.
            progress.cancel()
            await progress.value
            let bytes = try result.get()
            Terminal.note("\(file): \(Self.size(bytes)), checked and on disk.")
            let key = settings.masterKey == nil ? "the key file \(path).key" : "the configuration's master_key"
            Terminal.note("Its secrets are sealed. To restore it elsewhere you need \(key) too: keep a copy, but not beside this file.")
        } catch {
            throw CommandFailure("no backup was made: \(error)")
        }
    }

    /// Until the task is cancelled, when the copy is done.
    private static func tellProgress(of copy: StoreCopy, expected: Int) async {
        let time = SystemTime()
        var line = ProgressLine(time: time)
        while (try? await time.sleep(until: time.now + ProgressText.liveInterval)) != nil {
            let elapsed = line.elapsed
            line.show("\(size(copy.written)) of about \(size(expected)) copied… \(elapsed.clockText)")
        }
        line.clear()
    }

    static func size(_ bytes: Int) -> String {
        bytes < 1 << 20 ? "\((bytes + 1023) >> 10) KiB" : "\(bytes >> 20).\((bytes % (1 << 20)) * 10 >> 20) MiB"
    }
}

struct RestoreCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "restore",
        abstract: "Puts a backup in the place of the store.",
        discussion: """
            The server has to be stopped. The backup is checked first: its pages, its references, its schema, and that the configured key
            (master_key, or the key file beside the store) opens its secrets. Run it as the user that runs the server.
            """
    )

    @Argument(help: "The backup.", completion: .file())
    var file: String

    @Option(help: ArgumentHelp("The configuration file; without it the one that `ringback serve` finds.", valueName: "file"))
    var config: String?

    @Flag(help: "Put a store that is there aside; it is kept under another name.")
    var force = false

    func run() async throws {
        let settings = try ConfiguredSettings(file: config).settings
        let path = try settings.storePath()
        let keys = SealingKeys(master: settings.masterKey, previous: settings.previousMasterKeys, besideStore: path)
        let restoring = StoreRestoring(backup: file, to: path, keys: keys, now: SystemTime().wallNow)
        do {
            let force = force
            let outcome = try await onItsOwnThread { () throws(StoreError) in try restoring.run(replacing: force) }
            Terminal.note("\(file) is in place as \(path) (\(BackupCommand.size(outcome.bytes))).")
            if let kept = outcome.keptAs { Terminal.note("What was there is kept as \(kept).") }
            Terminal.note(
                "After the start, what was open then is followed again, and what was pending then is delivered: callbacks that went out since "
                    + "the backup may come again, with the same webhook-id.")
        } catch {
            throw CommandFailure("nothing was restored: \(error)")
        }
    }
}

extension Settings {
    /// - Throws: ``CommandFailure`` where the store is no file.
    fileprivate func storePath() throws(CommandFailure) -> String {
        guard case .sqlite(let path) = store else {
            throw CommandFailure("only a store in SQLite is copied by Ringback: use pg_dump for one in PostgreSQL")
        }
        return path
    }
}
