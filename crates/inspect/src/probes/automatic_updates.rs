//! Whether security updates install themselves on Debian and Ubuntu: apt.systemd.daily(8) and unattended-upgrade(8).
//!
//! Settings alone are no proof. The timers must start the work, security must be among what may be installed, and the
//! work must have been done lately.

use std::io::Read;

use seaworthy_model::{AutomaticUpdates, AutomaticUpdatesGap, Claim, DAY, Place, Reason, Timestamp};
use seaworthy_packages::apt::config::Config;
use seaworthy_packages::apt::parts::{self, Folder};

use super::{Look, OsRelease, Reader, Stop, pattern};

/// A run this many days ago still counts: a computer may be off for a week.
const RECENT_DAYS: i64 = 7;
/// A release file's head, which names it, is far shorter.
const RELEASE_HEAD: u64 = 4096;
const MAX_RELEASES: usize = 200;

/// Looks for each thing that may be missing.
pub fn probe(look: &Look) -> Claim<AutomaticUpdates> {
    look.answer(examine)
}

fn examine(reader: &Reader<'_>) -> Result<AutomaticUpdates, Stop<AutomaticUpdates>> {
    let system = reader.os_release()?;
    if !system.is_like(&["debian", "ubuntu"]) || !reader.exists(Place::DpkgStatus, "/var/lib/dpkg/status")? {
        return Err(Stop::Unknown(Reason::NotSupported));
    }
    let config = config(reader)?;
    let last_run = last_run(reader)?;
    let found = [
        (AutomaticUpdatesGap::NotInstalled, is_installed(reader)?),
        (AutomaticUpdatesGap::UpgradeOff, is_due(&config, "Unattended-Upgrade")),
        (AutomaticUpdatesGap::ListsOff, is_due(&config, "Update-Package-Lists")),
        (AutomaticUpdatesGap::TimerOff, is_started(reader)?),
        (AutomaticUpdatesGap::SecurityNotAllowed, allows_security(reader, &config, &system)?),
        (AutomaticUpdatesGap::NotRun, last_run.is_some_and(|run| is_recent(run, reader.look.now))),
    ];
    let gaps: Vec<_> = found.into_iter().filter(|(_, fine)| !fine).map(|(gap, _)| gap).collect();
    Ok(AutomaticUpdates { enabled: gaps.is_empty(), gaps, last_run })
}

fn is_installed(reader: &Reader<'_>) -> Result<bool, Reason> {
    reader.exists(Place::UnattendedProgram, "/usr/bin/unattended-upgrade").map_err(|error| error.reason())
}

/// `apt.conf.d` in the order of names, then `apt.conf`, over apt's built-in settings.
fn config(reader: &Reader<'_>) -> Result<Config, Reason> {
    let mut config = Config::default();
    let names = reader.optional_list(Place::AptConf, "/etc/apt/apt.conf.d").map_err(|error| error.reason())?;
    let parts = names.into_iter().filter(|name| parts::counts(Folder::Config, name));
    let files = parts.map(|name| format!("/etc/apt/apt.conf.d/{name}")).chain(["/etc/apt/apt.conf".to_owned()]);
    for file in files {
        let text = match reader.bytes(Place::AptConf, &file, crate::root::SETTINGS_CAP) {
            Ok(text) => text,
            Err(error) if error.is_missing() => continue,
            Err(error) => return Err(error.reason()),
        };
        config.read(&text).map_err(|_| Reason::Garbled)?;
    }
    Ok(config)
}

/// A number of days, seconds, minutes or hours above zero, or `always`; and the whole not switched off.
fn is_due(config: &Config, name: &str) -> bool {
    let is_on =
        |value: &str| value == "always" || !value.trim_end_matches(['s', 'm', 'h', 'd']).trim_matches('0').is_empty();
    let value = config.find(&format!("APT::Periodic::{name}")).unwrap_or("0");
    let whole = config.find("APT::Periodic::Enable").unwrap_or("1");
    is_on(value) && whole != "0"
}

/// Both timers are enabled, and neither they nor what they start is masked. Without systemd cron does the work.
fn is_started(reader: &Reader<'_>) -> Result<bool, Reason> {
    if !reader.has_systemd()? {
        let script = reader.exists(Place::CronDaily, "/etc/cron.daily/apt-compat").map_err(|error| error.reason())?;
        let cron = reader.exists(Place::CronDaily, "/usr/sbin/cron").map_err(|error| error.reason())?;
        return Ok(script && cron);
    }
    for work in ["apt-daily", "apt-daily-upgrade"] {
        let enabled = reader.is_enabled(&format!("{work}.timer"), "timers.target")?;
        if !enabled || reader.is_masked(&format!("{work}.service"))? {
            return Ok(false);
        }
    }
    Ok(true)
}

/// The latest proof of work. The log's folder is often root's alone; the stamps are enough without it.
fn last_run(reader: &Reader<'_>) -> Result<Option<Timestamp>, Reason> {
    let mut latest = None;
    for stamp in ["unattended-upgrades-stamp", "upgrade-stamp"] {
        let found = reader.identity(Place::PeriodicStamps, format!("/var/lib/apt/periodic/{stamp}"));
        latest = latest.max(found.map_err(|error| error.reason())?.map(|found| found.modified()));
    }
    let log = reader.identity(Place::UnattendedLog, "/var/log/unattended-upgrades/unattended-upgrades.log");
    Ok(latest.max(log.ok().flatten().map(|found| found.modified())))
}

/// A run in the future is no run.
fn is_recent(run: Timestamp, now: Timestamp) -> bool {
    (-DAY..RECENT_DAYS * DAY).contains(&(now.seconds() - run.seconds()))
}

/// What a package archive calls itself.
#[derive(Debug, Default)]
struct Archive {
    origin: String,
    label: String,
    suite: String,
    codename: String,
}

/// Whether the security archive is among the allowed origins.
fn allows_security(reader: &Reader<'_>, config: &Config, system: &OsRelease) -> Result<bool, Reason> {
    let archives = security_archives(reader, system)?;
    let origins = config.list("Unattended-Upgrade::Allowed-Origins");
    let patterns = config.list("Unattended-Upgrade::Origins-Pattern");
    let fill = |text: &str| substitute(text, system);
    let allowed = |archive: &Archive| {
        origins.iter().any(|origin| covers_origin(&fill(origin), archive))
            || patterns.iter().any(|line| covers_pattern(&fill(line), archive))
    };
    Ok(!archives.is_empty() && archives.iter().all(allowed))
}

fn substitute(text: &str, system: &OsRelease) -> String {
    let id = match system.get("ID").as_str() {
        "debian" => "Debian".to_owned(),
        "ubuntu" => "Ubuntu".to_owned(),
        other => other.to_owned(),
    };
    text.replace("${distro_id}", &id).replace("${distro_codename}", &system.get("VERSION_CODENAME"))
}

/// `origin:suite`, each a pattern.
fn covers_origin(text: &str, archive: &Archive) -> bool {
    let parts = text.rsplit_once(':');
    parts.is_some_and(|(origin, suite)| {
        pattern::matches(origin.trim(), &archive.origin) && pattern::matches(suite.trim(), &archive.suite)
    })
}

/// `origin=Debian,codename=…,label=…`: all must match; a `*` alone matches everything.
fn covers_pattern(line: &str, archive: &Archive) -> bool {
    line.split(',').map(str::trim).all(|token| {
        let Some((key, value)) = token.split_once('=') else { return token == "*" };
        let found = match key.trim() {
            "o" | "origin" => &archive.origin,
            "l" | "label" => &archive.label,
            "a" | "suite" | "archive" => &archive.suite,
            "n" | "codename" => &archive.codename,
            // A component or a site: it narrows to something that is not looked at.
            _ => return value.trim() == "*",
        };
        pattern::matches(value.trim(), found)
    })
}

/// The security archives among the lists; where there are none, the names the vendor gives them, so that settings can
/// be judged before the first update. Debian's suite changes its name with each release, and is left open then.
fn security_archives(reader: &Reader<'_>, system: &OsRelease) -> Result<Vec<Archive>, Reason> {
    let names = reader.optional_list(Place::AptLists, "/var/lib/apt/lists").map_err(|error| error.reason())?;
    let releases = names.iter().filter(|name| name.ends_with("_InRelease") || name.ends_with("_Release"));
    let mut archives = Vec::new();
    for name in releases.take(MAX_RELEASES) {
        archives.extend(head(reader, name)?.filter(is_security));
    }
    if archives.is_empty() {
        let security = format!("{}-security", system.get("VERSION_CODENAME"));
        let archive = if system.get("ID") == "debian" {
            Archive {
                origin: "Debian".into(),
                label: "Debian-Security".into(),
                codename: security,
                ..Archive::default()
            }
        } else {
            let codename = system.get("VERSION_CODENAME");
            Archive { origin: "Ubuntu".into(), label: "Ubuntu".into(), suite: security, codename }
        };
        archives.push(archive);
    }
    Ok(archives)
}

fn is_security(archive: &Archive) -> bool {
    match archive.origin.as_str() {
        "Debian" => archive.label == "Debian-Security",
        "Ubuntu" => archive.suite.ends_with("-security"),
        _ => false,
    }
}

fn head(reader: &Reader<'_>, name: &str) -> Result<Option<Archive>, Reason> {
    let file = reader.open(Place::AptLists, format!("/var/lib/apt/lists/{name}")).map_err(|error| error.reason())?;
    let mut bytes = Vec::new();
    file.take(RELEASE_HEAD).read_to_end(&mut bytes).map_err(|_| Reason::ReadFailed)?;
    let text = String::from_utf8_lossy(&bytes);
    let field = |name: &str| {
        let value = text.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(':'));
        value.unwrap_or_default().trim().to_owned()
    };
    let archive =
        Archive { origin: field("Origin"), label: field("Label"), suite: field("Suite"), codename: field("Codename") };
    Ok((!archive.suite.is_empty() || !archive.codename.is_empty()).then_some(archive))
}
