//! The tables of the ports.
//!
//! Every table that grows carries `organisation` first in its key and in its indexes, so that PostgreSQL extended by
//! Citus can distribute it (`docs/scale.md`). A table whose rows are narrow is its own key in SQLite (`WITHOUT ROWID`);
//! wide rows lie in the order in which they came.
//!
//! Instants are whole seconds since 1970. Names of states, kinds and roles stand as they are written everywhere.

/// Organisations, keys, units, policies: few.
pub(crate) const DIRECTORY: &[&str] = &[
    "CREATE TABLE organisations (id BLOB NOT NULL, name TEXT NOT NULL, created_at INTEGER NOT NULL, \
     PRIMARY KEY (id)) STRICT",
    "CREATE TABLE organisation_keys (organisation BLOB NOT NULL, place INTEGER NOT NULL, id BLOB NOT NULL, \
     key BLOB NOT NULL, successor BLOB NOT NULL, since INTEGER NOT NULL, revoked_at INTEGER, \
     PRIMARY KEY (organisation, place)) STRICT",
    "CREATE TABLE units (organisation BLOB NOT NULL, id BLOB NOT NULL, parent BLOB, name TEXT NOT NULL, \
     PRIMARY KEY (organisation, id)) STRICT",
    "CREATE TABLE policies (organisation BLOB NOT NULL, sequence INTEGER NOT NULL, digest BLOB NOT NULL, \
     policy BLOB NOT NULL, name TEXT NOT NULL, issued_at INTEGER NOT NULL, sealed BLOB NOT NULL, \
     PRIMARY KEY (organisation, sequence)) STRICT",
    // Counted, so that two of one second keep their order.
    "CREATE TABLE assignments (organisation BLOB NOT NULL, place INTEGER NOT NULL, unit BLOB NOT NULL, \
     since INTEGER NOT NULL, sequence INTEGER NOT NULL, PRIMARY KEY (organisation, place)) STRICT",
    "CREATE TABLE catalogs (organisation BLOB NOT NULL, since INTEGER NOT NULL, digest BLOB NOT NULL, \
     bytes BLOB NOT NULL, PRIMARY KEY (organisation, since, digest)) STRICT",
];

/// People and tokens. Those that are looked up by a secret alone have it as their key.
pub(crate) const PEOPLE: &[&str] = &[
    "CREATE TABLE people (organisation BLOB NOT NULL, id BLOB NOT NULL, name TEXT NOT NULL, \
     created_at INTEGER NOT NULL, disabled_at INTEGER, PRIMARY KEY (organisation, id)) STRICT",
    "CREATE TABLE grants (organisation BLOB NOT NULL, person BLOB NOT NULL, role TEXT NOT NULL, unit BLOB NOT NULL, \
     PRIMARY KEY (organisation, person, role, unit)) STRICT, WITHOUT ROWID",
    "CREATE TABLE credentials (kind TEXT NOT NULL, handle BLOB NOT NULL, organisation BLOB NOT NULL, \
     person BLOB NOT NULL, secret BLOB NOT NULL, label TEXT NOT NULL, created_at INTEGER NOT NULL, \
     PRIMARY KEY (kind, handle)) STRICT",
    "CREATE INDEX credentials_of_person ON credentials (organisation, person)",
    "CREATE TABLE invitations (secret BLOB NOT NULL, organisation BLOB NOT NULL, person BLOB, role TEXT NOT NULL, \
     unit BLOB NOT NULL, ends_at INTEGER NOT NULL, PRIMARY KEY (secret)) STRICT",
    "CREATE TABLE sessions (secret BLOB NOT NULL, organisation BLOB NOT NULL, person BLOB NOT NULL, \
     created_at INTEGER NOT NULL, ends_at INTEGER NOT NULL, PRIMARY KEY (secret)) STRICT",
    "CREATE INDEX sessions_of_person ON sessions (organisation, person)",
    "CREATE INDEX sessions_by_end ON sessions (ends_at)",
    "CREATE TABLE api_tokens (secret BLOB NOT NULL, organisation BLOB NOT NULL, id BLOB NOT NULL, name TEXT NOT NULL, \
     role TEXT NOT NULL, unit BLOB NOT NULL, ends_at INTEGER NOT NULL, created_by BLOB NOT NULL, \
     created_at INTEGER NOT NULL, PRIMARY KEY (secret)) STRICT",
    "CREATE UNIQUE INDEX api_tokens_by_id ON api_tokens (organisation, id)",
    "CREATE TABLE enrolment_tokens (organisation BLOB NOT NULL, id BLOB NOT NULL, secret BLOB NOT NULL, \
     kind TEXT NOT NULL, unit BLOB NOT NULL, holder BLOB, ends_at INTEGER NOT NULL, closed_at INTEGER, \
     created_by BLOB NOT NULL, PRIMARY KEY (organisation, id)) STRICT",
    "CREATE UNIQUE INDEX enrolment_tokens_by_secret ON enrolment_tokens (organisation, secret)",
];

/// Devices and their ledgers. `body` to `received_at` are the newest live evidence, `day` is the day of its inspection;
/// no index holds what changes with each report.
pub(crate) const DEVICES: &[&str] = &[
    "CREATE TABLE standings (organisation BLOB NOT NULL, device BLOB NOT NULL, unit BLOB NOT NULL, state TEXT NOT NULL, \
     key BLOB NOT NULL, counter INTEGER NOT NULL, message BLOB NOT NULL, answer BLOB NOT NULL, nonce BLOB NOT NULL, \
     nonce_at INTEGER NOT NULL, ledger INTEGER NOT NULL, ledger_hash BLOB NOT NULL, listed INTEGER NOT NULL, \
     body BLOB, day INTEGER, inspected_at INTEGER, received_at INTEGER, stamp BLOB, \
     PRIMARY KEY (organisation, device)) STRICT",
    "CREATE INDEX standings_of_unit ON standings (organisation, unit, state, device)",
    // Apart, so that it can be erased.
    "CREATE TABLE identities (organisation BLOB NOT NULL, device BLOB NOT NULL, name TEXT, holder TEXT, person BLOB, \
     enrolled_at INTEGER NOT NULL, replaces BLOB, PRIMARY KEY (organisation, device)) STRICT, WITHOUT ROWID",
    "CREATE INDEX identities_of_person ON identities (organisation, person, device) WHERE person IS NOT NULL",
    "CREATE TABLE entries (organisation BLOB NOT NULL, device BLOB NOT NULL, sequence INTEGER NOT NULL, \
     entry BLOB NOT NULL, PRIMARY KEY (organisation, device, sequence)) STRICT, WITHOUT ROWID",
    "CREATE TABLE set_reads (organisation BLOB NOT NULL, number INTEGER NOT NULL, at INTEGER NOT NULL, \
     who BLOB NOT NULL, why TEXT NOT NULL, fields BLOB NOT NULL, query TEXT NOT NULL, units BLOB NOT NULL, \
     PRIMARY KEY (organisation, number)) STRICT",
    "CREATE TABLE set_read_numbers (organisation BLOB NOT NULL, newest INTEGER NOT NULL, \
     PRIMARY KEY (organisation)) STRICT",
];

/// Evidence and what came of it.
pub(crate) const EVIDENCE: &[&str] = &[
    "CREATE TABLE bodies (organisation BLOB NOT NULL, digest BLOB NOT NULL, bytes BLOB NOT NULL, \
     PRIMARY KEY (organisation, digest)) STRICT",
    // Which devices ever sent a body: written when a device first does, read when one is erased.
    "CREATE TABLE body_devices (organisation BLOB NOT NULL, body BLOB NOT NULL, device BLOB NOT NULL, \
     PRIMARY KEY (organisation, body, device)) STRICT, WITHOUT ROWID",
    // Bodies of erased devices, until it is looked after whether another device has them too.
    "CREATE TABLE bodies_left (organisation BLOB NOT NULL, body BLOB NOT NULL, \
     PRIMARY KEY (organisation, body)) STRICT, WITHOUT ROWID",
    "CREATE TABLE readings (organisation BLOB NOT NULL, device BLOB NOT NULL, counter INTEGER NOT NULL, \
     message BLOB NOT NULL, received_at INTEGER NOT NULL, device_time INTEGER NOT NULL, \
     inspected_at INTEGER NOT NULL, live INTEGER NOT NULL, body BLOB NOT NULL, envelope BLOB NOT NULL, \
     PRIMARY KEY (organisation, device, counter)) STRICT",
    // With all that a list as of an instant shows, so that it need not look further.
    "CREATE INDEX readings_by_arrival ON readings (organisation, device, received_at, counter, live, inspected_at, body)",
    // An id is 16 random bytes: the same one comes again only with the same device and instant.
    "CREATE TABLE stamps (organisation BLOB NOT NULL, device BLOB NOT NULL, issued_at INTEGER NOT NULL, \
     id BLOB NOT NULL, policy BLOB NOT NULL, expires_at INTEGER NOT NULL, \
     PRIMARY KEY (organisation, device, issued_at, id)) STRICT, WITHOUT ROWID",
    "CREATE TABLE appraisals (organisation BLOB NOT NULL, policy BLOB NOT NULL, catalog BLOB NOT NULL, \
     body BLOB NOT NULL, from_at INTEGER NOT NULL, until_at INTEGER NOT NULL, bytes BLOB NOT NULL, \
     PRIMARY KEY (organisation, policy, catalog, body, from_at)) STRICT",
    "CREATE TABLE first_seen (organisation BLOB NOT NULL, offer TEXT NOT NULL, at INTEGER NOT NULL, \
     PRIMARY KEY (organisation, offer)) STRICT, WITHOUT ROWID",
];

/// Tallies (`ports/tallies.rs` tells how they hold the past). A group without a body has an empty one.
pub(crate) const TALLIES: &[&str] = &[
    "CREATE TABLE tally_now (organisation BLOB NOT NULL, unit BLOB NOT NULL, area BLOB NOT NULL, body BLOB NOT NULL, \
     day INTEGER NOT NULL, devices INTEGER NOT NULL, PRIMARY KEY (organisation, unit, area, body, day)) \
     STRICT, WITHOUT ROWID",
    "CREATE TABLE tally_hours (organisation BLOB NOT NULL, unit BLOB NOT NULL, hour INTEGER NOT NULL, \
     area BLOB NOT NULL, body BLOB NOT NULL, day INTEGER NOT NULL, devices INTEGER NOT NULL, \
     PRIMARY KEY (organisation, unit, hour, area, body, day)) STRICT, WITHOUT ROWID",
    "CREATE TABLE tally_snapshots (organisation BLOB NOT NULL, unit BLOB NOT NULL, hour INTEGER NOT NULL, \
     area BLOB NOT NULL, body BLOB NOT NULL, day INTEGER NOT NULL, devices INTEGER NOT NULL, \
     PRIMARY KEY (organisation, unit, hour, area, body, day)) STRICT, WITHOUT ROWID",
    "CREATE TABLE tally_units (organisation BLOB NOT NULL, unit BLOB NOT NULL, newest_hour INTEGER NOT NULL, \
     snapshot_hour INTEGER, shifts INTEGER NOT NULL, due_at INTEGER NOT NULL, \
     PRIMARY KEY (organisation, unit)) STRICT, WITHOUT ROWID",
    // Empty but for the time of a recount.
    "CREATE TABLE tally_paths (organisation BLOB NOT NULL, unit BLOB NOT NULL, above BLOB NOT NULL, \
     area BLOB NOT NULL, PRIMARY KEY (organisation, unit, above)) STRICT, WITHOUT ROWID",
    "CREATE TABLE tally_recount (organisation BLOB NOT NULL, unit BLOB NOT NULL, body BLOB NOT NULL, \
     day INTEGER NOT NULL, devices INTEGER NOT NULL, PRIMARY KEY (organisation, unit, body, day)) \
     STRICT, WITHOUT ROWID",
];

/// Webhooks and remembered answers.
pub(crate) const OUTBOX: &[&str] = &[
    "CREATE TABLE webhooks (organisation BLOB NOT NULL, id BLOB NOT NULL, url TEXT NOT NULL, secret BLOB NOT NULL, \
     events BLOB NOT NULL, created_at INTEGER NOT NULL, disabled_at INTEGER, PRIMARY KEY (organisation, id)) STRICT",
    "CREATE TABLE deliveries (organisation BLOB NOT NULL, id BLOB NOT NULL, webhook BLOB NOT NULL, \
     event TEXT NOT NULL, payload TEXT NOT NULL, state TEXT NOT NULL, attempts INTEGER NOT NULL, \
     next_at INTEGER NOT NULL, outcome TEXT, created_at INTEGER NOT NULL, PRIMARY KEY (organisation, id)) STRICT",
    "CREATE INDEX deliveries_by_state ON deliveries (organisation, state, created_at)",
    "CREATE INDEX deliveries_of_webhook ON deliveries (organisation, webhook)",
    "CREATE INDEX deliveries_due ON deliveries (next_at) WHERE state = 'waiting'",
    "CREATE TABLE remembered (key BLOB NOT NULL, request BLOB NOT NULL, status INTEGER NOT NULL, \
     body BLOB NOT NULL, at INTEGER NOT NULL, PRIMARY KEY (key)) STRICT",
    "CREATE INDEX remembered_by_age ON remembered (at)",
    // One row, written to find out whether anything can be.
    "CREATE TABLE ready (place INTEGER NOT NULL, checks INTEGER NOT NULL, PRIMARY KEY (place)) STRICT",
];

/// What servers beside each other need to know of each other.
pub(crate) const REPLICAS: &[&str] = &[
    // Counted up with each change of what servers hold in memory. A table of its own, because founding locks that of the
    // organisations.
    "CREATE TABLE directory_versions (organisation BLOB NOT NULL, version INTEGER NOT NULL, \
     PRIMARY KEY (organisation)) STRICT",
    "CREATE TABLE spent_marks (organisation BLOB NOT NULL, mark BLOB NOT NULL, ends_at INTEGER NOT NULL, \
     PRIMARY KEY (organisation, mark)) STRICT, WITHOUT ROWID",
    "CREATE INDEX spent_marks_by_end ON spent_marks (ends_at)",
];

/// The log, and the leaves of what it commits to.
pub(crate) const LOG: &[&str] = &[
    "ALTER TABLE readings ADD COLUMN leaf BLOB",
    "ALTER TABLE entries ADD COLUMN set_read INTEGER",
    "ALTER TABLE entries ADD COLUMN leaf BLOB",
    "ALTER TABLE set_reads ADD COLUMN leaf BLOB",
    "ALTER TABLE policies ADD COLUMN leaf BLOB",
    "ALTER TABLE assignments ADD COLUMN leaf BLOB",
    "ALTER TABLE catalogs ADD COLUMN leaf BLOB",
    "ALTER TABLE organisation_keys ADD COLUMN leaf BLOB",
    // Stamps become wide, and as their own key they would lie a handful to a page.
    "CREATE TABLE wide_stamps (organisation BLOB NOT NULL, device BLOB NOT NULL, issued_at INTEGER NOT NULL, \
     id BLOB NOT NULL, policy BLOB NOT NULL, expires_at INTEGER NOT NULL, signed BLOB, status_list INTEGER, \
     status_place INTEGER, leaf BLOB, PRIMARY KEY (organisation, device, issued_at, id)) STRICT",
    "INSERT INTO wide_stamps (organisation, device, issued_at, id, policy, expires_at) \
     SELECT organisation, device, issued_at, id, policy, expires_at FROM stamps \
     ORDER BY organisation, device, issued_at, id",
    "DROP TABLE stamps",
    "ALTER TABLE wide_stamps RENAME TO stamps",
    "CREATE TABLE logs (organisation BLOB NOT NULL, origin TEXT NOT NULL, key BLOB NOT NULL, statuses BLOB NOT NULL, \
     sealed BLOB NOT NULL, since INTEGER NOT NULL, PRIMARY KEY (organisation)) STRICT",
    "CREATE TABLE log_states (organisation BLOB NOT NULL, ordered INTEGER NOT NULL, signed_size INTEGER NOT NULL, \
     signed_note BLOB NOT NULL, published_size INTEGER NOT NULL, published_note BLOB NOT NULL, \
     PRIMARY KEY (organisation)) STRICT",
    "CREATE TABLE log_leases (organisation BLOB NOT NULL, holder BLOB NOT NULL, ends_at INTEGER NOT NULL, \
     PRIMARY KEY (organisation)) STRICT",
    // What is not in a signed tree yet; `first` once it has its place.
    "CREATE TABLE log_pool (organisation BLOB NOT NULL, batch INTEGER NOT NULL, at INTEGER NOT NULL, first INTEGER, \
     entries BLOB NOT NULL, PRIMARY KEY (organisation, batch)) STRICT",
    "CREATE INDEX log_pool_waiting ON log_pool (organisation, at, batch) WHERE first IS NULL",
    "CREATE INDEX log_pool_ordered ON log_pool (organisation, first) WHERE first IS NOT NULL",
    "CREATE TABLE log_batches (organisation BLOB NOT NULL, batch INTEGER NOT NULL, first INTEGER NOT NULL, \
     entries INTEGER NOT NULL, PRIMARY KEY (organisation, batch)) STRICT, WITHOUT ROWID",
    "CREATE UNIQUE INDEX log_batches_by_place ON log_batches (organisation, first)",
    "CREATE TABLE status_lists (organisation BLOB NOT NULL, number INTEGER NOT NULL, address TEXT NOT NULL, \
     seed BLOB NOT NULL, handed_out INTEGER NOT NULL, opened_at INTEGER NOT NULL, \
     PRIMARY KEY (organisation, number)) STRICT",
    "CREATE TABLE revocations (organisation BLOB NOT NULL, list INTEGER NOT NULL, place INTEGER NOT NULL, \
     stamp BLOB NOT NULL, device BLOB NOT NULL, reason TEXT NOT NULL, at INTEGER NOT NULL, leaf BLOB, \
     PRIMARY KEY (organisation, list, place)) STRICT, WITHOUT ROWID",
];
