//! Checkpoints (<https://c2sp.org/tlog-checkpoint>): whose log, how many entries, which root.

use std::fmt;
use std::str::FromStr;

use crate::hash::Hash;
use crate::key::Signer;
use crate::line::decimal;
use crate::note::{Note, NoteFault};

/// A text is no checkpoint.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum CheckpointFault {
    /// It has not the three lines, or an empty one.
    #[error("a checkpoint has lines of origin, size and root, and none that is empty")]
    Lines,
    /// The size is no number in its one form.
    #[error("the size of the checkpoint is no decimal number in its one form")]
    Size,
    /// The root is no hash.
    #[error("the root of the checkpoint is no hash in base64")]
    Root,
}

/// What a log says of itself at some size.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Checkpoint {
    /// The name of the log.
    pub origin: String,
    /// How many entries it has.
    pub size: u64,
    /// The root of its tree.
    pub root: Hash,
    /// Further lines of other logs; ours have none.
    pub extensions: Vec<String>,
}

impl Checkpoint {
    /// A checkpoint without further lines.
    pub fn new(origin: &str, size: u64, root: Hash) -> Checkpoint {
        Checkpoint { origin: origin.to_owned(), size, root, extensions: Vec::new() }
    }

    /// The note of the checkpoint, signed by its log.
    pub fn sign(&self, signer: &dyn Signer) -> Result<Note, NoteFault> {
        Note::sign(&self.to_string(), signer)
    }
}

impl FromStr for Checkpoint {
    type Err = CheckpointFault;

    fn from_str(text: &str) -> Result<Checkpoint, CheckpointFault> {
        let mut lines = text.strip_suffix('\n').ok_or(CheckpointFault::Lines)?.split('\n');
        let (Some(origin), Some(size), Some(root)) = (lines.next(), lines.next(), lines.next()) else {
            return Err(CheckpointFault::Lines);
        };
        let size = decimal(size).ok_or(CheckpointFault::Size)?;
        let root = Hash::from_base64(root).ok_or(CheckpointFault::Root)?;
        let extensions: Vec<String> = lines.map(str::to_owned).collect();
        if origin.is_empty() || extensions.iter().any(String::is_empty) {
            return Err(CheckpointFault::Lines);
        }
        Ok(Checkpoint { origin: origin.to_owned(), size, root, extensions })
    }
}

/// The text that is signed.
impl fmt::Display for Checkpoint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "{}\n{}\n{}", self.origin, self.size, self.root)?;
        self.extensions.iter().try_for_each(|line| writeln!(f, "{line}"))
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn a_checkpoint_has_one_form() {
        let text = "example.com/log\n20852163\nCsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=\n";
        let checkpoint: Checkpoint = text.parse().unwrap();
        assert_eq!(checkpoint, Checkpoint::new("example.com/log", 20_852_163, checkpoint.root));
        assert_eq!(checkpoint.to_string(), text);
        let more = format!("{text}more\n");
        assert_eq!(more.parse::<Checkpoint>().unwrap().extensions, ["more"]);
        let faults = [
            ("", CheckpointFault::Lines),
            (text.trim_end(), CheckpointFault::Lines),
            (&text.replace("example.com/log", ""), CheckpointFault::Lines),
            (&format!("{text}\n"), CheckpointFault::Lines),
            (&format!("{text}\nmore\n"), CheckpointFault::Lines),
            (&text.replace("20852163", "020852163"), CheckpointFault::Size),
            (&text.replace("20852163", "9223372036854775808"), CheckpointFault::Size),
            (&text.replace("2I=", "2J="), CheckpointFault::Root),
        ];
        for (text, fault) in faults {
            assert_eq!(text.parse::<Checkpoint>(), Err(fault), "{text}");
        }
    }

    proptest! {
        #[test]
        fn any_text(text in "\\PC*|[a-z]{0,3}\n[0-9]{1,3}\n[A-Za-z0-9+/]{43}=\n(a\n)*") {
            if let Ok(checkpoint) = text.parse::<Checkpoint>() {
                prop_assert_eq!(checkpoint.to_string(), text);
            }
        }
    }
}
