//! The running kernel against the newest installed one of its flavour, by package version.
//!
//! File names of /boot are never compared: `6.8.0-100` sorts before `6.8.0-96`, and one name is rebuilt under several
//! versions. The running build says its own package version in /proc/sys/kernel/version.

use std::cmp::Ordering;

use seaworthy_model::{Claim, Kernel, Place, Reason, Timestamp};
use seaworthy_packages::dpkg;
use seaworthy_versions::dpkg::compare;

use super::{Look, Reader, Stop};

/// dpkg's database; far above any real one (0.8 MB for 900 packages).
const STATUS_CAP: u64 = 128 << 20;

/// Compares the running kernel with the installed ones.
pub fn probe(look: &Look) -> Claim<Kernel> {
    look.answer(examine)
}

fn examine(reader: &Reader<'_>) -> Result<Kernel, Stop<Kernel>> {
    reader.live()?;
    if reader.is_container()? {
        return Err(Stop::NotApplicable(Reason::Container));
    }
    let release = reader.text(Place::KernelRelease, "/proc/sys/kernel/osrelease")?.trim().to_owned();
    let build = reader.text(Place::KernelVersion, "/proc/sys/kernel/version")?.trim().to_owned();
    if !release.starts_with(|first: char| first.is_ascii_digit()) || !build.starts_with('#') {
        return Err(Stop::Unknown(Reason::Garbled));
    }
    let images = images(reader)?;
    if images.is_empty() {
        return Err(without_package(reader, &release)?);
    }
    let flavour = flavour(&release).ok_or(Reason::NotSupported)?;
    let running = running_version(&release, &build, &images).ok_or(Reason::NotSupported)?;
    let newest = images
        .iter()
        .filter(|image| self::flavour(&image.release) == Some(flavour))
        .max_by(|left, right| compare(&left.version, &right.version))
        // The kernel came from a package, and none of its flavour is left to start next.
        .ok_or(Reason::Missing)?;
    Ok(Kernel {
        current: compare(&running, &newest.version) != Ordering::Less,
        installed_at: installed_at(reader, newest),
        newest: newest.version.clone(),
        running,
    })
}

/// An installed package that holds a kernel.
struct Image {
    package: String,
    architecture: String,
    version: String,
    /// What `uname -r` says when it runs.
    release: String,
}

fn images(reader: &Reader<'_>) -> Result<Vec<Image>, Reason> {
    let journal = reader.optional_list(Place::DpkgUpdates, "/var/lib/dpkg/updates").map_err(|error| error.reason())?;
    if journal.iter().any(|name| dpkg::is_journal_name(name)) {
        return Err(Reason::PackagesBusy);
    }
    let status = match reader.bytes(Place::DpkgStatus, "/var/lib/dpkg/status", STATUS_CAP) {
        Ok(status) => status,
        // Other package systems name and version kernels in their own ways.
        Err(error) if error.is_missing() => return Err(Reason::NotSupported),
        Err(error) => return Err(error.reason()),
    };
    let entries = dpkg::status(&status).map_err(|_| Reason::Garbled)?;
    let image = |entry: dpkg::Entry<'_>| {
        let release = release_of(&entry.record.package).filter(|_| entry.is_installed())?;
        Some(Image {
            version: entry.record.version?.to_owned(),
            architecture: entry.record.architecture.to_owned(),
            release: release.to_owned(),
            package: entry.record.package.to_string(),
        })
    };
    if entries.is_empty() {
        return Err(Reason::Garbled);
    }
    Ok(entries.into_iter().filter_map(image).collect())
}

/// `linux-image-6.1.0-37-amd64` holds a kernel; `linux-image-amd64` only depends on one, and `-dbg` holds its symbols.
fn release_of(package: &str) -> Option<&str> {
    let release = package.strip_prefix("linux-image-")?;
    let release = release.strip_prefix("unsigned-").unwrap_or(release);
    let is_kernel = flavour(release).is_some() && !release.ends_with("-dbg") && !release.ends_with("-dbgsym");
    is_kernel.then_some(release)
}

/// What follows the version in a kernel's release: `amd64`, `rt-amd64`, `generic`, `686-pae`.
fn flavour(release: &str) -> Option<&str> {
    flavour_at(release).and_then(|at| release.get(at..))
}

fn flavour_at(release: &str) -> Option<usize> {
    let (upstream, rest) = release.split_once('-')?;
    if !upstream.starts_with(|first: char| first.is_ascii_digit()) || !upstream.contains('.') {
        return None;
    }
    let start = upstream.len() + 1;
    // `6.12.38+deb13-amd64` has no number after the version, `6.1.0-37-686-pae` has one, `6.13-rc6-amd64` a candidate's.
    let numbered = !upstream.contains('+') && rest.starts_with(|first: char| first.is_ascii_digit());
    let candidate = rest.strip_prefix("rc").is_some_and(|rest| rest.starts_with(|first: char| first.is_ascii_digit()));
    let at = if numbered || candidate { start + rest.find('-')? + 1 } else { start };
    (at < release.len()).then_some(at)
}

/// The package version the running kernel was built as.
fn running_version(release: &str, build: &str, images: &[Image]) -> Option<String> {
    debian_version(build).or_else(|| ubuntu_version(release, build, images))
}

/// `#1 SMP PREEMPT_DYNAMIC Debian 6.1.140-1 (2025-05-22)`: the word before the date.
fn debian_version(build: &str) -> Option<String> {
    let (head, date) = build.rsplit_once(" (")?;
    let date = date.strip_suffix(')')?;
    let is_date = date.len() == 10 && date.bytes().all(|byte| byte.is_ascii_digit() || byte == b'-');
    let (head, version) = head.rsplit_once(' ')?;
    let has_vendor = head.ends_with(|last: char| last.is_ascii_alphabetic());
    (is_date && has_vendor && version.starts_with(|first: char| first.is_ascii_digit())).then(|| version.to_owned())
}

/// `6.8.0-100-generic` and `#100~22.04.1-Ubuntu SMP …` make `6.8.0-100.100~22.04.1`. Without Ubuntu's mark the version
/// counts only if a package has exactly that one.
fn ubuntu_version(release: &str, build: &str, images: &[Image]) -> Option<String> {
    let number = build.strip_prefix('#')?.split(' ').next()?;
    let base = release.get(..flavour_at(release)?)?.trim_end_matches('-');
    match number.split_once("-Ubuntu") {
        Some((number, _)) => Some(format!("{base}.{number}")),
        None => {
            let version = format!("{base}.{number}");
            images.iter().any(|image| image.release == release && image.version == version).then_some(version)
        }
    }
}

/// A package's list of files is written when it is unpacked.
fn installed_at(reader: &Reader<'_>, image: &Image) -> Option<Timestamp> {
    let Image { package, architecture, .. } = image;
    let names = [format!("{package}.list"), format!("{package}:{architecture}.list")];
    let found = |name| reader.identity(Place::DpkgInfo, format!("/var/lib/dpkg/info/{name}")).ok().flatten();
    names.into_iter().find_map(found).map(|list| list.modified())
}

/// No package holds a kernel: a microVM has no kernel of its own, anything else was built in some other way.
fn without_package(reader: &Reader<'_>, release: &str) -> Result<Stop<Kernel>, Reason> {
    let names = reader.optional_list(Place::Boot, "/boot").map_err(|error| error.reason())?;
    let own = names.iter().any(|name| name.starts_with("vmlinu"));
    let modules =
        reader.exists(Place::Modules, format!("/usr/lib/modules/{release}")).map_err(|error| error.reason())?;
    let stop = if own || modules { Stop::Unknown(Reason::NotSupported) } else { Stop::NotApplicable(Reason::NoKernel) };
    Ok(stop)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn flavours() {
        let cases = [
            ("6.1.0-37-amd64", "amd64"),
            ("6.1.0-37-rt-amd64", "rt-amd64"),
            ("6.1.0-37-686-pae", "686-pae"),
            ("6.1.0-0.deb11.21-cloud-amd64", "cloud-amd64"),
            ("6.12.38+deb13-amd64", "amd64"),
            ("6.12.9+bpo-686", "686"),
            ("6.13-rc6-amd64", "amd64"),
            ("6.8.0-100-generic-64k", "generic-64k"),
            ("6.6.51+rpt-rpi-v8", "rpi-v8"),
        ];
        for (release, expected) in cases {
            assert_eq!(flavour(release), Some(expected), "{release}");
        }
        assert!(["amd64", "686-pae", "generic", "6.1.0", "6.1.0-37", ""].iter().all(|name| flavour(name).is_none()));
    }

    #[test]
    fn packages_that_hold_a_kernel() {
        assert_eq!(release_of("linux-image-unsigned-6.8.0-31-generic"), Some("6.8.0-31-generic"));
        let others = [
            "linux-image-amd64",
            "linux-image-686-pae",
            "linux-image-6.1.0-37-amd64-dbg",
            "linux-base",
            "linux-image-generic-hwe-22.04",
        ];
        assert!(others.iter().all(|name| release_of(name).is_none()));
    }

    #[test]
    fn the_running_build_says_its_version() {
        let of = |release: &str, build: &str| running_version(release, build, &[]);
        let debian = of("6.1.0-37-amd64", "#1 SMP PREEMPT_DYNAMIC Debian 6.1.140-1 (2025-05-22)");
        assert_eq!(debian.as_deref(), Some("6.1.140-1"));
        let rpi = of("6.6.51+rpt-rpi-v8", "#1 SMP PREEMPT Debian 1:6.6.51-1+rpt3 (2024-10-08)");
        assert_eq!(rpi.as_deref(), Some("1:6.6.51-1+rpt3"));
        let ubuntu = of("6.8.0-100-generic", "#100~22.04.1-Ubuntu SMP PREEMPT_DYNAMIC Mon Jan 19 17:10:19 UTC ");
        assert_eq!(ubuntu.as_deref(), Some("6.8.0-100.100~22.04.1"));
        assert_eq!(of("6.18.44-fc-v595", "#1 SMP PREEMPT_DYNAMIC @0"), None);
    }
}
