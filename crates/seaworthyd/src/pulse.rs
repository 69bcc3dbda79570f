//! The store's pulse: whether it could be reached a moment ago, so that asking whether the server is ready costs nothing.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Weak};
use std::thread;
use std::time::Duration;

use seaworthy_service::ports::Store;
use tracing::{info, warn};

/// How often the store is asked.
const BEAT: Duration = Duration::from_secs(2);

/// Whether the store could be reached when it was last asked.
#[derive(Debug)]
pub struct Pulse(AtomicBool);

impl Pulse {
    /// Begins to ask; ends when nobody wants to know any more.
    pub fn of(store: &Arc<dyn Store>) -> Arc<Pulse> {
        let pulse = Arc::new(Pulse(AtomicBool::new(true)));
        let (listener, store) = (Arc::downgrade(&pulse), Arc::clone(store));
        let asking = thread::Builder::new().name("pulse".into()).spawn(move || listen(&listener, store.as_ref()));
        if let Err(error) = asking {
            warn!(%error, "nobody asks whether the store can be reached");
        }
        pulse
    }

    /// Whether it could be reached.
    pub fn beats(&self) -> bool {
        self.0.load(Ordering::Relaxed)
    }
}

fn listen(pulse: &Weak<Pulse>, store: &dyn Store) {
    while let Some(pulse) = pulse.upgrade() {
        let beats = store.is_ready();
        match (pulse.0.swap(beats, Ordering::Relaxed), beats) {
            (true, false) => warn!("the store cannot be reached; reports are refused until it is back"),
            (false, true) => info!("the store is back"),
            _ => {}
        }
        drop(pulse);
        thread::sleep(BEAT);
    }
}
