//! Messages that have no answer yet, in the order of their counters: sent again as they are, byte for byte.

use std::fs;
use std::io;

use seaworthy_inspect::StateDirectory;
use seaworthy_model::Code;
use seaworthy_stamp::SigningKey;

use crate::failure::Failure;

/// Most reports that wait; the oldest gives way.
const MOST: usize = 100;
/// Endings of file names: a message, and the key that its stamp will carry.
const ENDINGS: (&str, &str) = ("cbor", "key");

/// The folder of messages that wait.
#[derive(Debug)]
pub struct Outbox(StateDirectory);

impl Outbox {
    /// The outbox of a state directory.
    pub fn of(state: &StateDirectory) -> Outbox {
        Outbox(StateDirectory::new(state.path().join("outbox")))
    }

    /// Keeps a report, and the private half of its presenter's key, before it is sent.
    pub fn keep(&self, counter: u64, message: &[u8], presenter: &SigningKey) -> Result<(), Failure> {
        let waiting = self.waiting()?;
        for &old in waiting.iter().take((waiting.len() + 1).saturating_sub(MOST)) {
            self.remove(old)?;
        }
        let key = self.0.write(&name(counter, ENDINGS.1), presenter.to_pem().as_bytes());
        key.and_then(|()| self.0.write(&name(counter, ENDINGS.0), message)).map_err(|error| self.failed(&error))
    }

    /// The counters of the messages that wait, in order.
    pub fn waiting(&self) -> Result<Vec<u64>, Failure> {
        let entries = match fs::read_dir(self.0.path()) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
            entries => entries.map_err(|error| self.failed(&error))?,
        };
        let counter = |entry: fs::DirEntry| entry.file_name().to_str()?.strip_suffix(".cbor")?.parse().ok();
        let mut counters: Vec<u64> = entries.flatten().filter_map(counter).collect();
        counters.sort_unstable();
        Ok(counters)
    }

    /// A message that waits, and the key that its stamp will carry.
    pub fn message(&self, counter: u64) -> Result<(Vec<u8>, Option<SigningKey>), Failure> {
        let message = self.0.read(&name(counter, ENDINGS.0)).map_err(|error| self.failed(&error))?;
        let key = self.0.read(&name(counter, ENDINGS.1)).ok().flatten();
        let key = key.and_then(|text| SigningKey::parse(&String::from_utf8_lossy(&text)).ok());
        Ok((message.unwrap_or_default(), key))
    }

    /// Forgets a message that was answered or refused.
    pub fn remove(&self, counter: u64) -> Result<(), Failure> {
        for ending in [ENDINGS.0, ENDINGS.1] {
            match fs::remove_file(self.0.path().join(name(counter, ending))) {
                Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(self.failed(&error)),
                _ => {}
            }
        }
        Ok(())
    }

    /// Forgets all of them.
    pub fn clear(&self) -> Result<(), Failure> {
        self.waiting()?.into_iter().try_for_each(|counter| self.remove(counter))
    }

    fn failed(&self, error: &io::Error) -> Failure {
        Failure::new(Code::StateUnwritable, format!("{}: {error}", self.0.path().display()))
    }
}

/// Twenty digits, so that names sort as counters do.
fn name(counter: u64, ending: &str) -> String {
    format!("{counter:020}.{ending}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_newest_wait_in_order_and_the_oldest_give_way() {
        let folder = tempfile::tempdir().unwrap();
        let outbox = Outbox::of(&StateDirectory::new(folder.path()));
        assert_eq!(outbox.waiting().unwrap(), Vec::<u64>::new());
        let key = SigningKey::from_seed(&[7; 32]).unwrap();
        for counter in (2..=120).rev().chain([121]) {
            outbox.keep(counter, &counter.to_be_bytes(), &key).unwrap();
        }
        let waiting = outbox.waiting().unwrap();
        assert_eq!((waiting.len(), waiting.last()), (100, Some(&121)));
        assert!(waiting.is_sorted());
        let (message, presenter) = outbox.message(121).unwrap();
        assert_eq!((message, presenter.unwrap().public()), (121u64.to_be_bytes().to_vec(), key.public()));
        outbox.clear().unwrap();
        assert_eq!(fs::read_dir(folder.path().join("outbox")).unwrap().count(), 0);
    }
}
