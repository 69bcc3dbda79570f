//! SQLite and PostgreSQL behind the ports of the service.
//!
//! SQL is written once, in SQLite's words, and runs on both through [`driver`]. [`Database`] gives transactions that are
//! tried again; [`migrations`] brings the tables up to date.

mod backup;
mod database;
pub mod driver;
pub mod migrations;

pub use backup::{backup, restore};
pub use database::{Database, FILE, Settings};
