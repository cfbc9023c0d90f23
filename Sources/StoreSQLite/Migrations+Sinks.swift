extension Migrations {
    /// - `sink_records`: what was made in other systems for a response; goes with its watch. `steps` and `captured` are JSON.
    /// - `attempts`: what a success proves, what a repeat does, and whether the outcome is unknown; NULL for webhooks and inboxes.
    static let schema10 = """
        CREATE TABLE sink_records (
            endpoint TEXT NOT NULL,
            watch INTEGER NOT NULL REFERENCES watches (seq) ON DELETE CASCADE,
            event TEXT NOT NULL,
            steps BLOB,
            captured BLOB NOT NULL,
            updated_at INTEGER NOT NULL,
            PRIMARY KEY (watch, endpoint)
        ) WITHOUT ROWID;

        ALTER TABLE attempts ADD COLUMN proof TEXT;
        ALTER TABLE attempts ADD COLUMN protection TEXT;
        ALTER TABLE attempts ADD COLUMN ambiguous INTEGER;
        """
}
