"""The tables of the store of runs, as the migrations that make them.

Knows nothing of what the rows mean to training. A column of `runs` is added by a migration here
and a field of `RunRow` in `rows.py`, which says how it is kept.
"""

from core.storage.database import Schema
from core.storage.rows import COLUMNS

_MIGRATIONS = (
    """
    CREATE TABLE configurations (
        id INTEGER PRIMARY KEY,
        json TEXT NOT NULL UNIQUE
    );
    CREATE TABLE runs (
        id TEXT PRIMARY KEY,
        name TEXT NOT NULL,
        created REAL NOT NULL,
        updated REAL NOT NULL,
        status TEXT NOT NULL,
        message TEXT NOT NULL DEFAULT '',
        owner TEXT,
        source TEXT NOT NULL,
        configuration INTEGER NOT NULL REFERENCES configurations (id),
        sweep TEXT,
        planned TEXT NOT NULL DEFAULT '[]',
        given_weights INTEGER NOT NULL DEFAULT 0,
        text_title TEXT NOT NULL DEFAULT '',
        text_sha256 TEXT NOT NULL DEFAULT '',
        text_length INTEGER NOT NULL DEFAULT 0,
        floors TEXT NOT NULL DEFAULT '{}',
        device TEXT NOT NULL DEFAULT '',
        device_reason TEXT NOT NULL DEFAULT '',
        step INTEGER NOT NULL DEFAULT 0,
        characters_seen INTEGER NOT NULL DEFAULT 0,
        seconds REAL NOT NULL DEFAULT 0,
        best_validation REAL,
        last_validation REAL,
        diagnosis TEXT NOT NULL DEFAULT '',
        starred INTEGER NOT NULL DEFAULT 0,
        tags TEXT NOT NULL DEFAULT '',
        note TEXT NOT NULL DEFAULT '',
        deleted REAL
    );
    CREATE INDEX runs_by_time ON runs (created);
    CREATE TABLE metrics (
        run TEXT NOT NULL REFERENCES runs (id) ON DELETE CASCADE,
        block INTEGER NOT NULL,
        rows INTEGER NOT NULL,
        data BLOB NOT NULL,
        PRIMARY KEY (run, block)
    );
    CREATE TABLE reports (
        run TEXT NOT NULL REFERENCES runs (id) ON DELETE CASCADE,
        step INTEGER NOT NULL,
        characters_seen INTEGER NOT NULL,
        seconds REAL NOT NULL,
        train_loss_nats REAL,
        validation_loss_nats REAL,
        sample TEXT NOT NULL,
        PRIMARY KEY (run, step)
    );
    CREATE TABLE events (
        run TEXT NOT NULL REFERENCES runs (id) ON DELETE CASCADE,
        number INTEGER NOT NULL,
        step INTEGER NOT NULL,
        kind TEXT NOT NULL,
        value REAL,
        text TEXT NOT NULL,
        PRIMARY KEY (run, number)
    );
    CREATE TABLE probes (
        run TEXT NOT NULL REFERENCES runs (id) ON DELETE CASCADE,
        kind TEXT NOT NULL,
        step INTEGER NOT NULL,
        payload TEXT NOT NULL,
        PRIMARY KEY (run, kind, step)
    );
    CREATE TABLE findings (
        run TEXT NOT NULL REFERENCES runs (id) ON DELETE CASCADE,
        kind TEXT NOT NULL,
        step INTEGER NOT NULL,
        payload TEXT NOT NULL,
        PRIMARY KEY (run, kind)
    );
    """,
    """
    DROP TABLE findings; -- nobody read them: a page finds them again in the records
    UPDATE probes SET kind = 'flow' WHERE kind = 'ProbeRecord'; -- was the name of a class
    """,
    """
    UPDATE runs SET floors = '{}'; -- were the whole text's entropies, which no loss compares with
    """,
    """
    ALTER TABLE runs ADD COLUMN engine TEXT NOT NULL DEFAULT '';
    ALTER TABLE runs ADD COLUMN engine_reason TEXT NOT NULL DEFAULT '';
    UPDATE runs SET engine = 'torch' WHERE device != ''; -- there was no other one
    """,
    """
    ALTER TABLE runs ADD COLUMN browser TEXT; -- what was trained before is nobody's
    CREATE INDEX runs_by_browser ON runs (browser);
    """,
)
RUNS = Schema(
    title="The store of runs",
    migrations=_MIGRATIONS,
    application_id=0x556E726C,  # "Unrl"
    remedy="check the disk and the folder's permissions. What was recorded is kept.",
    must_read=(
        "SELECT count(*), sum(step), max(updated) FROM runs",
        # Every column that is asked for later: a wrong byte may have given one another name.
        f"SELECT configuration, {', '.join(name for name in COLUMNS if name != 'settings')} "
        "FROM runs LIMIT 1",
        "SELECT id, json FROM configurations LIMIT 1",
        "SELECT run, block, rows, data FROM metrics LIMIT 1",
        "SELECT run, step, characters_seen, seconds, train_loss_nats, validation_loss_nats, sample "
        "FROM reports LIMIT 1",
        "SELECT run, number, step, kind, value, text FROM events LIMIT 1",
        "SELECT run, kind, step, payload FROM probes LIMIT 1",
    ),
)
