//! Proofs as files: what is read is written again, and proves nothing under a policy that knows other keys.

#![no_main]

use libfuzzer_sys::fuzz_target;

fuzz_target!(|data: &[u8]| {
    let Ok(proof) = seaworthy_tlog::LogProof::parse(data) else { return };
    assert_eq!(proof.to_string().as_bytes(), data);
    let policy = seaworthy_tlog::Policy::parse(b"quorum none\n").expect("a policy");
    assert!(proof.verify(b"entry", &policy).is_err());
    let root = seaworthy_tlog::Hash::EMPTY;
    let _ = seaworthy_tlog::verify_inclusion(&root, proof.index, u64::MAX, &root, &proof.hashes);
    let _ = seaworthy_tlog::verify_consistency(proof.index, &root, u64::MAX, &root, &proof.hashes);
});
