//! Made systems that both real apt and our readers can be pointed at, and real apt as
//! the judge. Nothing outside the made system is read or written.

use std::io;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

/// A made system with apt's and dpkg's folders.
#[derive(Debug)]
pub struct AptRoot {
    folder: tempfile::TempDir,
    /// Run apt inside this system, of which `folder` must be a part.
    chroot: Option<PathBuf>,
}

/// A line of `apt list --upgradable`: name, architecture, installed, candidate.
pub type Upgradable = (String, String, String, String);

impl AptRoot {
    /// An empty system; apt is this machine's.
    ///
    /// # Errors
    /// The folders cannot be made.
    pub fn new() -> io::Result<Self> {
        Self::make(tempfile::tempdir()?, None)
    }

    /// An empty system inside another one, whose apt judges.
    ///
    /// # Errors
    /// The folders cannot be made.
    pub fn inside(chroot: &Path) -> io::Result<Self> {
        Self::make(tempfile::tempdir_in(chroot.join("tmp"))?, Some(chroot.to_owned()))
    }

    fn make(folder: tempfile::TempDir, chroot: Option<PathBuf>) -> io::Result<Self> {
        let root = Self { folder, chroot };
        for path in [
            "etc/apt/sources.list.d",
            "etc/apt/preferences.d",
            "etc/apt/apt.conf.d",
            "var/lib/apt/lists/partial",
            "var/lib/dpkg/updates",
            "var/cache/apt/archives/partial",
        ] {
            std::fs::create_dir_all(root.path().join(path))?;
        }
        let path = root.seen_by_apt();
        let path = path.display();
        // Read before the folder of parts, so that parts are those of the made system.
        let config = format!(
            "Dir \"{path}/\";\nDir::State::status \"{path}/var/lib/dpkg/status\";\n\
             Dir::Bin::methods \"/usr/lib/apt/methods\";\nDir::Bin::dpkg \"/usr/bin/dpkg\";\n\
             Dir::Bin::ischroot \"/bin/false\";\nDir::Cache::pkgcache \"\";\nDir::Cache::srcpkgcache \"\";\n\
             Debug::NoLocking \"1\";\nAPT::Architecture \"amd64\";\n\
             APT::Architectures {{ \"amd64\"; \"i386\"; }};\n"
        );
        root.write("oracle.conf", config)?;
        root.write("var/lib/dpkg/arch", "amd64\ni386\n")?;
        Ok(root)
    }

    /// The folder that stands for `/`.
    #[must_use]
    pub fn path(&self) -> &Path {
        self.folder.path()
    }

    fn seen_by_apt(&self) -> PathBuf {
        let inside = self.chroot.as_ref().and_then(|chroot| self.path().strip_prefix(chroot).ok());
        inside.map_or_else(|| self.path().to_owned(), |path| Path::new("/").join(path))
    }

    /// Writes a file of the system.
    ///
    /// # Errors
    /// It cannot be written.
    pub fn write(&self, path: &str, text: impl AsRef<[u8]>) -> io::Result<()> {
        std::fs::write(self.path().join(path), text)
    }

    /// Removes a file of the system if it is there.
    ///
    /// # Errors
    /// It cannot be removed.
    pub fn remove(&self, path: &str) -> io::Result<()> {
        match std::fs::remove_file(self.path().join(path)) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
            _ => Ok(()),
        }
    }

    /// Runs one of apt's programs on the system.
    ///
    /// # Errors
    /// There is no apt here.
    pub fn run(&self, program: &str, arguments: &[&str]) -> io::Result<Output> {
        #[expect(clippy::disallowed_methods, reason = "the real apt is the judge of our reading")]
        let mut command = match &self.chroot {
            None => Command::new(program),
            Some(chroot) => {
                let mut command = Command::new("chroot");
                command.arg(chroot).arg(program);
                command
            }
        };
        command
            .args(arguments)
            .env_remove("SOURCE_DATE_EPOCH")
            .env("APT_CONFIG", self.seen_by_apt().join("oracle.conf"))
            .env("LC_ALL", "C.UTF-8")
            .env("NO_COLOR", "1")
            .output()
    }

    /// What `apt list --upgradable` prints, sorted; `None` where apt refuses.
    ///
    /// # Errors
    /// There is no apt here.
    pub fn upgradable(&self) -> io::Result<Option<Vec<Upgradable>>> {
        let output = self.run("apt", &["list", "--upgradable"])?;
        let text = String::from_utf8_lossy(&output.stdout);
        let mut all: Vec<Upgradable> = text.lines().filter_map(upgradable_line).collect();
        all.sort();
        Ok(output.status.success().then_some(all))
    }

    /// The packages that `apt-get --simulate` would unpack for a command, sorted.
    ///
    /// # Errors
    /// There is no apt here.
    pub fn simulated(&self, command: &str) -> io::Result<Vec<String>> {
        let output = self.run("apt-get", &["--simulate", command])?;
        let text = String::from_utf8_lossy(&output.stdout);
        let unpacked = text.lines().filter_map(|line| line.strip_prefix("Inst "));
        let mut names: Vec<String> = unpacked.filter_map(|rest| rest.split(' ').next()).map(str::to_owned).collect();
        names.sort();
        Ok(names)
    }
}

/// `jq/stable 1.6-2.1+deb12u1 amd64 [upgradable from: 1.6-2.1]`.
#[must_use]
pub fn upgradable_line(line: &str) -> Option<Upgradable> {
    let (rest, installed) = line.strip_suffix(']')?.split_once(" [upgradable from: ")?;
    let mut words = rest.split(' ');
    let name = words.next()?.split_once('/')?.0;
    let (candidate, architecture) = (words.next()?, words.next()?);
    Some((name.to_owned(), architecture.to_owned(), installed.to_owned(), candidate.to_owned()))
}

/// A generator of the same numbers for the same seed, for made mutations.
#[derive(Debug, Clone)]
pub struct Chance(u64);

impl Chance {
    /// Any seed will do.
    #[must_use]
    pub fn new(seed: u64) -> Self {
        Self(seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1)
    }

    /// A number below `end`; 0 where `end` is 0.
    pub fn below(&mut self, end: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        let wide = usize::try_from(self.0 >> 20).unwrap_or(0);
        wide.checked_rem(end).unwrap_or(0)
    }

    /// True in `percent` of a hundred cases.
    pub fn happens(&mut self, percent: usize) -> bool {
        self.below(100) < percent
    }

    /// One of some things.
    pub fn one<'a, T>(&mut self, things: &'a [T]) -> Option<&'a T> {
        things.get(self.below(things.len()))
    }
}
