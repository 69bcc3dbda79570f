//! Proofs as files: one form, and what they prove.

use std::sync::LazyLock;

use proptest::prelude::*;
use seaworthy_tlog::{LogProof, Policy, ProofFault, ProofFileFault, Signer, Tree, Unproved, cosign};

use crate::log::{Key, Log, entry};

fn proof(index: u64, extra: Option<Vec<u8>>) -> LogProof {
    let log = Log::of(1000, 1000);
    let hashes = Tree::new(&log, 1000).inclusion(index, 1000).unwrap();
    let mut note = log.note();
    note.add(cosign(note.text(), 1_800_000_000, &Key::witness(7)).unwrap()).unwrap();
    LogProof { extra, index, hashes, note }
}

fn policy() -> Policy {
    let text = format!("log {}\nwitness w {}\nquorum w\n", Key::log(1).key(), Key::witness(7).key());
    Policy::parse(text.as_bytes()).unwrap()
}

#[test]
fn a_proof_file_proves_its_entry_alone() {
    for extra in [None, Some(b"more".to_vec()), Some(Vec::new())] {
        let proof = proof(321, extra);
        let read = LogProof::parse(proof.to_string().as_bytes()).unwrap();
        assert_eq!(read, proof);
        let accepted = read.verify(&entry(321), &policy()).unwrap();
        assert_eq!(accepted.cosigned[0].time, 1_800_000_000);
        assert_eq!(read.verify(&entry(322), &policy()), Err(Unproved::Inclusion(ProofFault::Root)));
    }
    let mut elsewhere = proof(321, None);
    elsewhere.index = 320;
    assert_eq!(elsewhere.verify(&entry(321), &policy()), Err(Unproved::Inclusion(ProofFault::Root)));
    let unwitnessed = LogProof { note: Log::of(1000, 1000).note(), ..proof(321, None) };
    assert!(matches!(unwitnessed.verify(&entry(321), &policy()), Err(Unproved::Policy(_))));
}

#[test]
fn other_forms_are_refused() {
    let text = proof(321, Some(b"x".to_vec())).to_string();
    let wrong = [
        String::new(),
        text.replace("@v1", "@v2"),
        text.replace("index 321", "index 0321"),
        text.replace("index 321\n", ""),
        text.replace("extra eA==", "extra eA"),
        text.replace("extra ", "Extra "),
        text.replace("extra eA==\n", "extra eA==\nextra eA==\n"),
        text.replace("index 321\n", "index 321\nAAAA\n"),
    ];
    for text in wrong {
        assert_eq!(LogProof::parse(text.as_bytes()), Err(ProofFileFault::Form), "{text}");
    }
    let unsigned = text.rsplit_once("\n\n").unwrap().0;
    assert!(matches!(LogProof::parse(unsigned.as_bytes()), Err(ProofFileFault::Note(_))));
    assert_eq!(LogProof::parse(&vec![b'x'; 2 << 20]), Err(ProofFileFault::TooLarge(2 << 20)));
}

static PROOF: LazyLock<String> = LazyLock::new(|| proof(321, None).to_string());

proptest! {
    #[test]
    fn any_bytes(bytes: Vec<u8>, at in any::<prop::sample::Index>(), byte: u8) {
        let _ = LogProof::parse(&bytes);
        let mut changed = PROOF.clone().into_bytes();
        let at = at.index(changed.len());
        let same = changed[at] == byte;
        changed[at] = byte;
        let proved = LogProof::parse(&changed).is_ok_and(|proof| proof.verify(&entry(321), &policy()).is_ok());
        prop_assert!(same || !proved, "a changed byte at {}", at);
    }
}
