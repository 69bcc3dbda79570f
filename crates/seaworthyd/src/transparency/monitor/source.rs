//! Where a log is read from: its public address, or a folder that holds a copy. Nothing that comes from there is believed.

use std::fs::File;
use std::io::{self, Read};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::thread;
use std::time::Duration;

use seaworthy_tlog::{
    BundlePath, Entries, FULL, HASH_LENGTH, MAX_ENTRY, MAX_NOTE, Place, Tile, TileFault, TilePath, Tiles,
};

use crate::failure::Failure;
use crate::transparency::web::{Answer, Silence, Web};

/// Longest tile.
const MAX_TILE: u64 = FULL as u64 * HASH_LENGTH as u64;
/// Longest bundle.
const MAX_BUNDLE: u64 = FULL as u64 * (MAX_ENTRY as u64 + 2);
/// How long to wait before an unanswered question is asked again.
const PAUSES: [Duration; 2] = [Duration::from_millis(200), Duration::from_secs(1)];
/// How often a server may say that it is asked too much, and for how long it is left alone each time.
const BUSY: (usize, Duration) = (30, Duration::from_secs(1));

/// Why a part of a log was not read.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SourceFault {
    /// The log says that it has no such part.
    #[error("{0} is not there")]
    Missing(Place),
    /// It is longer than such a part can be.
    #[error("{0} is longer than such a part of a log can be")]
    TooLong(Place),
    /// It is no tile of this width.
    #[error(transparent)]
    Tile(#[from] TileFault),
    /// There was no answer: nothing is known.
    #[error("{0}")]
    Unreachable(String),
}

/// A log to be read.
#[derive(Debug)]
pub enum Source {
    /// By HTTP.
    Web(Web),
    /// From a folder.
    Folder(PathBuf),
}

impl Source {
    /// The log at an address, or in a folder.
    pub fn at(place: &str) -> Result<Source, Failure> {
        if place.contains("://") {
            let web = Web::at(place).map(Source::Web);
            return web
                .ok_or_else(|| Failure::usage(format!("{place}: https:// is needed; http:// is for loopback alone")));
        }
        let is_folder = Path::new(place).is_dir();
        let failure = || Failure::usage(format!("{place}: neither an address nor a folder"));
        if is_folder { Ok(Source::Folder(place.into())) } else { Err(failure()) }
    }

    /// The checkpoint as it is now.
    pub fn checkpoint(&self) -> Result<Vec<u8>, SourceFault> {
        let missing = || SourceFault::Unreachable(format!("{self}: there is no checkpoint"));
        self.read(&Place::Checkpoint, MAX_NOTE as u64)?.ok_or_else(missing)
    }

    /// A part, if the log has it.
    fn read(&self, place: &Place, most: u64) -> Result<Option<Vec<u8>>, SourceFault> {
        match self {
            Source::Web(web) => ask_again(|| ask(web, place, most)),
            Source::Folder(folder) => read_file(&folder.join(place.to_string()), place, most),
        }
    }

    /// A part, or once the log has replaced it by the full one, that; and whether it was that.
    fn read_or_full(&self, part: Place, full: Place, most: u64) -> Result<(bool, Vec<u8>), SourceFault> {
        if let Some(bytes) = self.read(&part, most)? {
            return Ok((false, bytes));
        }
        let bytes = if part == full { None } else { self.read(&full, most)? };
        bytes.map(|bytes| (true, bytes)).ok_or(SourceFault::Missing(part))
    }
}

impl std::fmt::Display for Source {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Source::Web(web) => f.write_str(web.address()),
            Source::Folder(folder) => folder.display().fmt(f),
        }
    }
}

impl Tiles for Source {
    type Error = SourceFault;

    fn hashes(&self, path: &TilePath) -> Result<Arc<Tile>, SourceFault> {
        let (is_full, bytes) = self.read_or_full(Place::Hashes(*path), Place::Hashes(path.full()), MAX_TILE)?;
        let read = if is_full { path.full() } else { *path };
        Ok(Arc::new(Tile::parse(&read, &bytes)?))
    }
}

impl Entries for Source {
    fn entries(&self, path: &BundlePath) -> Result<(BundlePath, Vec<u8>), SourceFault> {
        let (is_full, bytes) = self.read_or_full(Place::Entries(*path), Place::Entries(path.full()), MAX_BUNDLE)?;
        Ok((if is_full { path.full() } else { *path }, bytes))
    }
}

/// Asks a few times before silence counts.
fn ask_again<T>(ask: impl Fn() -> Result<T, SourceFault>) -> Result<T, SourceFault> {
    for pause in PAUSES {
        match ask() {
            Err(SourceFault::Unreachable(_)) => thread::sleep(pause),
            answered => return answered,
        }
    }
    ask()
}

fn ask(web: &Web, place: &Place, most: u64) -> Result<Option<Vec<u8>>, SourceFault> {
    let unreachable =
        |why: &dyn std::fmt::Display| SourceFault::Unreachable(format!("{}/{place}: {why}", web.address()));
    match gently(|| web.get(&place.to_string(), most)) {
        Ok(Answer { status: 200, body }) => Ok(Some(body)),
        Ok(Answer { status: 404 | 410, .. }) => Ok(None),
        Ok(Answer { status, .. }) => Err(unreachable(&format!("answered {status}"))),
        Err(Silence::TooLong(_)) => Err(SourceFault::TooLong(*place)),
        Err(silence) => Err(unreachable(&silence)),
    }
}

/// Asks again later where the server is asked too much.
fn gently(get: impl Fn() -> Result<Answer, Silence>) -> Result<Answer, Silence> {
    let (times, pause) = BUSY;
    for _ in 0..times {
        match get() {
            Ok(Answer { status: 429, .. }) => thread::sleep(pause),
            answered => return answered,
        }
    }
    get()
}

fn read_file(path: &Path, place: &Place, most: u64) -> Result<Option<Vec<u8>>, SourceFault> {
    let failed = |error: &io::Error| SourceFault::Unreachable(format!("{}: {error}", path.display()));
    let file = match File::open(path) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        opened => opened.map_err(|error| failed(&error))?,
    };
    let mut bytes = Vec::new();
    file.take(most + 1).read_to_end(&mut bytes).map_err(|error| failed(&error))?;
    if bytes.len() as u64 > most { Err(SourceFault::TooLong(*place)) } else { Ok(Some(bytes)) }
}
