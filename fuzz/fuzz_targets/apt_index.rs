//! Packages, in chunks: however it is cut, the same is found.

#![no_main]

use libfuzzer_sys::fuzz_target;

fuzz_target!(|data: (Vec<u8>, u16)| {
    let (text, cut) = data;
    let wanted: seaworthy_packages::apt::scan::Wanted = ["a", "bash"].into_iter().collect();
    let scan = |chunk: usize| {
        let mut scanner = seaworthy_packages::apt::scan::Scanner::new(&wanted);
        text.chunks(chunk).try_for_each(|chunk| scanner.feed(chunk))?;
        scanner.finish().map(|found| (found.stanzas, found.offers.len()))
    };
    let whole = scan(text.len().max(1));
    let parts = scan(usize::from(cut).max(1));
    assert_eq!(whole.is_ok(), parts.is_ok());
    if let (Ok(whole), Ok(parts)) = (whole, parts) {
        assert_eq!(whole, parts);
    }
});
