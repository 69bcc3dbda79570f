//! `seaworthyd migrate`, `backup` and `restore`.

use std::fs;
use std::io::Write;
use std::path::Path;

use seaworthy_model::Code;
use seaworthy_store::migrations;

use crate::failure::Failure;
use crate::office::{self, unusable};
use crate::settings::{Settings, Store};

/// Brings the tables up to date without serving.
pub fn migrate(settings: &Settings, out: &mut dyn Write) -> Result<(), Failure> {
    fs::create_dir_all(&settings.data).map_err(|error| Failure::unwritable(&settings.data, &error))?;
    let database = office::database(settings)?;
    let migrated =
        migrations::migrate(&database, migrations::MIGRATIONS).map_err(|fault| unusable(settings, &fault))?;
    writeln!(out, "the tables were of version {} and are of version {}", migrated.from, migrated.to)
        .map_err(Failure::output)
}

/// Copies the embedded store, while a server may be at work on it. Private keys stay where they are.
pub fn backup(settings: &Settings, target: &Path, out: &mut dyn Write) -> Result<(), Failure> {
    embedded(settings, "pg_dump")?;
    seaworthy_store::backup(&settings.data, target).map_err(|fault| unusable(settings, &fault))?;
    let keys = settings.data.join("keys");
    writeln!(
        out,
        "the store was copied to {} and proved\nthe private keys in {} are not part of it: keep them apart, encrypted",
        target.display(),
        keys.display()
    )
    .map_err(Failure::output)
}

/// Puts a copy in place of the embedded store. No server may be at work on it.
pub fn restore(settings: &Settings, copy: &Path, out: &mut dyn Write) -> Result<(), Failure> {
    embedded(settings, "pg_restore")?;
    fs::create_dir_all(&settings.data).map_err(|error| Failure::unwritable(&settings.data, &error))?;
    seaworthy_store::restore(copy, &settings.data).map_err(|fault| unusable(settings, &fault))?;
    writeln!(out, "the store is that of {}; what was there is kept beside it as seaworthy.db.before", copy.display())
        .map_err(Failure::output)
}

fn embedded(settings: &Settings, tool: &str) -> Result<(), Failure> {
    match settings.store {
        Store::Sqlite => Ok(()),
        Store::Postgres(_) => {
            let hint = format!("use {tool}; docs/operate.md shows how");
            Err(Failure::new(Code::UsageError, "this command is for the embedded store").hinting(hint))
        }
    }
}
