//! `seaworthy agent --once`: what a timer runs. It reports, says nothing when all is well, and lets a server that is away
//! be for a while that grows.

use std::thread;
use std::time::Duration;

use seaworthy_model::Timestamp;

use crate::cli::AgentArgs;
use crate::failure::{Failure, exit};
use crate::key::random;
use crate::organisation::{Session, Trouble};
use crate::reporting::{Outcome, round, waits};
use crate::surroundings::Surroundings;

/// The first wait after a failure, in seconds; each further one doubles it.
const FIRST_WAIT: i64 = 60;
/// The longest wait.
const LONGEST_WAIT: i64 = 6 * 3600;

/// Reports once. Delivered is a success, whatever the verdict.
pub fn run(args: &AgentArgs, around: &Surroundings) -> Result<u8, Failure> {
    if args.jitter == 0 {
        return report(around);
    }
    let wait = u64::from(u32::from_le_bytes(random()?)) % u64::from(args.jitter).saturating_add(1);
    thread::sleep(Duration::from_secs(wait));
    report(&Surroundings::read())
}

fn report(around: &Surroundings) -> Result<u8, Failure> {
    let mut session = Session::open(around)?;
    if let Some(until) = session.exchange().next_try.filter(|until| is_to_wait(around.now, *until)) {
        if around.watched {
            crate::say(&format!("note: the server did not answer; the agent lets it be until {until}"));
        }
        return Ok(exit::UNKNOWN);
    }
    let (_, outcome) = round(&mut session, around)?;
    if let Outcome::Waits(_) = outcome {
        let chance = u32::from_le_bytes(random()?);
        session.put_off(|failures| around.now + wait(failures, chance))?;
        return waits(outcome, &session);
    }
    if session.is_ledger_due()
        && let Err(trouble @ Trouble::Here(_)) = session.ledger()
    {
        return Err(trouble.failure());
    }
    session.sound().map(|()| exit::PASS)
}

/// A clock that was set back must not keep the agent quiet for longer than it ever waits.
fn is_to_wait(now: Timestamp, until: Timestamp) -> bool {
    now < until && until.seconds().saturating_sub(now.seconds()) <= LONGEST_WAIT
}

/// Seconds to wait after so many failures in a row: doubled with each, and between half and all of that, so that devices
/// do not come back at once.
fn wait(failures: u32, chance: u32) -> i64 {
    let most = FIRST_WAIT.checked_shl(failures.saturating_sub(1)).map_or(LONGEST_WAIT, |wait| wait.min(LONGEST_WAIT));
    let most = if failures > 16 { LONGEST_WAIT } else { most };
    let half = most / 2;
    half + i64::from(chance) % (most - half + 1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn waits_double_up_to_six_hours_and_differ() {
        assert_eq!((wait(1, 0), wait(1, 30)), (30, 60));
        assert_eq!(wait(3, 0), 120);
        for failures in [10, 20, 64, u32::MAX] {
            assert!((LONGEST_WAIT / 2..=LONGEST_WAIT).contains(&wait(failures, u32::MAX)), "{failures}");
        }
    }

    #[test]
    fn a_clock_set_back_does_not_silence_the_agent() {
        let at = Timestamp::from_seconds;
        assert!(is_to_wait(at(0), at(10)) && !is_to_wait(at(10), at(10)));
        assert!(!is_to_wait(at(0), at(LONGEST_WAIT + 1)));
    }
}
