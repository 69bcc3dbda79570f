//! Tiles in a folder, each log in one of its own, which a web server can serve as it is.
//!
//! Every file is written under another name, synced, and renamed; then the folders on the way to it are synced. What is
//! synced at the same time shares the disk's work, so all of a call's files are synced at once. One writer works on a log
//! at a time: it holds the lock of its folder, and whatever lies among the drafts then is what a dead one left.

use std::collections::BTreeSet;
use std::fs::{self, DirBuilder, File, OpenOptions};
use std::io::{self, Write};
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
use std::path::{Path, PathBuf};
use std::slice;

use rustix::fs::{FlockOperation, flock};
use seaworthy_service::Id;
use seaworthy_service::ports::{Fault, TileStore};
use seaworthy_tlog::Place;

use super::at_once::at_once;
use super::{never_smaller, partials};

/// The folder of a log in which files are before they have their names.
const DRAFTS: &str = ".drafts";
/// The file that the one writer has locked.
const LOCK: &str = ".lock";

/// Tiles in a folder.
#[derive(Clone, Debug)]
pub struct FolderTiles {
    root: PathBuf,
}

impl FolderTiles {
    /// The tiles in a folder, which is made when something is first written.
    pub fn new(root: &Path) -> FolderTiles {
        FolderTiles { root: root.to_owned() }
    }

    /// The folder of an organisation's log.
    pub fn folder(&self, organisation: Id) -> PathBuf {
        self.root.join(organisation.to_string())
    }

    fn path(&self, organisation: Id, place: &Place) -> PathBuf {
        self.folder(organisation).join(place.to_string())
    }
}

impl TileStore for FolderTiles {
    fn read(&self, organisation: Id, place: &Place) -> Result<Option<Vec<u8>>, Fault> {
        let path = self.path(organisation, place);
        read(&path).map_err(|error| told(&path, &error))
    }

    fn write(&self, organisation: Id, files: &[(Place, Vec<u8>)]) -> Result<(), Fault> {
        let folder = self.folder(organisation);
        let writing = Writing::begin(&folder).map_err(|error| told(&folder, &error))?;
        let mut lacking = Vec::new();
        for (place, bytes) in files {
            match read(&folder.join(place.to_string())).map_err(|error| told(&folder, &error))? {
                Some(found) if found == *bytes => {}
                Some(_) => return Err(Fault::Conflict(format!("{place} has other bytes"))),
                None => lacking.push((place, bytes.as_slice())),
            }
        }
        // The folders of what is there already too: whoever wrote it may not have come so far.
        let places = files.iter().map(|(place, _)| place);
        let done = writing.put(&lacking).and_then(|()| writing.sync_folders(places));
        done.map_err(|error| told(&folder, &error))
    }

    fn publish(&self, organisation: Id, checkpoint: &[u8]) -> Result<(), Fault> {
        let folder = self.folder(organisation);
        let writing = Writing::begin(&folder).map_err(|error| told(&folder, &error))?;
        let found = self.read(organisation, &Place::Checkpoint)?;
        found.map_or(Ok(()), |found| never_smaller(&found, checkpoint))?;
        let done = writing.put(&[(&Place::Checkpoint, checkpoint)]);
        done.and_then(|()| sync_at_once(slice::from_ref(&folder))).map_err(|error| told(&folder, &error))
    }

    fn remove(&self, organisation: Id, places: &[Place]) -> Result<(), Fault> {
        let folder = self.folder(organisation);
        let _writing = Writing::begin(&folder).map_err(|error| told(&folder, &error))?;
        places.iter().try_for_each(|place| {
            let path = folder.join(place.to_string());
            absent_is_fine(fs::remove_file(&path)).map_err(|error| told(&path, &error))
        })
    }

    fn prune(&self, organisation: Id, full: &[Place]) -> Result<(), Fault> {
        let folder = self.folder(organisation);
        let _writing = Writing::begin(&folder).map_err(|error| told(&folder, &error))?;
        full.iter().try_for_each(|place| {
            let path = folder.join(partials(place));
            absent_is_fine(fs::remove_dir_all(&path)).map_err(|error| told(&path, &error))
        })
    }
}

/// The one writer of a log.
struct Writing<'a> {
    folder: &'a Path,
    _lock: File,
}

impl Writing<'_> {
    /// Waits for the log's lock, and clears away what a dead writer left.
    fn begin(folder: &Path) -> io::Result<Writing<'_>> {
        let drafts = folder.join(DRAFTS);
        DirBuilder::new().recursive(true).mode(0o755).create(&drafts)?;
        let lock = OpenOptions::new().create(true).truncate(false).write(true).mode(0o600).open(folder.join(LOCK))?;
        flock(&lock, FlockOperation::LockExclusive)?;
        for left in fs::read_dir(&drafts)? {
            fs::remove_file(left?.path())?;
        }
        Ok(Writing { folder, _lock: lock })
    }

    /// Makes files durable, and gives them their names.
    fn put(&self, files: &[(&Place, &[u8])]) -> io::Result<()> {
        let mut drafts = Vec::with_capacity(files.len());
        for (number, (_, bytes)) in files.iter().enumerate() {
            let draft = self.folder.join(DRAFTS).join(number.to_string());
            let mut file = OpenOptions::new().write(true).create_new(true).mode(0o644).open(&draft)?;
            file.write_all(bytes)?;
            drafts.push(draft);
        }
        sync_at_once(&drafts)?;
        for (draft, (place, _)) in drafts.iter().zip(files) {
            let path = self.folder.join(place.to_string());
            if let Some(parent) = path.parent() {
                DirBuilder::new().recursive(true).mode(0o755).create(parent)?;
            }
            fs::rename(draft, path)?;
        }
        Ok(())
    }

    /// Makes the names of files durable, and those of the folders on the way to them.
    fn sync_folders<'p>(&self, places: impl Iterator<Item = &'p Place>) -> io::Result<()> {
        let mut folders: BTreeSet<PathBuf> = BTreeSet::new();
        for place in places {
            let path = self.folder.join(place.to_string());
            let above = path.ancestors().skip(1).take_while(|above| above.starts_with(self.folder));
            folders.extend(above.map(Path::to_owned));
        }
        // The log's own name is durable with the first tile.
        folders.extend(self.folder.parent().map(Path::to_owned));
        sync_at_once(&folders.into_iter().collect::<Vec<_>>())
    }
}

/// Syncs files and folders at once: the file system commits them together.
fn sync_at_once(paths: &[PathBuf]) -> io::Result<()> {
    at_once(paths, |error| error, |path| File::open(path)?.sync_all())
}

fn read(path: &Path) -> io::Result<Option<Vec<u8>>> {
    match fs::read(path) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        read => read.map(Some),
    }
}

fn absent_is_fine(removed: io::Result<()>) -> io::Result<()> {
    removed.or_else(|error| if error.kind() == io::ErrorKind::NotFound { Ok(()) } else { Err(error) })
}

fn told(path: &Path, error: &io::Error) -> Fault {
    let text = format!("{}: {error}", path.display());
    match error.kind() {
        io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded => Fault::Full(text),
        io::ErrorKind::PermissionDenied | io::ErrorKind::ReadOnlyFilesystem | io::ErrorKind::NotADirectory => {
            Fault::Other(text)
        }
        _ => Fault::Unavailable(text),
    }
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt;
    use std::thread;

    use super::*;

    const OURS: Id = Id::from_bytes([1; 16]);

    fn place(text: &str) -> Place {
        text.parse().unwrap()
    }

    fn checkpoint(size: u64) -> Vec<u8> {
        let root = seaworthy_tlog::Hash::EMPTY;
        format!("log\n{size}\n{root}\n\n— log {}\n", data_encoding::BASE64.encode(&[1; 68])).into_bytes()
    }

    #[test]
    fn what_is_written_is_there_and_readable_by_others() {
        let root = tempfile::tempdir().unwrap();
        let tiles = FolderTiles::new(root.path());
        let files = [(place("tile/0/x001/067"), vec![1; 64]), (place("tile/entries/000.p/3"), vec![2; 105])];
        assert_eq!(tiles.read(OURS, &files[0].0), Ok(None));
        for _ in 0..2 {
            tiles.write(OURS, &files).unwrap();
        }
        for (place, bytes) in &files {
            assert_eq!(tiles.read(OURS, place).unwrap().as_ref(), Some(bytes));
            let mode = fs::metadata(tiles.path(OURS, place)).unwrap().permissions().mode();
            assert_eq!(mode & 0o444, 0o444);
        }
        assert_eq!(tiles.read(Id::from_bytes([2; 16]), &files[0].0), Ok(None));
        assert_eq!(fs::read_dir(tiles.folder(OURS).join(DRAFTS)).unwrap().count(), 0);
    }

    #[test]
    fn a_tile_stays_what_it_is() {
        let root = tempfile::tempdir().unwrap();
        let tiles = FolderTiles::new(root.path());
        let (old, new) = (place("tile/0/000"), place("tile/0/001"));
        tiles.write(OURS, &[(old, vec![1; 32])]).unwrap();
        let refused = tiles.write(OURS, &[(new, vec![1; 32]), (old, vec![2; 32])]);
        assert!(matches!(refused, Err(Fault::Conflict(_))), "{refused:?}");
        assert_eq!((tiles.read(OURS, &old), tiles.read(OURS, &new)), (Ok(Some(vec![1; 32])), Ok(None)));
    }

    #[test]
    fn what_is_published_never_gets_smaller() {
        let root = tempfile::tempdir().unwrap();
        let tiles = FolderTiles::new(root.path());
        for size in [3, 3, 10] {
            tiles.publish(OURS, &checkpoint(size)).unwrap();
        }
        assert!(matches!(tiles.publish(OURS, &checkpoint(9)), Err(Fault::Conflict(_))));
        assert_eq!(tiles.read(OURS, &Place::Checkpoint), Ok(Some(checkpoint(10))));
    }

    #[test]
    fn what_a_dead_writer_left_is_cleared_away() {
        let root = tempfile::tempdir().unwrap();
        let tiles = FolderTiles::new(root.path());
        tiles.write(OURS, &[(place("tile/0/000"), vec![1; 32])]).unwrap();
        let draft = tiles.folder(OURS).join(DRAFTS).join("0");
        fs::write(&draft, "half").unwrap();
        tiles.write(OURS, &[(place("tile/0/001"), vec![2; 32])]).unwrap();
        assert!(!draft.exists());
        assert_eq!(tiles.read(OURS, &place("tile/0/001")), Ok(Some(vec![2; 32])));
    }

    #[test]
    fn partial_tiles_go_with_their_folder() {
        let root = tempfile::tempdir().unwrap();
        let tiles = FolderTiles::new(root.path());
        let files: Vec<_> = (1..4).map(|width| (place(&format!("tile/0/000.p/{width}")), vec![0; 32])).collect();
        tiles.write(OURS, &files).unwrap();
        tiles.write(OURS, &[(place("tile/0/000"), vec![0; 32])]).unwrap();
        tiles.prune(OURS, &[place("tile/0/000")]).unwrap();
        assert!(!tiles.folder(OURS).join("tile/0/000.p").exists());
        assert!(tiles.read(OURS, &place("tile/0/000")).unwrap().is_some());
    }

    #[test]
    fn writers_do_not_meet() {
        let root = tempfile::tempdir().unwrap();
        thread::scope(|scope| {
            for _ in 0..4 {
                let tiles = FolderTiles::new(root.path());
                scope.spawn(move || {
                    for index in 0..20 {
                        let files = [(place(&format!("tile/0/{index:03}")), vec![index; 32 * 256])];
                        tiles.write(OURS, &files).unwrap();
                        assert_eq!(tiles.read(OURS, &files[0].0).unwrap().as_ref(), Some(&files[0].1));
                    }
                });
            }
        });
    }
}
