//! Copies of the embedded database, taken while it is in use. For PostgreSQL `pg_dump` is the tool.

use std::fs::{self, File, OpenOptions};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};
use std::time::Duration;

use rusqlite::backup::{Backup, StepResult};
use rusqlite::{Connection, OpenFlags};

use crate::database::FILE;
use crate::driver::{Fault, FolderLock};

/// Pages that are copied at once, 4 MiB; between them a writer gets its turn at the disk.
const PAGES: i32 = 1024;
const BREATH: Duration = Duration::from_millis(2);

/// Copies the database of a data folder as it stands at this instant, proves the copy, and gives it its name last. A
/// server may be at work on the folder. A file that is already there is refused.
pub fn backup(folder: &Path, target: &Path) -> Result<(), Fault> {
    let source = Connection::open_with_flags(folder.join(FILE), OpenFlags::SQLITE_OPEN_READ_WRITE)?;
    // One snapshot, held to the end: else each commit of the server would begin the copy anew.
    source.execute_batch("BEGIN")?;
    source.query_row("SELECT COUNT(*) FROM sqlite_schema", [], |_| Ok(()))?;
    copy(&source, target)
}

/// Puts a copy in place of the database of a folder in which no server runs. What was there is kept as
/// `seaworthy.db.before`.
pub fn restore(copy_of_it: &Path, folder: &Path) -> Result<(), Fault> {
    let _lock = FolderLock::take(folder)?;
    let source = Connection::open_with_flags(copy_of_it, OpenFlags::SQLITE_OPEN_READ_ONLY)?;
    prove(&source)?;
    let place = folder.join(FILE);
    if fs::exists(&place).unwrap_or(false) {
        fold(&place)?;
        fs::rename(&place, folder.join(format!("{FILE}.before"))).map_err(|error| wrong(&place, &error))?;
    }
    copy(&source, &place)
}

/// Brings the write-ahead log into the file itself, so that the file alone is all of it.
fn fold(place: &Path) -> Result<(), Fault> {
    let database = Connection::open(place)?;
    database.query_row("PRAGMA journal_mode = DELETE", [], |_| Ok(()))?;
    Ok(())
}

fn copy(source: &Connection, target: &Path) -> Result<(), Fault> {
    if fs::exists(target).unwrap_or(true) {
        return Err(Fault::Other(format!("{}: there is a file already", target.display())));
    }
    let draft = draft(target);
    let done = write(source, &draft).and_then(|()| name(&draft, target));
    if done.is_err() {
        // The fault that matters is the one above.
        let _ = fs::remove_file(&draft);
    }
    done
}

fn draft(target: &Path) -> PathBuf {
    let mut name = target.as_os_str().to_owned();
    name.push(format!(".{}", std::process::id()));
    PathBuf::from(name)
}

fn write(source: &Connection, draft: &Path) -> Result<(), Fault> {
    let made = OpenOptions::new().write(true).create_new(true).mode(0o600).open(draft);
    made.map_err(|error| wrong(draft, &error))?;
    let mut target = Connection::open_with_flags(draft, OpenFlags::SQLITE_OPEN_READ_WRITE)?;
    let steps = Backup::new(source, &mut target)?;
    while steps.step(PAGES)? != StepResult::Done {
        std::thread::sleep(BREATH);
    }
    drop(steps);
    // Without a write-ahead log the copy is one file.
    target.query_row("PRAGMA journal_mode = DELETE", [], |_| Ok(()))?;
    prove(&target)
}

fn prove(database: &Connection) -> Result<(), Fault> {
    let said: String = database.query_row("PRAGMA integrity_check(1)", [], |row| row.get(0))?;
    if said == "ok" { Ok(()) } else { Err(Fault::Corrupt(said)) }
}

fn name(draft: &Path, target: &Path) -> Result<(), Fault> {
    let synced = File::open(draft).and_then(|file| file.sync_all());
    let named = synced.and_then(|()| fs::rename(draft, target));
    let folder = target.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    named.and_then(|()| File::open(folder)?.sync_all()).map_err(|error| wrong(target, &error))
}

fn wrong(path: &Path, error: &std::io::Error) -> Fault {
    let text = format!("{}: {error}", path.display());
    if error.kind() == std::io::ErrorKind::StorageFull { Fault::Full(text) } else { Fault::Other(text) }
}
