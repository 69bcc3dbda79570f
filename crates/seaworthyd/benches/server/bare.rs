//! What the store does with bare inserts of the same bytes: a row for each report with its envelope, and a row for each
//! device, in transactions of as many reports as the server had in one.

use std::time::Instant;

use seaworthy_store::Database;
use seaworthy_store::driver::{Insert, Value};

/// Reports a second.
pub fn rows_per_second(database: &Database, bytes: usize, batch: usize, seconds: f64) -> f64 {
    database
        .write(|connection| {
            connection.execute("CREATE TABLE bare (number BLOB NOT NULL PRIMARY KEY, bytes BLOB NOT NULL) STRICT", &[])
        })
        .unwrap();
    let insert = Insert::new("INSERT INTO bare (number, bytes)", 2, "ON CONFLICT DO NOTHING");
    let (began, mut done) = (Instant::now(), 0_u64);
    while began.elapsed().as_secs_f64() < seconds {
        let first = done;
        let rows: Vec<Vec<Value>> = (0..batch as u64)
            .map(|row| {
                let key = seaworthy_protocol::Digest::of(&(first + row).to_le_bytes());
                vec![Value::from(key.as_bytes().to_vec()), Value::from(vec![7_u8; bytes])]
            })
            .collect();
        let values: Vec<Value> = rows.into_iter().flatten().collect();
        database.write(|connection| insert.rows(connection, &values)).unwrap();
        done += batch as u64;
    }
    done as f64 / began.elapsed().as_secs_f64()
}
