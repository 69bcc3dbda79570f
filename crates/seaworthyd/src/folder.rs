//! Folders and files that are still there after a power failure: until its parent is synced, a new name may be gone again.

use std::fs::{self, DirBuilder, File, OpenOptions};
use std::io::{self, Write};
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
use std::path::Path;

/// Makes a folder and what lacks above it, for its owner alone.
pub fn make(path: &Path) -> io::Result<()> {
    let lacking: Vec<&Path> = path.ancestors().take_while(|above| !above.exists()).collect();
    DirBuilder::new().recursive(true).mode(0o700).create(path)?;
    for parent in lacking.into_iter().filter_map(Path::parent) {
        let parent = if parent.as_os_str().is_empty() { Path::new(".") } else { parent };
        File::open(parent)?.sync_all()?;
    }
    Ok(())
}

/// Writes a file of a folder, for its owner alone, so that after a crash it is the old one or the new one, whole.
pub fn write(folder: &Path, name: &str, bytes: &[u8]) -> io::Result<()> {
    let draft = folder.join(format!(".{name}.draft"));
    let mut file = OpenOptions::new().write(true).create(true).truncate(true).mode(0o600).open(&draft)?;
    file.write_all(bytes)?;
    file.sync_all()?;
    fs::rename(&draft, folder.join(name))?;
    File::open(folder)?.sync_all()
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt;

    use super::*;

    #[test]
    fn what_lacks_is_made_for_its_owner_alone() {
        let place = tempfile::tempdir().unwrap();
        let deep = place.path().join("one/two");
        for _ in 0..2 {
            make(&deep).unwrap();
        }
        for made in [&deep, &place.path().join("one")] {
            assert_eq!(fs::metadata(made).unwrap().permissions().mode() & 0o777, 0o700);
        }
        fs::write(place.path().join("file"), "").unwrap();
        assert!(make(&place.path().join("file/below")).is_err());
    }
}
