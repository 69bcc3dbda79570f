//! This very machine: what holds anywhere. `-- --nocapture` shows the claims.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::{Duration, Instant};

use seaworthy_inspect::Root;
use seaworthy_inspect::inspection::{PROBED, inspect, probes};
use seaworthy_inspect::probes::{Look, UserContext};
use seaworthy_model::{Claim, ClaimId, Reason, Timestamp};

#[test]
#[expect(clippy::disallowed_methods, reason = "the clock of the machine that is inspected")]
fn this_machine() {
    let now = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap().as_secs();
    let uid = rustix::process::getuid().as_raw();
    let user = UserContext { home: PathBuf::from("/nonexistent"), uid, is_root: uid == 0, desktop: None };
    let look = Arc::new(Look::new(Root::live(), Timestamp::from_seconds(now.cast_signed()), user));
    let table = probes();
    let mut best = Duration::MAX;
    let mut claims = inspect(&look, &table, PROBED);
    for _ in 0..10 {
        let before = Instant::now();
        claims = inspect(&look, &table, PROBED);
        best = best.min(before.elapsed());
    }
    println!("best of ten: {best:?}\n{claims:#?}");
    assert!(best < Duration::from_secs(1), "{best:?}");
    for &id in ClaimId::ALL {
        assert_eq!(claims.reason(id) == Some(Reason::NotAsked), !PROBED.contains(&id), "{id}");
        assert_ne!(claims.reason(id), Some(Reason::TimedOut), "{id}");
        for place in claims.read(id) {
            assert!(id.scope().places.contains(place), "{id} read {place}, which its scope does not name");
        }
    }
    assert!(uid == 0 || !matches!(claims.firewall, Claim::Known { .. }));
}
