//! Which files under `lists/` belong to the sources: the indexes of packages of each
//! archive, by component and architecture, and the Release files that prove them.
//!
//! Only these files count. apt leaves the lists of removed sources behind until its
//! next update.

use super::config::Config;
use super::sources::{Entry, Kind, Selection};
use super::uri::{Uri, encoded};

/// The architectures a system uses.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Architectures {
    /// This system's own.
    pub native: String,
    /// All it can install, its own among them, in the order of the configuration.
    pub usable: Vec<String>,
}

/// One archive and suite: everything that one Release file proves.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Archive {
    /// Entries of the sources that make it up, as indexes into the list given.
    pub entries: Vec<usize>,
    /// The host, which pins by origin match.
    pub site: String,
    /// Where its Release file is, with a slash at its end.
    pub base: String,
    /// Its suite as the sources write it.
    pub suite: String,
    /// File name of the signed-in-one Release under `lists/`.
    pub in_release: String,
    /// File name of the Release whose signature is apart.
    pub release: String,
    /// File name of that signature.
    pub release_gpg: String,
    /// Its indexes of packages, in apt's order.
    pub targets: Vec<Target>,
}

/// One index of packages.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Target {
    /// Its name in the Release file, for example `main/binary-amd64/Packages`.
    pub meta_key: String,
    /// File name under `lists/`, without the ending of a compressor.
    pub file: String,
    /// `None` in flat archives.
    pub architecture: Option<String>,
    /// Empty in flat archives.
    pub component: String,
    /// apt reads it where it exists and does not miss it elsewhere: the index of
    /// packages for all architectures that nobody asked for by name.
    pub is_optional: bool,
}

/// The archives of the sources in apt's order. Entries whose Release file is the same
/// file make one archive.
#[must_use]
pub fn archives(entries: &[Entry], architectures: &Architectures, config: &Config) -> Vec<Archive> {
    let mut archives: Vec<Archive> = Vec::new();
    for (index, entry) in entries.iter().enumerate() {
        let base = base(entry);
        let release = file_name(&base, "Release");
        let archive = match archives.iter_mut().find(|archive| archive.release == release) {
            Some(archive) => archive,
            None => {
                archives.push(new_archive(entry, base, release));
                match archives.last_mut() {
                    Some(archive) => archive,
                    None => continue,
                }
            }
        };
        archive.entries.push(index);
        if entry.kind == Kind::Binary && wants_packages(entry, config) {
            add_targets(archive, entry, architectures, config);
        }
    }
    archives.retain(|archive| {
        let is_binary = |index: &usize| entries.get(*index).is_some_and(|entry| entry.kind == Kind::Binary);
        archive.entries.iter().any(is_binary)
    });
    archives
}

/// The endings a list can have, in the order in which apt looks for them. A file
/// without ending comes first.
#[must_use]
pub fn endings(config: &Config) -> Vec<String> {
    let mut endings = vec![String::new()];
    let ordered = config.list("Acquire::CompressionTypes::Order");
    let known = ["xz", "bz2", "lzma", "gz", "lz4", "zst"].map(str::to_owned);
    let named = config.names("Acquire::CompressionTypes");
    for name in ordered.into_iter().chain(named).chain(known) {
        let ending = format!(".{name}");
        if !name.is_empty() && name != "Order" && !endings.contains(&ending) {
            endings.push(ending);
        }
    }
    endings
}

fn new_archive(entry: &Entry, base: String, release: String) -> Archive {
    Archive {
        entries: Vec::new(),
        site: entry.uri.host().to_owned(),
        suite: entry.suite.clone(),
        in_release: file_name(&base, "InRelease"),
        release_gpg: file_name(&base, "Release.gpg"),
        release,
        base,
        targets: Vec::new(),
    }
}

fn base(entry: &Entry) -> String {
    let address = &entry.address;
    match entry.suite.as_str() {
        "/" => address.clone(),
        suite if entry.is_flat() => format!("{address}{}", encoded(suite)),
        suite => format!("{address}dists/{}/", encoded(suite)),
    }
}

fn file_name(base: &str, meta_key: &str) -> String {
    Uri::parse(&format!("{base}{meta_key}")).list_file_name()
}

fn wants_packages(entry: &Entry, config: &Config) -> bool {
    let by_default = config.enabled("Acquire::IndexTargets::deb::Packages::DefaultEnabled", true);
    let default = if by_default { vec!["Packages".to_owned()] } else { Vec::new() };
    let chosen = selected(&entry.options.targets, default).iter().any(|name| name == "Packages");
    entry.options.packages.unwrap_or(chosen)
}

fn selected(selection: &Selection, default: Vec<String>) -> Vec<String> {
    let mut chosen = selection.only.clone().unwrap_or(default);
    for name in &selection.with {
        if !chosen.contains(name) {
            chosen.push(name.clone());
        }
    }
    chosen.retain(|name| !selection.without.contains(name));
    chosen
}

const IMPLICIT_ALL: &str = "implicit:all";

fn wanted_architectures(entry: &Entry, architectures: &Architectures, config: &Config) -> Vec<String> {
    let mut default = architectures.usable.clone();
    default.extend(config.list("APT::BarbarianArchitectures"));
    let selection = &entry.options.architectures;
    let mut wanted = selected(selection, default);
    let all = "all".to_owned();
    if !selection.without.contains(&all) && !wanted.contains(&all) {
        wanted.push(IMPLICIT_ALL.to_owned());
    }
    wanted
}

fn add_targets(archive: &mut Archive, entry: &Entry, architectures: &Architectures, config: &Config) {
    let option = if entry.is_flat() { "flatMetaKey" } else { "MetaKey" };
    let template = config.find(&format!("Acquire::IndexTargets::deb::Packages::{option}"));
    let Some(template) = template else { return };
    let by_architecture = template.contains("$(ARCHITECTURE)");
    let by_component = template.contains("$(COMPONENT)");
    let wanted = wanted_architectures(entry, architectures, config);
    let count = if by_architecture { wanted.len() } else { 1 };
    for wanted in wanted.iter().take(count) {
        let is_optional = wanted == IMPLICIT_ALL;
        let architecture = if is_optional { "all" } else { wanted };
        let meta_key = template.replace("$(COMPONENT)", &entry.component).replace("$(ARCHITECTURE)", architecture);
        if archive.targets.iter().any(|target| target.meta_key == meta_key) {
            continue;
        }
        archive.targets.push(Target {
            file: file_name(&archive.base, &meta_key),
            meta_key,
            architecture: by_architecture.then(|| architecture.to_owned()),
            component: if by_component { entry.component.clone() } else { String::new() },
            is_optional,
        });
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::apt::sources::one_line;

    fn of(text: &str) -> Vec<Archive> {
        let architectures = Architectures { native: "amd64".into(), usable: vec!["amd64".into(), "i386".into()] };
        archives(&one_line(text.as_bytes(), "amd64").unwrap(), &architectures, &Config::default())
    }

    fn keys(archive: &Archive) -> Vec<&str> {
        archive.targets.iter().map(|target| target.meta_key.as_str()).collect()
    }

    #[test]
    fn one_archive_for_one_release_file() {
        let archives = of("deb http://h/debian s main\ndeb-src https://h/debian t main\n\
                           deb [arch=amd64] https://h/debian s contrib main\n");
        assert_eq!(archives.len(), 1);
        assert_eq!(archives[0].in_release, "h_debian_dists_s_InRelease");
        assert_eq!(
            keys(&archives[0]),
            [
                "main/binary-amd64/Packages",
                "main/binary-i386/Packages",
                "main/binary-all/Packages",
                "contrib/binary-amd64/Packages",
                "contrib/binary-all/Packages",
            ]
        );
        assert!(archives[0].targets[2].is_optional);
        assert_eq!(archives[0].targets[0].file, "h_debian_dists_s_main_binary-amd64_Packages");
    }

    #[test]
    fn flat_archives_have_one_index() {
        let archives = of("deb [arch-=all] file:/srv/x ./\ndeb file:/srv/y /\n");
        assert_eq!(keys(&archives[0]), ["Packages"]);
        assert_eq!(archives[0].targets[0].file, "_srv_x_._Packages");
        assert_eq!(archives[1].targets[0].file, "_srv_y_Packages");
        assert_eq!(archives[0].targets[0].architecture, None);
    }

    #[test]
    fn switched_off_and_narrowed() {
        assert_eq!(keys(&of("deb [target-=Packages] http://h/d s main")[0]).len(), 0);
        assert_eq!(keys(&of("deb [arch-=i386,all] http://h/d s main")[0]), ["main/binary-amd64/Packages"]);
        assert_eq!(
            keys(&of("deb [arch=amd64 arch+=all] http://h/d s main")[0]),
            ["main/binary-amd64/Packages", "main/binary-all/Packages"]
        );
    }
}
