import GRDB

/// The schema, as the steps that lead to it.
///
/// Steps only go forward and are numbered. A step that was released is never edited: what must change becomes a further step.
enum Migrations {
    private static let steps: [(number: Int, sql: String)] = [
        (1, schema1),
        (2, schema2),
        (3, schema3),
        (4, schema4),
        (5, schema5),
        (6, schema6),
        (7, schema7),
        (8, schema8),
        (9, schema9),
        (10, schema10),
        (11, schema11),
    ]

    /// The schema this program knows; kept in the file as `user_version`.
    static let newestVersion = steps.map(\.number).max() ?? 0

    static var migrator: DatabaseMigrator {
        var migrator = DatabaseMigrator()
        for (number, sql) in steps {
            migrator.registerMigration("\(number)") { database in
                try database.execute(sql: sql)
                try database.execute(sql: "PRAGMA user_version = \(number)")
            }
        }
        return migrator
    }

    /// Rows refer to each other by `seq`, a small number in the order of arrival: rows that are born together lie together, in the tables
    /// and in the indexes over `seq`, whereas the derived ids are spread at random.
    ///
    /// - `watches`: open ones have no `terminal_at`. Leases are by node: `nodes` says until when a node is alive, so that renewing a
    ///   hundred thousand leases is one row.
    /// - `events`: facts, kept as they were written. `watch` is there for joins, and empty when the store does not know the watch.
    /// - `deliveries`: narrow, since there are many and they change often. An event cannot go while a delivery refers to it.
    private static let schema1 = """
        CREATE TABLE nodes (
            id TEXT NOT NULL PRIMARY KEY,
            until INTEGER NOT NULL
        ) WITHOUT ROWID;

        CREATE TABLE readiness (
            id INTEGER NOT NULL PRIMARY KEY CHECK (id = 1),
            checked_at INTEGER NOT NULL
        );

        CREATE TABLE watches (
            seq INTEGER NOT NULL PRIMARY KEY,
            id TEXT NOT NULL UNIQUE,
            upstream TEXT NOT NULL,
            response_id TEXT NOT NULL,
            status INTEGER NOT NULL,
            following TEXT NOT NULL,
            sequence_number INTEGER,
            created_at INTEGER NOT NULL,
            updated_at INTEGER NOT NULL,
            terminal_at INTEGER,
            endpoints BLOB,
            callback BLOB,
            metadata BLOB,
            headers BLOB,
            max_age INTEGER,
            model TEXT,
            usage BLOB,
            last_error TEXT,
            stalled INTEGER NOT NULL DEFAULT 0,
            lease_node TEXT,
            lease_epoch INTEGER NOT NULL DEFAULT 0,
            UNIQUE (response_id, upstream),
            CHECK ((status <= 1) = (terminal_at IS NULL))
        );
        CREATE INDEX watches_list ON watches (created_at, id);
        CREATE INDEX watches_open ON watches (lease_node, created_at) WHERE terminal_at IS NULL;
        CREATE INDEX watches_ended ON watches (terminal_at) WHERE terminal_at IS NOT NULL;

        CREATE TABLE events (
            seq INTEGER NOT NULL PRIMARY KEY,
            id TEXT NOT NULL UNIQUE,
            type TEXT NOT NULL,
            created_at INTEGER NOT NULL,
            watch INTEGER REFERENCES watches (seq) ON DELETE CASCADE,
            watch_id TEXT,
            upstream TEXT,
            response_id TEXT,
            data BLOB NOT NULL
        );
        CREATE INDEX events_list ON events (created_at, id);
        CREATE INDEX events_watch ON events (watch) WHERE watch IS NOT NULL;
        CREATE INDEX events_other ON events (created_at) WHERE watch IS NULL;

        CREATE TABLE responses (
            event INTEGER NOT NULL PRIMARY KEY REFERENCES events (seq) ON DELETE CASCADE,
            body BLOB NOT NULL
        );

        CREATE TABLE deliveries (
            seq INTEGER NOT NULL PRIMARY KEY,
            id TEXT NOT NULL UNIQUE,
            event INTEGER NOT NULL REFERENCES events (seq),
            endpoint TEXT NOT NULL,
            status INTEGER NOT NULL,
            attempts INTEGER NOT NULL DEFAULT 0,
            attempts_in_all INTEGER NOT NULL DEFAULT 0,
            is_retry INTEGER NOT NULL DEFAULT 0,
            due_at INTEGER,
            lease_until INTEGER,
            lease_node TEXT,
            lease_epoch INTEGER NOT NULL DEFAULT 0,
            ended_at INTEGER,
            dead_reason TEXT,
            created_at INTEGER NOT NULL,
            updated_at INTEGER NOT NULL,
            CHECK ((status = 0) = (due_at IS NOT NULL)),
            CHECK ((status = 1) = (lease_until IS NOT NULL)),
            CHECK ((status >= 2) = (ended_at IS NOT NULL)),
            CHECK ((status = 3) = (dead_reason IS NOT NULL))
        );
        CREATE INDEX deliveries_list ON deliveries (created_at, id);
        CREATE INDEX deliveries_event ON deliveries (event);
        CREATE INDEX deliveries_due ON deliveries (endpoint, is_retry, due_at) WHERE due_at IS NOT NULL;
        CREATE INDEX deliveries_leased ON deliveries (endpoint, lease_until, is_retry) WHERE lease_until IS NOT NULL;
        CREATE INDEX deliveries_ended ON deliveries (status, ended_at) WHERE ended_at IS NOT NULL;
        CREATE INDEX deliveries_dead ON deliveries (created_at, id) WHERE dead_reason IS NOT NULL;

        CREATE TABLE attempts (
            delivery INTEGER NOT NULL REFERENCES deliveries (seq) ON DELETE CASCADE,
            number INTEGER NOT NULL,
            started_at INTEGER NOT NULL,
            outcome TEXT NOT NULL,
            http_status INTEGER,
            error TEXT,
            detail TEXT,
            retry_after INTEGER,
            headers BLOB,
            body BLOB,
            dns_us INTEGER,
            connect_us INTEGER,
            tls_us INTEGER,
            first_byte_us INTEGER,
            total_us INTEGER,
            address TEXT,
            PRIMARY KEY (delivery, number)
        ) WITHOUT ROWID;

        CREATE TABLE endpoints (
            name TEXT NOT NULL PRIMARY KEY,
            definition BLOB NOT NULL,
            created_at INTEGER NOT NULL,
            updated_at INTEGER NOT NULL
        ) WITHOUT ROWID;

        CREATE TABLE endpoint_states (
            name TEXT NOT NULL PRIMARY KEY,
            disabled_reason TEXT NOT NULL,
            updated_at INTEGER NOT NULL
        ) WITHOUT ROWID;
        """

    /// Secrets are sealed from here on: `watches.callback`, `watches.headers` and `endpoints.definition`, see ``SealedColumn``.
    ///
    /// - `sealing_keys`: the ids of the keys that values in the file may be sealed with. The empty id stands for values in the clear, which an
    ///   earlier version left: ``SealingSweep`` seals them when the store is opened.
    private static let schema2 = """
        CREATE TABLE sealing_keys (
            id BLOB NOT NULL PRIMARY KEY
        ) WITHOUT ROWID;

        INSERT INTO sealing_keys (id) SELECT x''
        WHERE EXISTS (SELECT 1 FROM watches) OR EXISTS (SELECT 1 FROM endpoints);
        """

    /// What is known about upstreams, one row per manner. `base` is a digest of the base URL it was learned at: another server has other
    /// manners.
    private static let schema3 = """
        ALTER TABLE watches ADD COLUMN created_streaming INTEGER;

        CREATE TABLE manners (
            upstream TEXT NOT NULL,
            name TEXT NOT NULL,
            base TEXT NOT NULL,
            value TEXT NOT NULL,
            since INTEGER NOT NULL,
            tried_at INTEGER NOT NULL,
            evidence TEXT NOT NULL,
            PRIMARY KEY (upstream, name)
        ) WITHOUT ROWID;
        """

    /// What the proxy has to remember.
    ///
    /// - `intents`: creates that are about to be sent; there are few at any time. `node` is who sends it. `secrets` are its callback and
    ///   headers, `body` is there only where the create may be sent again; both are sealed.
    /// - `watches.withheld`: a client has deleted the response through the proxy, which does not serve the kept one any longer.
    private static let schema4 = """
        CREATE TABLE intents (
            id TEXT NOT NULL PRIMARY KEY,
            node TEXT NOT NULL,
            upstream TEXT NOT NULL,
            created_at INTEGER NOT NULL,
            streaming INTEGER NOT NULL,
            facts BLOB NOT NULL,
            endpoints BLOB,
            secrets BLOB,
            body BLOB
        );

        ALTER TABLE watches ADD COLUMN withheld INTEGER NOT NULL DEFAULT 0;
        """

    /// What became of the response object an event ended with outlives the object itself: `response_state` is one of ``ResponseState``,
    /// and NULL where there never was one. The index serves retention: it holds the events whose response is kept.
    private static let schema6 = """
        ALTER TABLE events ADD COLUMN response_state INTEGER;
        ALTER TABLE events ADD COLUMN response_size INTEGER;
        ALTER TABLE events ADD COLUMN response_limit INTEGER;
        UPDATE events SET response_state = 0, response_size = (SELECT length(body) FROM responses WHERE event = events.seq)
        WHERE EXISTS (SELECT 1 FROM responses WHERE event = events.seq);
        CREATE INDEX events_kept ON events (created_at) WHERE response_state = 0;
        """

    /// When a watch that ended as cancelled is looked at once more; empty when that is done, and for all others.
    private static let schema7 = """
        ALTER TABLE watches ADD COLUMN look_again_at INTEGER;
        CREATE INDEX watches_second_look ON watches (look_again_at) WHERE look_again_at IS NOT NULL;
        """

    /// Requests that came with an `Idempotency-Key`; `id` is a digest of caller, request and key. The index serves the bounds: the number of
    /// keys and the size of what is kept for them are read from it alone.
    private static let schema8 = """
        CREATE TABLE idempotency_keys (
            seq INTEGER NOT NULL PRIMARY KEY,
            id TEXT NOT NULL UNIQUE,
            digest BLOB NOT NULL,
            created_at INTEGER NOT NULL,
            answer BLOB,
            bytes INTEGER NOT NULL DEFAULT 0
        );
        CREATE INDEX idempotency_keys_age ON idempotency_keys (created_at, bytes);
        """

    /// The proxy by which an attempt went, without credentials; empty when it went straight.
    private static let schema9 = """
        ALTER TABLE attempts ADD COLUMN proxy TEXT;
        """
}
