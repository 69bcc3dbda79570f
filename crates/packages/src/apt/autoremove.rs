//! Leftovers: packages that were installed for others which are gone. apt-get(8),
//! «autoremove»; apt.conf(5), `APT::NeverAutoRemove`.
//!
//! The rule is apt's mark and sweep, made careful: a relation counts whatever version it
//! asks for, and every package that satisfies it is kept. So each leftover found here is
//! one for apt too; apt may know more.

use rustc_hash::{FxHashMap, FxHashSet};
use seaworthy_versions::dpkg::compare;

use super::config::Config;
use super::extended_states::AutoInstalled;
use super::updates::Installation;
use crate::pattern::{UnsupportedPattern, regular};

/// What keeps packages besides relations.
#[derive(Debug, Clone)]
pub struct Keepers<'a> {
    /// Who was installed for others.
    pub auto_installed: &'a AutoInstalled,
    /// `APT::…` options.
    pub config: &'a Config,
    /// The running kernel's release (`uname -r`), where there is one.
    pub running_kernel: Option<&'a str>,
    /// Packages that an index calls essential, important or protected.
    pub indispensable: &'a FxHashSet<&'a str>,
}

/// By entry of the installation: whether it is a leftover.
///
/// # Errors
/// An expression of the configuration cannot be read.
pub fn leftovers(installation: &Installation<'_>, keepers: &Keepers<'_>) -> Result<Vec<bool>, UnsupportedPattern> {
    let mut marks = Marks::new(installation, keepers.config);
    let mut doubtful = Vec::new();
    for (index, entry) in installation.entries.iter().enumerate() {
        if !entry.is_installed() {
            continue;
        }
        let record = &entry.record;
        let architecture = installation.architecture(record.architecture);
        let is_kept = !keepers.auto_installed.contains(&record.package, architecture)
            || record.relations.indispensable
            || record.package == "apt"
            || keepers.indispensable.contains(&*record.package)
            || entry.is_held();
        if is_kept {
            marks.mark(index);
        } else {
            doubtful.push(index);
        }
    }
    // Expressions are slow: only those nothing else has kept are asked.
    let expressions = expressions(installation, keepers)?;
    for index in doubtful.iter().copied() {
        let name = installation.entries.get(index).map(|entry| &*entry.record.package);
        if !marks.has(index) && name.is_some_and(|name| expressions.iter().any(|expression| expression.is_match(name)))
        {
            marks.mark(index);
        }
    }
    let is_leftover = |index: usize| doubtful.binary_search(&index).is_ok() && !marks.has(index);
    Ok((0..installation.entries.len()).map(is_leftover).collect())
}

struct Marks<'a> {
    installation: &'a Installation<'a>,
    by_name: FxHashMap<&'a str, Vec<usize>>,
    follows_recommends: bool,
    follows_suggests: bool,
    marked: Vec<bool>,
}

impl<'a> Marks<'a> {
    fn new(installation: &'a Installation<'a>, config: &Config) -> Self {
        let mut by_name: FxHashMap<&str, Vec<usize>> = FxHashMap::default();
        for (index, entry) in installation.entries.iter().enumerate() {
            if entry.is_installed() {
                by_name.entry(&entry.record.package).or_default().push(index);
                for name in relation_names(entry.record.relations.provides) {
                    by_name.entry(name).or_default().push(index);
                }
            }
        }
        Self {
            by_name,
            follows_recommends: config.enabled("APT::AutoRemove::RecommendsImportant", true),
            follows_suggests: config.enabled("APT::AutoRemove::SuggestsImportant", true),
            marked: vec![false; installation.entries.len()],
            installation,
        }
    }

    fn has(&self, index: usize) -> bool {
        self.marked.get(index).copied().unwrap_or(true)
    }

    /// Marks an entry and everything it needs.
    fn mark(&mut self, index: usize) {
        let mut open = vec![index];
        while let Some(index) = open.pop() {
            match self.marked.get_mut(index) {
                Some(marked) if !*marked => *marked = true,
                _ => continue,
            }
            let Some(entry) = self.installation.entries.get(index) else {
                continue;
            };
            let relations = entry.record.relations;
            let followed = [
                (relations.pre_depends, true),
                (relations.depends, true),
                (relations.recommends, self.follows_recommends),
                (relations.suggests, self.follows_suggests),
            ];
            for (field, _) in followed.iter().filter(|(_, follows)| *follows) {
                for name in relation_names(field) {
                    open.extend(self.by_name.get(name).into_iter().flatten());
                }
            }
        }
    }
}

/// The package names of a relation field, alternatives and all: Debian Policy §7.1.
fn relation_names(field: &[u8]) -> impl Iterator<Item = &str> {
    field.split(|byte| matches!(byte, b',' | b'|')).filter_map(|relation| {
        let relation = relation.trim_ascii();
        let is_end = |byte: &u8| matches!(byte, b' ' | b'(' | b':' | b'[' | b'<' | b'\t' | b'\n');
        let end = relation.iter().position(is_end).unwrap_or(relation.len());
        std::str::from_utf8(relation.get(..end)?).ok().filter(|name| !name.is_empty())
    })
}

fn expressions(
    installation: &Installation<'_>,
    keepers: &Keepers<'_>,
) -> Result<Vec<regex_lite::Regex>, UnsupportedPattern> {
    let mut texts = keepers.config.list("APT::NeverAutoRemove");
    if keepers.config.enabled("APT::Protect-Kernels", true) {
        let kernels = protected_kernels(installation, keepers.running_kernel);
        for pattern in keepers.config.list("APT::VersionedKernelPackages") {
            for kernel in &kernels {
                let kernel = kernel.replace('.', "\\.").replace('+', "\\+");
                texts.push(format!("^{pattern}-{kernel}$"));
            }
        }
    }
    texts.iter().map(|text| regular(text)).collect()
}

/// The releases of kernels that stay: those of the running one and of the newest, else
/// of the two newest versions.
fn protected_kernels(installation: &Installation<'_>, running: Option<&str>) -> Vec<String> {
    let mut kernels: Vec<(&str, &str)> = Vec::new();
    for entry in installation.entries.iter().filter(|entry| entry.is_installed()) {
        if let (Some(release), Some(version)) = (kernel_release(&entry.record.package), entry.record.version) {
            kernels.push((version, release));
        }
    }
    let mut versions: Vec<&str> = kernels.iter().map(|(version, _)| *version).collect();
    versions.sort_by(|a, b| compare(b, a));
    versions.dedup_by(|a, b| compare(*a, *b).is_eq());
    let booted = kernels.iter().find(|(_, release)| Some(*release) == running).map(|(version, _)| *version);
    let mut kept: Vec<&str> = booted.into_iter().collect();
    for version in versions.into_iter().take(2) {
        let is_new = kept.iter().all(|known| compare(known, version).is_ne());
        if is_new && kept.len() < 2 {
            kept.push(version);
        }
    }
    let is_kept = |version: &str| kept.iter().any(|kept| compare(kept, version).is_eq());
    let releases = kernels.iter().filter(|(version, _)| is_kept(version)).map(|(_, release)| *release);
    running.into_iter().chain(releases).map(str::to_owned).collect()
}

/// `6.1.0-40-amd64` of `linux-image-6.1.0-40-amd64`.
fn kernel_release(package: &str) -> Option<&str> {
    let prefixes = ["linux-image-", "kfreebsd-image-", "gnumach-image-"];
    let release = prefixes.iter().find_map(|prefix| package.strip_prefix(prefix))?;
    let digits = release.trim_start_matches(|digit: char| digit.is_ascii_digit());
    let is_release = digits.len() < release.len()
        && digits.starts_with('.')
        && !package.ends_with("-dbg")
        && !package.ends_with("-dbgsym");
    is_release.then_some(release)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::dpkg::status;

    fn check(running: Option<&str>, config: &str) -> Vec<String> {
        let mut text = String::new();
        let mut states = String::new();
        for (name, version, depends, auto) in [
            ("app", "1", "lib (>= 9) | gone, virt:any", false),
            ("lib", "1", "", true),
            ("provider", "1", "", true),
            ("orphan", "1", "orphan2", true),
            ("orphan2", "1", "", true),
            ("linux-image-6.1.0-9-amd64", "6.1.9", "", true),
            ("linux-image-6.1.0-8-amd64", "6.1.8", "", true),
            ("linux-image-6.1.0-7-amd64", "6.1.7", "", true),
        ] {
            let provides = if name == "provider" { "Provides: virt (= 2)\n" } else { "" };
            text += &format!(
                "Package: {name}\nVersion: {version}\nArchitecture: amd64\nDepends: {depends}\n{provides}\
                 Status: install ok installed\n\n"
            );
            if auto {
                states += &format!("Package: {name}\nArchitecture: amd64\nAuto-Installed: 1\n\n");
            }
        }
        let installation = Installation { entries: status(text.as_bytes()).unwrap(), native: "amd64".into() };
        let mut settings = Config::default();
        settings.read(b"APT::VersionedKernelPackages { \"linux-.*\"; };").unwrap();
        settings.read(config.as_bytes()).unwrap();
        let keepers = Keepers {
            auto_installed: &AutoInstalled::read(states.as_bytes(), "amd64"),
            config: &settings,
            running_kernel: running,
            indispensable: &FxHashSet::default(),
        };
        let found = leftovers(&installation, &keepers).unwrap();
        let names = installation.entries.iter().zip(found).filter(|(_, found)| *found);
        names.map(|(entry, _)| entry.record.package.clone().into_owned()).collect()
    }

    #[test]
    fn what_nothing_needs() {
        assert_eq!(check(None, ""), ["orphan", "orphan2", "linux-image-6.1.0-7-amd64"]);
        assert_eq!(check(Some("6.1.0-7-amd64"), ""), ["orphan", "orphan2", "linux-image-6.1.0-8-amd64"]);
        let never = "APT::NeverAutoRemove { \"^orphan$\"; };";
        assert_eq!(check(None, never), ["linux-image-6.1.0-7-amd64"]);
    }
}
