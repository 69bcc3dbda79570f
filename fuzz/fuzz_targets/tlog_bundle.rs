//! Bundles and tiles of any bytes, at any width.

#![no_main]

use libfuzzer_sys::fuzz_target;

fuzz_target!(|data: &[u8]| {
    let Some((&width, bytes)) = data.split_first() else { return };
    let width = u16::from(width) + 1;
    let Some(path) = seaworthy_tlog::BundlePath::new(0, width) else { return };
    if let Ok(bundle) = seaworthy_tlog::Bundle::parse(&path, bytes.to_vec()) {
        let mut written = Vec::new();
        bundle.iter().for_each(|entry| assert_eq!(seaworthy_tlog::append_entry(&mut written, entry), Ok(())));
        assert_eq!((bundle.len(), written.as_slice()), (usize::from(width), bytes));
    }
    let Some(path) = seaworthy_tlog::TilePath::new(0, 0, width) else { return };
    if let Ok(tile) = seaworthy_tlog::Tile::parse(&path, bytes) {
        assert_eq!(tile.to_bytes(), bytes);
    }
});
