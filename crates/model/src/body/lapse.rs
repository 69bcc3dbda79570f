//! Pending updates on their way: dated, graded and counted; named only where the holder granted it.
//!
//! A build's date, to the second, names a package as well as its name does: without the grant the dates of builds and
//! advisories, and those of somebody else's archive, are widened to whole days.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::source::{Order, SentCatalog};
use super::word::{AdvisoryId, Architecture, PackageName, PackageVersion};
use super::{Grants, MAX_ADVISORIES, MAX_UPDATES};
use crate::claim::Reason;
use crate::updates::{DateSource, Dated, KeptBack, PendingUpdate, Rating, SourceRole, Updates};

/// Everything that is offered and not installed, and what pins hide.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct SentUpdates {
    /// Updates offered and not installed, in ascending order.
    pub pending: Vec<Lapse>,
    /// Security updates that only a pin keeps from being offered, in ascending order.
    pub withheld: Vec<Lapse>,
}

/// Updates that look alike, or a named one.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
pub struct Lapse {
    /// Which update; only by the grant `updates.names`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub named: Option<NamedUpdate>,
    /// It comes from a security archive.
    pub security: bool,
    /// Index into the sources of the catalog claim; absent where it fits none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub offered_by: Option<u32>,
    /// Set where apt would not install it now.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub kept_back: Option<KeptBack>,
    /// Nothing needs the package any more.
    pub leftover: bool,
    /// It was not out before this instant, by a vendor's date.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub not_before: Option<Dated>,
    /// It was out by this instant, by a vendor's date.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub out_by: Option<Dated>,
    /// The gravest rating of the advisories that it answers.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rating: Option<Rating>,
    /// How many updates look like this; 1 of a named one.
    pub count: u32,
}

/// The name of an update.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
pub struct NamedUpdate {
    /// Binary package.
    pub package: PackageName,
    /// Its architecture.
    pub architecture: Architecture,
    /// That is another one than the system's own.
    pub foreign: bool,
    /// Installed version.
    pub installed: PackageVersion,
    /// Version that apt would choose.
    pub candidate: PackageVersion,
    /// Source package.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub source: Option<PackageName>,
    /// Advisories that it answers, in ascending order, the first [`MAX_ADVISORIES`].
    pub advisories: Vec<AdvisoryId>,
}

/// What the lapses of one body are told by.
pub(super) struct Telling<'a> {
    pub(super) grants: Grants,
    pub(super) order: &'a Order,
    pub(super) catalog: Option<&'a SentCatalog>,
}

impl SentUpdates {
    pub(super) fn of(updates: &Updates, telling: &Telling) -> Result<SentUpdates, Reason> {
        if updates.pending.len().saturating_add(updates.withheld.len()) > MAX_UPDATES {
            return Err(Reason::TooLarge);
        }
        let tell = |updates: &[PendingUpdate]| counted(updates.iter().map(|update| telling.lapse(update)).collect());
        Ok(SentUpdates { pending: tell(&updates.pending), withheld: tell(&updates.withheld) })
    }

    pub(super) fn home(&self) -> Updates {
        let home = |lapses: &[Lapse]| lapses.iter().flat_map(Lapse::home).collect();
        Updates { pending: home(&self.pending), other_builds: Vec::new(), withheld: home(&self.withheld) }
    }

    /// Both lists.
    pub(super) fn all(&self) -> impl Iterator<Item = &Lapse> {
        self.pending.iter().chain(&self.withheld)
    }
}

/// In order, and those that look alike counted together.
fn counted(mut lapses: Vec<Lapse>) -> Vec<Lapse> {
    lapses.sort();
    let mut counted: Vec<Lapse> = Vec::with_capacity(lapses.len());
    for lapse in lapses {
        match counted.last_mut() {
            Some(last) if lapse.named.is_none() && last.looks_like(&lapse) => {
                last.count = last.count.saturating_add(lapse.count);
            }
            _ => counted.push(lapse),
        }
    }
    counted
}

impl Telling<'_> {
    fn lapse(&self, update: &PendingUpdate) -> Lapse {
        let named = NamedUpdate::of(update).filter(|_| self.grants.update_names);
        let offered_by = self.order.of(update.offered_by);
        let (not_before, out_by) = vendor_dates(update);
        let fine = named.is_some();
        let own = self.is_own(offered_by);
        Lapse {
            security: update.security,
            offered_by,
            kept_back: update.kept_back,
            leftover: update.leftover,
            not_before: not_before.map(|first| if fine || is_own_catalog(first, own) { first } else { down(first) }),
            out_by: out_by.map(|by| if fine || is_own_catalog(by, own) { by } else { up(by) }),
            rating: update.rating,
            count: 1,
            named,
        }
    }

    /// Whether the distribution itself offers it.
    fn is_own(&self, offered_by: Option<u32>) -> bool {
        let index = offered_by.and_then(|index| usize::try_from(index).ok());
        let source = index.and_then(|index| self.catalog?.sources.get(index));
        source.is_some_and(|source| source.role != SourceRole::ThirdParty)
    }
}

/// A date that tells nothing but which of the distribution's own catalogs was seen.
fn is_own_catalog(dated: Dated, own: bool) -> bool {
    own && matches!(dated.from, DateSource::ReleaseDate | DateSource::LastScan)
}

fn down(dated: Dated) -> Dated {
    Dated { at: dated.at.start_of_day(), ..dated }
}

fn up(dated: Dated) -> Dated {
    let day = dated.at.start_of_day();
    Dated { at: if day == dated.at { day } else { day.plus_days(1) }, ..dated }
}

/// The interval as far as vendors date it. What was out by an instant was not out after it, whoever says so.
fn vendor_dates(update: &PendingUpdate) -> (Option<Dated>, Option<Dated>) {
    let (first, by) = (update.not_before, update.out_by);
    let first = first.map(|first| by.filter(|by| by.at < first.at).unwrap_or(first));
    (first.filter(is_vendors), by.filter(is_vendors))
}

/// Not the device's own clock.
fn is_vendors(dated: &Dated) -> bool {
    use DateSource::{Advisory, InstalledBuild, LastScan, ReleaseDate};
    matches!(dated.from, ReleaseDate | Advisory | InstalledBuild | LastScan)
}

impl Lapse {
    fn looks_like(&self, other: &Lapse) -> bool {
        Lapse { count: other.count, ..self.clone() } == *other
    }

    /// The updates it stands for.
    fn home(&self) -> impl Iterator<Item = PendingUpdate> + use<> {
        let count = usize::try_from(self.count).unwrap_or_default();
        std::iter::repeat_n(self.update(), count)
    }

    fn update(&self) -> PendingUpdate {
        let mut update = self.named.as_ref().map(NamedUpdate::home).unwrap_or_else(nameless);
        update.security = self.security;
        update.offered_by = self.offered_by.unwrap_or(u32::MAX);
        update.kept_back = self.kept_back;
        update.leftover = self.leftover;
        update.not_before = self.not_before;
        update.out_by = self.out_by;
        update.rating = self.rating;
        update
    }
}

impl NamedUpdate {
    /// The name, if each part of it is one.
    fn of(update: &PendingUpdate) -> Option<NamedUpdate> {
        let mut advisories: Vec<_> = update.advisories.iter().filter_map(|id| AdvisoryId::new(id)).collect();
        advisories.sort();
        advisories.dedup();
        advisories.truncate(MAX_ADVISORIES);
        Some(NamedUpdate {
            package: PackageName::new(&update.package)?,
            architecture: Architecture::new(&update.architecture)?,
            foreign: update.foreign,
            installed: PackageVersion::new(&update.installed)?,
            candidate: PackageVersion::new(&update.candidate)?,
            source: PackageName::new(&update.source),
            advisories,
        })
    }

    fn home(&self) -> PendingUpdate {
        PendingUpdate {
            package: self.package.as_str().to_owned(),
            architecture: self.architecture.as_str().to_owned(),
            foreign: self.foreign,
            installed: self.installed.as_str().to_owned(),
            candidate: self.candidate.as_str().to_owned(),
            source: self.source.clone().map(String::from).unwrap_or_default(),
            advisories: self.advisories.iter().map(|id| id.as_str().to_owned()).collect(),
            ..nameless()
        }
    }
}

fn nameless() -> PendingUpdate {
    PendingUpdate {
        package: String::new(),
        architecture: String::new(),
        foreign: false,
        installed: String::new(),
        candidate: String::new(),
        security: false,
        source: String::new(),
        offered_by: u32::MAX,
        kept_back: None,
        leftover: false,
        not_before: None,
        out_by: None,
        advisories: Vec::new(),
        rating: None,
    }
}
