//! The way from the command line to an appraisal, shared by `inspect`, `stamp` and `report`.

use seaworthy_appraise::policy::identify;
use seaworthy_appraise::{appraise, combined_fix};
use seaworthy_inspect::{Advisories, Inspection, Proving, Root, UserContext, sha256};
use seaworthy_model::{Appraisal, ClaimId, Code, Evidence, Policy, Timestamp};

use crate::cli::Subject;
use crate::failure::Failure;
use crate::progress;
use crate::report::Report;
use crate::surroundings::Surroundings;

/// Evidence and what a policy says of it.
#[derive(Debug)]
pub struct Judged {
    /// What was found.
    pub evidence: Evidence,
    /// What the policy says.
    pub appraisal: Appraisal,
}

impl Judged {
    /// The report of it, as of an instant; else as of the inspection.
    pub fn report(self, as_of: Option<Timestamp>) -> Report {
        let as_of = as_of.unwrap_or(self.evidence.envelope.inspected_at);
        let fix = combined_fix(&self.evidence, &self.appraisal);
        Report::new(self.evidence, self.appraisal, as_of, fix)
    }
}

/// Inspects and appraises.
pub fn judge(subject: &Subject, only: &[ClaimId], around: &Surroundings) -> Result<Judged, Failure> {
    let policy = crate::policy::load(&subject.policy)?;
    let mut wanted = policy.claims();
    if !only.is_empty() {
        wanted = only.to_vec();
    }
    appraised(evidence(subject, &wanted, only, around)?, &policy)
}

/// Inspects this device for these claims and no others.
pub fn inspect_device(wanted: &[ClaimId], around: &Surroundings) -> Result<Evidence, Failure> {
    let here = Subject { policy: String::new(), root: None, advisories: None, prove: false };
    evidence(&here, wanted, &[], around)
}

/// What a policy says of evidence.
pub fn appraised(evidence: Evidence, policy: &Policy) -> Result<Judged, Failure> {
    let id = identify(policy, sha256).map_err(|error| Failure::bug(error.to_string()))?;
    let appraisal = appraise(&evidence, policy, id);
    Ok(Judged { evidence, appraisal })
}

fn evidence(
    subject: &Subject,
    wanted: &[ClaimId],
    only: &[ClaimId],
    around: &Surroundings,
) -> Result<Evidence, Failure> {
    let inspection = Inspection {
        root: root(subject)?,
        host: Root::live(),
        now: around.now,
        user: user(around),
        state: Some(around.state.clone()),
        proving: proving(subject, only),
        advisories: advisories(subject)?,
    };
    let (evidence, troubles) = progress::during(around.watched, || inspection.run(wanted));
    for trouble in troubles {
        crate::say(&format!("note: {trouble}"));
    }
    Ok(evidence)
}

/// `--only updates` shows the set alone; a proof is used where one is remembered.
fn proving(subject: &Subject, only: &[ClaimId]) -> Proving {
    if subject.prove {
        Proving::Again
    } else if only == [ClaimId::Updates] {
        Proving::RememberedOnly
    } else {
        Proving::WhereNeeded
    }
}

fn root(subject: &Subject) -> Result<Root, Failure> {
    let Some(folder) = &subject.root else { return Ok(Root::live()) };
    let wrong = |why: &str| Failure::new(Code::RootUnreadable, format!("{}: {why}", folder.display()));
    std::fs::read_dir(folder).map_err(|error| wrong(&error.to_string()))?;
    let root = Root::disk(folder);
    let is_system = ["/etc/os-release", "/usr/lib/os-release", "/var/lib/dpkg"].iter().any(|path| root.exists(path));
    if is_system { Ok(root) } else { Err(wrong("no Linux system is there (no os-release, no package database)")) }
}

fn user(around: &Surroundings) -> UserContext {
    UserContext {
        home: around.holder.home.clone(),
        uid: around.holder.uid,
        is_root: around.uid == 0,
        desktop: around.desktop.clone(),
    }
}

fn advisories(subject: &Subject) -> Result<Option<Advisories>, Failure> {
    let Some(path) = &subject.advisories else { return Ok(None) };
    let read = Advisories::read(path).map_err(|error| Failure::new(Code::AdvisoriesUnreadable, error.to_string()));
    read.map(Some)
}
