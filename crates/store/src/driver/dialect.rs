//! One wording for both databases: what is written for SQLite becomes PostgreSQL's.
//!
//! | written | PostgreSQL |
//! | --- | --- |
//! | `?1` | `$1` |
//! | `INTEGER` | `BIGINT` |
//! | `BLOB` | `BYTEA` |
//! | `TEXT` in `CREATE TABLE`, `ALTER TABLE` | `TEXT COLLATE "C"`: sorted by bytes, as SQLite does |
//! | `CREATE TABLE … ) STRICT, WITHOUT ROWID` | what follows the last parenthesis is left out |
//!
//! Keywords are upper case. What stands in quotes is left alone. A `?` without a number, a blob literal (`x'00'`), a
//! comment and an open quote are refused.

use super::Fault;

/// Turns a statement into PostgreSQL's words.
pub fn postgres(sql: &str) -> Result<String, Fault> {
    let refused = |why: &str| Fault::Other(format!("{why}: {sql}"));
    let makes_table = sql.trim_start().starts_with("CREATE TABLE");
    let shapes_table = makes_table || sql.trim_start().starts_with("ALTER TABLE");
    let mut out = String::with_capacity(sql.len() + 16);
    let mut rest = sql;
    while let Some(first) = rest.chars().next() {
        let (piece, after) = piece(rest, first).ok_or_else(|| refused("an open quote"))?;
        match first {
            '?' if piece.len() == 1 => return Err(refused("a placeholder without a number")),
            '?' => out.push_str(&piece.replacen('?', "$", 1)),
            '\'' if ends_with_x(&out) => return Err(refused("a blob literal; use a placeholder")),
            '-' | '/' if after.starts_with(['-', '*']) => return Err(refused("a comment")),
            _ => out.push_str(word(piece, shapes_table)),
        }
        rest = after;
    }
    if makes_table && let Some(end) = out.rfind(')') {
        out.truncate(end + 1);
    }
    Ok(out)
}

/// The first piece and what follows it: a quoted text, a placeholder, a word, or one character. None: an open quote.
fn piece(rest: &str, first: char) -> Option<(&str, &str)> {
    let length = first.len_utf8();
    let tail = rest.get(length..).unwrap_or_default();
    let end = match first {
        '\'' | '"' => length + tail.find(first)? + 1,
        '?' => length + tail.find(|c: char| !c.is_ascii_digit()).unwrap_or(tail.len()),
        c if is_word(c) => rest.find(|c| !is_word(c)).unwrap_or(rest.len()),
        _ => length,
    };
    rest.split_at_checked(end)
}

fn is_word(c: char) -> bool {
    c.is_alphanumeric() || c == '_'
}

/// Whether the last word is the `x` of a blob literal.
fn ends_with_x(out: &str) -> bool {
    let word = out.rsplit(|c| !is_word(c)).next().unwrap_or_default();
    word.eq_ignore_ascii_case("x")
}

fn word(piece: &str, shapes_table: bool) -> &str {
    match piece {
        "INTEGER" => "BIGINT",
        "BLOB" => "BYTEA",
        "TEXT" if shapes_table => "TEXT COLLATE \"C\"",
        other => other,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn statements_become_postgresqls() {
        for (written, expected) in [
            ("SELECT a FROM t WHERE b = ?1 AND c = ?12", "SELECT a FROM t WHERE b = $1 AND c = $12"),
            ("SELECT '?1 it''s ?2', \"?3\" FROM t", "SELECT '?1 it''s ?2', \"?3\" FROM t"),
            ("SELECT CAST(SUM(a) AS INTEGER), 'INTEGER'", "SELECT CAST(SUM(a) AS BIGINT), 'INTEGER'"),
            ("SELECT CAST(a AS TEXT), ü - 1 / 2", "SELECT CAST(a AS TEXT), ü - 1 / 2"),
            (
                "CREATE TABLE t (a INTEGER, b TEXT NOT NULL, c BLOB, PRIMARY KEY (a)) STRICT, WITHOUT ROWID",
                "CREATE TABLE t (a BIGINT, b TEXT COLLATE \"C\" NOT NULL, c BYTEA, PRIMARY KEY (a))",
            ),
            ("CREATE INDEX i ON t (a) WHERE b = 1", "CREATE INDEX i ON t (a) WHERE b = 1"),
            ("ALTER TABLE t ADD COLUMN d TEXT", "ALTER TABLE t ADD COLUMN d TEXT COLLATE \"C\""),
        ] {
            assert_eq!(postgres(written).as_deref(), Ok(expected));
        }
    }

    #[test]
    fn what_differs_between_the_two_is_refused() {
        for (written, why) in [
            ("SELECT ?", "a placeholder without a number"),
            ("SELECT 'open", "an open quote"),
            ("SELECT x'00'", "a blob literal; use a placeholder"),
            ("SELECT 1 -- it's", "a comment"),
            ("SELECT 1 /* ? */", "a comment"),
        ] {
            assert_eq!(postgres(written), Err(Fault::Other(format!("{why}: {written}"))));
        }
    }
}
