extension Migrations {
    /// `breakers`: how endpoints do, of whatever origin; written when that changes, not per attempt. `open_until` is empty while closed.
    static let schema5 = """
        CREATE TABLE breakers (
            name TEXT NOT NULL PRIMARY KEY,
            open_until INTEGER,
            since INTEGER,
            waits INTEGER NOT NULL DEFAULT 0,
            failing_since INTEGER,
            failures INTEGER NOT NULL DEFAULT 0,
            recovery_owed_since INTEGER,
            reset_at INTEGER,
            version INTEGER NOT NULL DEFAULT 0,
            updated_at INTEGER NOT NULL
        ) WITHOUT ROWID;
        """
}
