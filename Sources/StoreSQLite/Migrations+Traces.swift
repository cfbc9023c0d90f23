extension Migrations {
    /// Where the registration of a watch belongs in a trace, in the form of ``TraceContext/text``; NULL for nowhere. Of an intent the same, for
    /// the watch that comes of it.
    static let schema11 = """
        ALTER TABLE watches ADD COLUMN trace TEXT;
        ALTER TABLE intents ADD COLUMN trace TEXT;
        """
}
