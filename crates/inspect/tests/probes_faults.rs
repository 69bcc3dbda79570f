//! Every probe on systems where everything fails, is garbage, or is not there: nothing a policy could pass.

use std::path::PathBuf;
use std::sync::Arc;

use proptest::prelude::*;
use rustix::io::Errno;
use seaworthy_inspect::inspection::{PROBED, inspect, probes};
use seaworthy_inspect::probes::netfilter::{Netfilter, Question};
use seaworthy_inspect::probes::{Look, UserContext};
use seaworthy_inspect::{Fault, Root};
use seaworthy_model::{Claim, ClaimId, Claims, Reason, Timestamp};
use seaworthy_testkit::Sysroot;

#[derive(Debug)]
struct Answers(Result<Vec<u8>, Reason>);

impl Netfilter for Answers {
    fn dump(&self, _: Question) -> Result<Vec<u8>, Reason> {
        self.0.clone()
    }
}

fn claims(root: Root, netfilter: Result<Vec<u8>, Reason>) -> Claims {
    let user = UserContext { home: PathBuf::from("/home/ada"), uid: 1000, is_root: false, desktop: None };
    let mut look = Look::new(root, Timestamp::from_seconds(1_800_000_000), user);
    look.netfilter = Arc::new(Answers(netfilter));
    inspect(&Arc::new(look), &probes(), PROBED)
}

/// Whether some policy could take what is claimed for a pass.
fn could_pass(claims: &Claims, id: ClaimId) -> bool {
    fn known<T>(claim: &Claim<T>, good: impl Fn(&T) -> bool) -> bool {
        matches!(claim, Claim::Known { value, .. } if good(value))
    }
    match id {
        ClaimId::Updates => known(&claims.updates, |_| true),
        ClaimId::Catalog => known(&claims.catalog, |_| true),
        ClaimId::Distribution => known(&claims.distribution, |_| true),
        ClaimId::Kernel => known(&claims.kernel, |found| found.current),
        ClaimId::Restart => known(&claims.restart, |found| !found.required),
        ClaimId::StaleLibraries => known(&claims.stale_libraries, |found| found.processes == 0),
        ClaimId::DiskEncryption => known(&claims.disk_encryption, |_| true),
        ClaimId::Firewall => known(&claims.firewall, |found| found.active),
        ClaimId::SecureBoot => known(&claims.secure_boot, |found| found.enabled),
        ClaimId::AutomaticUpdates => known(&claims.automatic_updates, |found| found.enabled),
        ClaimId::MandatoryAccessControl => known(&claims.mandatory_access_control, |found| found.enforcing),
        ClaimId::Ssh => known(&claims.ssh, |_| true),
        ClaimId::ScreenLock => known(&claims.screen_lock, |found| found.enabled),
        ClaimId::Antivirus => known(&claims.antivirus, |_| true),
    }
}

/// Nothing passes, and all but `expected` are unknown. A restart that is asked for is a fail, and may be known.
fn check(what: &str, claims: &Claims, expected: &[ClaimId]) {
    for &id in PROBED {
        assert!(!could_pass(claims, id), "{what}: {id} could pass");
        assert!(claims.is_unknown(id) || expected.contains(&id), "{what}: {id} is {:?}", claims.reason(id));
    }
}

#[test]
fn a_system_on_which_everything_fails_is_unknown() {
    let system = Sysroot::new();
    for fault in [Fault::NoRight, Fault::NotAFile, Fault::TooLarge, Fault::Io(Errno::IO), Fault::Missing] {
        for root in [Root::staged(system.path()), Root::disk(system.path())] {
            let found = claims(root.failing("/", fault), Err(Reason::NoRight));
            check(&format!("{fault}"), &found, &[]);
        }
    }
    check("empty", &claims(Root::staged(system.path()), Err(Reason::NoRight)), &[]);
    check("empty disk", &claims(Root::disk(system.path()), Err(Reason::NoRight)), &[]);
}

/// What each subtree's failure does, where all the rest is missing.
#[test]
fn a_system_on_which_one_subtree_fails_does_not_pass() {
    let system =
        Sysroot::new().folder("/usr/share").folder("/usr/bin").folder("/usr/sbin").folder("/etc").folder("/run");
    for path in ["/etc", "/usr", "/proc", "/sys", "/run", "/var", "/boot"] {
        let found = claims(Root::staged(system.path()).failing(path, Fault::NoRight), Err(Reason::NoRight));
        for &id in PROBED {
            assert!(!could_pass(&found, id), "{path}: {id}");
        }
    }
}

/// In a garbled world the programs of a server or a scanner are not among what seems to be there.
const PROGRAMS: &[ClaimId] = &[ClaimId::Ssh, ClaimId::Antivirus, ClaimId::Restart];

fn garbled(bytes: &[u8]) {
    let system = Sysroot::new();
    for root in [Root::staged(system.path()), Root::disk(system.path())] {
        check(&format!("{bytes:?}"), &claims(root.garbled("/", bytes), Ok(bytes.to_vec())), PROGRAMS);
    }
    // The same without the marks of a container and of a restart.
    let unmarked = ["/run", "/.dockerenv"];
    let root = unmarked.iter().fold(Root::staged(system.path()), |root, path| root.failing(path, Fault::Missing));
    check(&format!("unmarked {bytes:?}"), &claims(root.garbled("/", bytes), Ok(bytes.to_vec())), PROGRAMS);
}

#[test]
fn known_shapes_of_garbage() {
    let shapes: [&[u8]; 8] = [b"", b"\0", b"\n", b"0", b"1\n", b"yes", b"ID=debian\n", b"a:b:c:d:e:f:g:h:i\n"];
    // Nearly the mappings of a process.
    let mappings: [&[u8]; 3] = [b"- abcd", b"0-1 abcd\n", b"0-1 r-xp 0 0:0 0 /usr/lib/x\n0-"];
    shapes.iter().chain(&mappings).for_each(|shape| garbled(shape));
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 64, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn random_garbage(bytes in prop::collection::vec(any::<u8>(), 0..600)) {
        garbled(&bytes);
    }

    #[test]
    fn garbage_of_one_file(text in "[ -~\n]{0,200}", index in 0_usize..8) {
        let path = ["/proc/self/mountinfo", "/proc/swaps", "/etc/ssh/sshd_config", "/var/lib/dpkg/status",
            "/sys/kernel/security/lsm", "/proc/1/maps", "/etc/os-release", "/etc/apt/apt.conf"][index];
        let system = Sysroot::new();
        let root = Root::staged(system.path()).garbled(path, text.as_bytes());
        let found = claims(root, Ok(text.into_bytes()));
        for &id in PROBED {
            prop_assert!(!could_pass(&found, id), "{}", id);
        }
    }
}
