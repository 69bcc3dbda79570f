//! Protections that guard the holder: on or not, as their claims say at the inspection.

use seaworthy_model::{AutomaticUpdatesGap, Claims, Code, Encryption, Fix, Reason, RootLogin, Volume};

use crate::draft::{Draft, judged, known};

/// A finding per volume: one plain volume is a lapse, whatever the others are.
pub(crate) fn disk_encryption(claims: &Claims) -> Vec<Draft> {
    match known(&claims.disk_encryption, Code::DiskEncrypted) {
        Err(draft) => vec![*draft],
        Ok(disks) if disks.volumes.is_empty() => vec![Draft::unknown(Code::DiskEncrypted, Reason::Missing)],
        Ok(disks) => disks.volumes.iter().map(volume).collect(),
    }
}

fn volume(volume: &Volume) -> Draft {
    let draft = match volume.encryption {
        Encryption::Encrypted => Draft::pass(Code::DiskEncrypted),
        Encryption::Plain => Draft::fail(Code::DiskEncrypted),
        Encryption::Unknown => Draft::unknown(Code::DiskEncrypted, Reason::NotSupported),
    };
    draft.about(volume.mount.as_str())
}

pub(crate) fn firewall(claims: &Claims) -> Draft {
    judged(&claims.firewall, Code::FirewallActive, |firewall| {
        Draft::pass_if(Code::FirewallActive, firewall.active).about(firewall.kind.name())
    })
}

pub(crate) fn secure_boot(claims: &Claims) -> Draft {
    judged(&claims.secure_boot, Code::SecureBootOn, |boot| Draft::pass_if(Code::SecureBootOn, boot.enabled))
}

pub(crate) fn automatic_updates(claims: &Claims) -> Draft {
    judged(&claims.automatic_updates, Code::AutomaticUpdatesOn, |updates| {
        if updates.enabled && updates.gaps.is_empty() {
            return Draft::pass(Code::AutomaticUpdatesOn);
        }
        let draft = Draft::fail(Code::AutomaticUpdatesOn).mended_by(mend_gaps(&updates.gaps));
        let gaps: Vec<&str> = updates.gaps.iter().map(|gap| gap.name()).collect();
        if gaps.is_empty() { draft } else { draft.about(gaps.join(", ")) }
    })
}

/// The first thing to do about what is missing; the others follow from it or come after it.
fn mend_gaps(gaps: &[AutomaticUpdatesGap]) -> Fix {
    use AutomaticUpdatesGap::{ListsOff, NotInstalled, NotRun, SecurityNotAllowed, TimerOff, UpgradeOff};
    let (advice, command) = match gaps.iter().min() {
        Some(NotInstalled) => (
            "Install unattended-upgrades and switch it on.",
            Some("apt-get install unattended-upgrades && dpkg-reconfigure unattended-upgrades"),
        ),
        Some(UpgradeOff | ListsOff) => ("Switch unattended-upgrades on.", Some("dpkg-reconfigure unattended-upgrades")),
        Some(TimerOff) => (
            "Switch on the timers that start it.",
            Some(concat!(
                "systemctl unmask apt-daily.timer apt-daily-upgrade.timer && ",
                "systemctl enable --now apt-daily.timer apt-daily-upgrade.timer",
            )),
        ),
        Some(SecurityNotAllowed) => {
            ("Add the security archive to Allowed-Origins in /etc/apt/apt.conf.d/50unattended-upgrades.", None)
        }
        Some(NotRun) => {
            ("It is set up but has not run lately: look at its log and run it once.", Some("unattended-upgrade"))
        }
        None => (Code::AutomaticUpdatesOn.entry().fix, None),
    };
    Fix { advice: advice.to_owned(), command: command.map(str::to_owned) }
}

pub(crate) fn mandatory_access_control(claims: &Claims) -> Draft {
    judged(&claims.mandatory_access_control, Code::MandatoryAccessControlOn, |control| {
        Draft::pass_if(Code::MandatoryAccessControlOn, control.enforcing).about(control.kind.name())
    })
}

pub(crate) fn ssh_password(claims: &Claims) -> Draft {
    judged(&claims.ssh, Code::SshPassword, |ssh| Draft::pass_if(Code::SshPassword, !ssh.password))
}

/// `PermitRootLogin yes` lets nobody in with a password where passwords are accepted from nobody.
pub(crate) fn ssh_root_login(claims: &Claims) -> Draft {
    judged(&claims.ssh, Code::SshRootLogin, |ssh| {
        Draft::pass_if(Code::SshRootLogin, !(ssh.password && ssh.root_login == RootLogin::Yes))
    })
}

pub(crate) fn screen_lock(claims: &Claims, max_delay_seconds: u32) -> Draft {
    judged(&claims.screen_lock, Code::ScreenLocks, |lock| {
        let draft = Draft::pass_if(Code::ScreenLocks, lock.enabled && lock.delay_seconds <= max_delay_seconds);
        if lock.enabled { draft.about(format!("after {} s", lock.delay_seconds)) } else { draft }
    })
}
