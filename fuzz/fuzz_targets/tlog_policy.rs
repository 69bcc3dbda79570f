//! Policies of any bytes, asked about a note that no log of theirs signed.

#![no_main]

use libfuzzer_sys::fuzz_target;

fuzz_target!(|data: &[u8]| {
    let Ok(policy) = seaworthy_tlog::Policy::parse(data) else { return };
    let checkpoint = seaworthy_tlog::Checkpoint::new("log.example", 1, seaworthy_tlog::Hash::EMPTY);
    let text = format!("{checkpoint}\n— log.example AAAAAAAA\n");
    let note = seaworthy_tlog::Note::parse(text.as_bytes()).expect("a note");
    assert!(policy.check(&note).is_err());
});
