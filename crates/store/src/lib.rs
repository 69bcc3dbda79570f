//! SQLite and PostgreSQL behind the ports of the service.
//!
//! SQL is written once, in SQLite's words, and runs on both through [`driver`]. [`Database`] gives transactions that are
//! tried again; [`migrations`] brings the tables up to date; [`SqlStore`] is the ports of the service over it.

mod backup;
mod database;
pub mod driver;
pub mod migrations;
mod ports;
mod schema;
pub mod tiles;

pub use backup::{backup, restore};
pub use database::{Database, FILE, Settings};
pub use ports::{SqlRecords, SqlStore};
