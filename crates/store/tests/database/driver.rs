//! Values, rows, statements and transactions.

use std::thread;

use proptest::collection::vec;
use proptest::option;
use proptest::prelude::*;
use proptest::test_runner::{Config, TestRunner};
use seaworthy_store::Database;
use seaworthy_store::driver::{Backend, Fault, Insert, Value};

use crate::on_both;

const TABLE: &str =
    "CREATE TABLE kept (id INTEGER PRIMARY KEY, number INTEGER, words TEXT, bytes BLOB) STRICT, WITHOUT ROWID";
const PUT: &str = "INSERT INTO kept (id, number, words, bytes) VALUES (?1, ?2, ?3, ?4)";

fn execute(database: &Database, sql: &str, values: &[Value]) -> Result<u64, Fault> {
    database.write(|connection| connection.execute(sql, values))
}

fn count(database: &Database) -> i64 {
    database.read(|connection| connection.first("SELECT COUNT(*) FROM kept", &[])?.unwrap().integer(0)).unwrap()
}

#[test]
fn values_come_back_as_they_went_in() {
    on_both(|database| {
        execute(database, TABLE, &[]).unwrap();
        let large = vec![0xA5_u8; 10 << 20];
        let rows: [[Value; 4]; 5] = [
            [1_i64.into(), i64::MIN.into(), "".into(), Vec::new().into()],
            [2_i64.into(), i64::MAX.into(), "Zoë 船 𓂀 'quoted' \\ ?1 $1\r\n".into(), [0_u8, 255, 39].into()],
            [3_i64.into(), None::<i64>.into(), None::<String>.into(), None::<Vec<u8>>.into()],
            [4_i64.into(), true.into(), "x".repeat(1 << 20).into(), large.into()],
            [5_i64.into(), u32::MAX.into(), "a".into(), (&[1_u8, 2]).into()],
        ];
        for row in &rows {
            assert_eq!(execute(database, PUT, row), Ok(1));
        }
        let sql = "SELECT id, number, words, bytes FROM kept ORDER BY id";
        let read = database.read(|connection| connection.query(sql, &[])).unwrap();
        assert_eq!(read.len(), rows.len());
        for (found, put) in read.iter().zip(&rows) {
            for (column, value) in put.iter().enumerate() {
                assert!(found.value(column).unwrap() == value, "row {:?}, column {column}", put[0]);
            }
        }
    });
}

#[test]
fn any_values_come_back() {
    on_both(|database| {
        execute(database, TABLE, &[]).unwrap();
        let mut runner = TestRunner::new(Config { cases: 64, failure_persistence: None, ..Config::default() });
        let row = (option::of(any::<i64>()), option::of("[^\0]{0,40}"), option::of(vec(any::<u8>(), 0..64)));
        let run = runner.run(&row, |(number, words, bytes)| {
            let sql = "SELECT number, words, bytes FROM kept";
            let read = database.write(|connection| {
                connection.execute("DELETE FROM kept", &[])?;
                let put = [1_i64.into(), number.into(), words.clone().into(), bytes.clone().into()];
                connection.execute(PUT, &put)?;
                Ok(connection.first(sql, &[])?.unwrap())
            });
            let read = read.unwrap();
            prop_assert_eq!(read.optional_integer(0).unwrap(), number);
            prop_assert_eq!(read.optional_text(1).unwrap(), words.as_deref());
            prop_assert_eq!(read.optional_blob(2).unwrap(), bytes.as_deref());
            Ok(())
        });
        run.unwrap();
    });
}

#[test]
fn one_wording_means_the_same_on_both() {
    on_both(|database| {
        execute(database, TABLE, &[]).unwrap();
        for (id, words) in ["b", "a", "B", "é", "a b", "_"].into_iter().enumerate() {
            let values = [u32::try_from(id).unwrap().into(), 10_i64.into(), words.into(), Value::Null];
            execute(database, PUT, &values).unwrap();
        }
        let ask = |sql: &str, values: &[Value]| -> Vec<Value> {
            let rows = database.read(|connection| connection.query(sql, values)).unwrap();
            rows.iter().map(|row| row.value(0).unwrap().clone()).collect()
        };
        let texts = |list: [&str; 6]| list.map(Value::from).to_vec();
        assert_eq!(ask("SELECT words FROM kept ORDER BY words", &[]), texts(["B", "_", "a", "a b", "b", "é"]));
        assert_eq!(ask("SELECT CAST(SUM(number) AS INTEGER) FROM kept", &[]), [60_i64.into()]);
        assert_eq!(ask("SELECT EXISTS (SELECT 1 FROM kept WHERE id = ?1)", &[9_i64.into()]), [false.into()]);
        assert_eq!(ask("SELECT '?1' || words FROM kept WHERE id = ?1", &[1_i64.into()]), ["?1a".into()]);
        assert_eq!(
            ask("SELECT id FROM kept WHERE number > ?1 + 1 ORDER BY id LIMIT ?2", &[1_i64.into(), 2_i64.into()]),
            [0_i64.into(), 1_i64.into()]
        );
        assert_eq!(
            ask("SELECT COUNT(*) FROM kept WHERE ?1 = words OR bytes = ?2", &["a".into(), Value::Null]),
            [1_i64.into()]
        );
    });
}

#[test]
fn what_cannot_be_kept_is_refused() {
    on_both(|database| {
        execute(database, TABLE, &[]).unwrap();
        let nul = [1_i64.into(), Value::Null, "a\0b".into(), Value::Null];
        assert!(execute(database, PUT, &nul).unwrap_err().to_string().contains("NUL"));
        let wrong = [1_i64.into(), "ten".into(), Value::Null, Value::Null];
        assert!(matches!(execute(database, PUT, &wrong), Err(Fault::Other(_))));
        assert!(matches!(execute(database, "SELECT nothing FROM nowhere", &[]), Err(Fault::Other(_))));
        let write = database.read(|connection| connection.execute("DELETE FROM kept", &[]));
        assert!(matches!(write, Err(Fault::ReadOnly(_))), "{write:?}");
        assert_eq!(count(database), 0);
    });
}

#[test]
fn a_transaction_is_kept_whole_or_not_at_all() {
    on_both(|database| {
        execute(database, TABLE, &[]).unwrap();
        let row = |id: i64| [id.into(), Value::Null, Value::Null, Value::Null];
        let refused: Result<(), Fault> = database.write(|connection| {
            connection.execute(PUT, &row(1))?;
            Err(Fault::Other("changed my mind".to_owned()))
        });
        assert_eq!(refused, Err(Fault::Other("changed my mind".to_owned())));
        // A statement that failed spoils the transaction, even if nobody looks.
        let careless = database.write(|connection| {
            connection.execute(PUT, &row(1))?;
            let _ = connection.execute(PUT, &row(1));
            Ok(())
        });
        assert!(matches!(careless, Err(Fault::Duplicate(_))), "{careless:?}");
        assert_eq!(count(database), 0);
        let panicked = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| {
            database.write(|connection| -> Result<(), Fault> {
                connection.execute(PUT, &row(2))?;
                panic!("as planned");
            })
        }));
        assert!(panicked.is_err());
        assert_eq!(execute(database, PUT, &row(3)), Ok(1));
        assert_eq!(count(database), 1);
    });
}

#[test]
fn writers_that_meet_wait_for_each_other() {
    on_both(|database| {
        execute(database, TABLE, &[]).unwrap();
        execute(database, PUT, &[1_i64.into(), 0_i64.into(), Value::Null, Value::Null]).unwrap();
        let lock = if database.backend() == Backend::Postgres { " FOR UPDATE" } else { "" };
        let read = format!("SELECT number FROM kept WHERE id = 1{lock}");
        let increment = || {
            database.write(|connection| {
                let row = connection.first(&read, &[])?.unwrap();
                connection.execute("UPDATE kept SET number = ?1 WHERE id = 1", &[(row.integer(0)? + 1).into()])
            })
        };
        thread::scope(|scope| {
            let writers: Vec<_> =
                (0..4).map(|_| scope.spawn(|| (0..10).try_for_each(|_| increment().map(drop)))).collect();
            for writer in writers {
                writer.join().unwrap().unwrap();
            }
        });
        let sum = database.read(|connection| connection.first("SELECT number FROM kept", &[])?.unwrap().integer(0));
        assert_eq!(sum, Ok(40));
    });
}

#[test]
fn many_rows_go_in_few_statements() {
    on_both(|database| {
        execute(database, TABLE, &[]).unwrap();
        let insert = Insert::new("INSERT INTO kept (id, number, words, bytes)", 4, "ON CONFLICT DO NOTHING");
        let rows: Vec<Value> =
            (0..20_001_u32).flat_map(|id| [id.into(), 7_i64.into(), "w".into(), [id as u8].into()]).collect();
        assert_eq!(database.write(|connection| insert.rows(connection, &rows)), Ok(20_001));
        assert_eq!(database.write(|connection| insert.rows(connection, &rows[..400])), Ok(0));
        assert_eq!(count(database), 20_001);
        let uneven = database.write(|connection| insert.rows(connection, &rows[..3]));
        assert!(matches!(uneven, Err(Fault::Other(_))));
    });
}

#[test]
fn more_statements_than_are_kept_prepared() {
    on_both(|database| {
        for round in 0..2_i64 {
            let sums = database.read(|connection| {
                (0..600_i64).try_fold(0, |sum, number| {
                    let sql = format!("SELECT {number} + CAST(?1 AS INTEGER)");
                    Ok(sum + connection.first(&sql, &[round.into()])?.unwrap().integer(0)?)
                })
            });
            assert_eq!(sums, Ok(179_700 + 600 * round));
        }
    });
}

#[test]
fn a_table_that_another_server_changed() {
    on_both(|database| {
        execute(database, TABLE, &[]).unwrap();
        execute(database, PUT, &[1_i64.into(), 2_i64.into(), Value::Null, Value::Null]).unwrap();
        let columns = || {
            let rows = database.read(|connection| connection.query("SELECT * FROM kept", &[])).unwrap();
            rows[0].value(4).is_ok()
        };
        assert!(!columns());
        execute(database, "ALTER TABLE kept ADD COLUMN later TEXT", &[]).unwrap();
        assert!(columns());
    });
}
