//! The one definition of the policy format. A key or kind that is not here does not exist.

use seaworthy_model::{Rating, RuleKind, Severity, Which};

use super::settings::{Setting, Settings};

/// What a key holds.
#[derive(Clone, Copy, Debug)]
pub enum Values {
    /// A whole number of a unit, within a range.
    Whole {
        /// Least value.
        least: u32,
        /// Greatest value.
        most: u32,
        /// What is counted; empty for plain numbers.
        unit: &'static str,
    },
    /// `true` or `false`.
    Flag,
    /// One of a closed list of words.
    Word(fn() -> Vec<&'static str>),
    /// One line for people.
    Line {
        /// Most characters.
        most: usize,
    },
    /// Lower-case letters, digits and hyphens.
    Name,
    /// The tables of the rules.
    Rules,
}

/// Whether a key may be left out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Need {
    /// It must be there.
    Required,
    /// It may be left out.
    Optional,
}

/// One key of the format.
#[derive(Clone, Copy, Debug)]
pub struct Key {
    /// Its name.
    pub name: &'static str,
    /// What it holds.
    pub values: Values,
    /// Whether it may be left out.
    pub need: Need,
    /// What it means.
    pub meaning: &'static str,
}

/// One kind of rule.
#[derive(Clone, Copy, Debug)]
pub struct Kind {
    /// Its name.
    pub name: &'static str,
    /// The keys it has beside those of every rule.
    pub keys: &'static [Key],
    /// What it asks for.
    pub meaning: &'static str,
    /// When it fails, and when it cannot be told.
    pub verdict: &'static str,
    /// The rule from its settings; none if one is missing.
    pub build: fn(&Settings) -> Option<RuleKind>,
}

/// Longest name of a policy.
pub(crate) const MAX_NAME: usize = 64;

const fn key(name: &'static str, values: Values, meaning: &'static str) -> Key {
    Key { name, values, need: Need::Required, meaning }
}

const fn days(name: &'static str, meaning: &'static str) -> Key {
    key(name, Values::Whole { least: 0, most: 3650, unit: "days" }, meaning)
}

fn severities() -> Vec<&'static str> {
    Severity::ALL.iter().map(|severity| severity.name()).collect()
}

fn ratings() -> Vec<&'static str> {
    Rating::ALL.iter().map(|rating| rating.name()).collect()
}

fn which() -> Vec<&'static str> {
    Which::ALL.iter().map(|which| which.name()).collect()
}

fn kinds() -> Vec<&'static str> {
    KINDS.iter().map(|kind| kind.name).collect()
}

/// The keys of a policy.
pub const POLICY_KEYS: &[Key] = &[
    key("name", Values::Name, "Short name."),
    key("version", Values::Whole { least: 1, most: 1_000_000, unit: "" }, "Counted up with every change."),
    key("title", Values::Line { most: 120 }, "What it is for, in one line."),
    key("source", Values::Line { most: 500 }, "Where its numbers come from."),
    key(
        "cadence_days",
        Values::Whole { least: 1, most: 3650, unit: "days" },
        "Longest time between two inspections. Evidence that is older reads unknown.",
    ),
    key("rules", Values::Rules, "The rules, each as a table `[[rules]]`; at least one, at most 200."),
];

/// The keys of every rule.
pub const RULE_KEYS: &[Key] = &[
    key("kind", Values::Word(kinds), "What the rule asks for."),
    key(
        "severity",
        Values::Word(severities),
        "How grave a lapse is. An advisory is shown and never changes the verdict.",
    ),
];

const MAX_AGE: &[Key] = &[days("max_age_days", "Oldest allowed, in days.")];
const ALLOWED: &[Key] = &[days("allowed_days", "Days until a lapse becomes a fail; 0 is at once.")];

/// The kinds of rules, closed.
pub const KINDS: &[Kind] = &[
    Kind {
        name: "catalog",
        keys: MAX_AGE,
        meaning: "Every package source is what its vendor signed, is fresh, and the distribution's release and security archive are among them.",
        verdict: "Unknown, never a fail, where a source is unproved or stale or an archive is missing. Age is that of the signed `Date` for security archives, and that of the last fetch for archives that stand still for months.",
        build: |set| Some(RuleKind::Catalog { max_age_days: set.whole("max_age_days")? }),
    },
    Kind {
        name: "updates",
        keys: &[
            key(
                "which",
                Values::Word(which),
                "`security`: from a security archive, or with one between installed and offered version. `all`: any.",
            ),
            Key {
                need: Need::Optional,
                ..key(
                    "rated_at_least",
                    Values::Word(ratings),
                    "Only updates rated at least this. One that nobody has rated always counts.",
                )
            },
            days("allowed_days", "Days from publication to the fail; 0 is at once."),
        ],
        meaning: "Updates are installed in time.",
        verdict: "Fails once the update has been out for certain for the allowed days; unknown while it may have been, and where the list of updates may be incomplete. Updates that the vendor holds back from this device, and packages that nothing needs, are no lapse; held packages are one.",
        build: |set| {
            let rated_at_least = match set.text("rated_at_least") {
                Some(name) => Some(Rating::from_name(name)?),
                None => None,
            };
            let which = set.text("which").and_then(Which::from_name)?;
            Some(RuleKind::Updates { which, rated_at_least, allowed_days: set.whole("allowed_days")? })
        },
    },
    Kind {
        name: "release",
        keys: &[key("lts", Values::Flag, "Whether long-term support that is free to everybody counts.")],
        meaning: "The vendor still supports the release.",
        verdict: "Fails from the end of support on; unknown where no end is known.",
        build: |set| Some(RuleKind::Release { lts: set.flag("lts")? }),
    },
    Kind {
        name: "kernel",
        keys: ALLOWED,
        meaning: "The newest installed kernel runs.",
        verdict: "Fails the allowed days after its installation; where that date is unknown, the allowed days after the inspection, and unknown until then.",
        build: |set| Some(RuleKind::Kernel { allowed_days: set.whole("allowed_days")? }),
    },
    Kind {
        name: "restart",
        keys: ALLOWED,
        meaning: "No package asks for a restart.",
        verdict: "Fails the allowed days after the request; where its date is unknown, the allowed days after the inspection, and unknown until then.",
        build: |set| Some(RuleKind::Restart { allowed_days: set.whole("allowed_days")? }),
    },
    Kind {
        name: "stale-libraries",
        keys: &[],
        meaning: "No process runs libraries that an update has replaced.",
        verdict: "Unknown where no such process is seen but some could not be read.",
        build: |_| Some(RuleKind::StaleLibraries),
    },
    Kind {
        name: "disk-encryption",
        keys: &[],
        meaning: "`/`, `/home`, `/var` and swap are encrypted at rest.",
        verdict: "Judged per volume: one plain volume fails.",
        build: |_| Some(RuleKind::DiskEncryption),
    },
    Kind {
        name: "firewall",
        keys: &[],
        meaning: "Incoming packets are denied by default.",
        verdict: "Unknown without the right to read the kernel's rules.",
        build: |_| Some(RuleKind::Firewall),
    },
    Kind {
        name: "secure-boot",
        keys: &[],
        meaning: "Verified boot is on.",
        verdict: "Not applicable without UEFI.",
        build: |_| Some(RuleKind::SecureBoot),
    },
    Kind {
        name: "automatic-updates",
        keys: &[],
        meaning: "Security updates install themselves.",
        verdict: "Fails where any part of the chain is missing, a recent run included.",
        build: |_| Some(RuleKind::AutomaticUpdates),
    },
    Kind {
        name: "mandatory-access-control",
        keys: &[],
        meaning: "AppArmor or SELinux confines programs and refuses, not only watches.",
        verdict: "Fails where it is absent, or only watches.",
        build: |_| Some(RuleKind::MandatoryAccessControl),
    },
    Kind {
        name: "ssh-password",
        keys: &[],
        meaning: "The SSH server accepts no passwords.",
        verdict: "Judged by the widest of all `Match` blocks. Not applicable without a server.",
        build: |_| Some(RuleKind::SshPassword),
    },
    Kind {
        name: "ssh-root-login",
        keys: &[],
        meaning: "The SSH server does not let the superuser in with a password.",
        verdict: "Fails where `PermitRootLogin` is `yes` and passwords are accepted. Not applicable without a server.",
        build: |_| Some(RuleKind::SshRootLogin),
    },
    Kind {
        name: "screen-lock",
        keys: &[key(
            "max_delay_seconds",
            Values::Whole { least: 0, most: 86_400, unit: "seconds" },
            "Longest time from the last touch to the lock.",
        )],
        meaning: "An idle desktop locks.",
        verdict: "Not applicable without a desktop; unknown on one that Seaworthy cannot read.",
        build: |set| Some(RuleKind::ScreenLock { max_delay_seconds: set.whole("max_delay_seconds")? }),
    },
    Kind {
        name: "antivirus",
        keys: MAX_AGE,
        meaning: "The signatures of an installed scanner are fresh.",
        verdict: "Fails where they are too old at the inspection; unknown once they would be. Not applicable where no scanner is installed.",
        build: |set| Some(RuleKind::Antivirus { max_age_days: set.whole("max_age_days")? }),
    },
];

impl Values {
    /// What a value must be, in words.
    pub fn expected(&self) -> String {
        match *self {
            Values::Whole { least, most, unit: "" } => format!("a whole number from {least} to {most}"),
            Values::Whole { least, most, unit } => format!("a whole number of {unit} from {least} to {most}"),
            Values::Flag => "true or false".to_owned(),
            Values::Word(words) => format!("one of {}", words().join(", ")),
            Values::Line { most } => format!("one line of text, at most {most} characters"),
            Values::Name => {
                format!("lower-case letters, digits and hyphens, a letter first, at most {MAX_NAME} characters")
            }
            Values::Rules => "tables, each begun with [[rules]]".to_owned(),
        }
    }

    /// A value that is accepted, for examples.
    pub(crate) fn sample(&self) -> Option<Setting> {
        match *self {
            Values::Whole { least, .. } => Some(Setting::Whole(least)),
            Values::Flag => Some(Setting::Flag(true)),
            Values::Word(words) => words().first().map(|&word| Setting::Text(word.to_owned())),
            Values::Line { .. } | Values::Name => Some(Setting::Text("sample".to_owned())),
            Values::Rules => None,
        }
    }
}

impl Kind {
    /// The kind of this name.
    pub fn named(name: &str) -> Option<&'static Kind> {
        KINDS.iter().find(|kind| kind.name == name)
    }

    /// A rule of this kind, with the first value that each key accepts.
    pub fn sample(&self) -> Option<RuleKind> {
        let mut settings = Settings::default();
        for key in self.keys {
            settings.set(key.name, key.values.sample()?);
        }
        (self.build)(&settings)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_kind_builds_the_rule_of_its_name() {
        for kind in KINDS {
            let rule = kind.sample().unwrap();
            assert_eq!(rule.name(), kind.name);
            assert!(!rule.claims().is_empty() && kind.meaning.ends_with('.') && kind.verdict.ends_with('.'));
        }
    }
}
