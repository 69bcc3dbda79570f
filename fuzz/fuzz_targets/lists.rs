//! Compressed lists: the first byte chooses the compression, the rest is the file.

#![no_main]

use std::path::Path;

use libfuzzer_sys::fuzz_target;
use seaworthy_inspect::Root;
use seaworthy_inspect::lists::{self, ListError};

/// More text than this is a bomb that the real limit (2 GiB) would only reach slowly.
const ENOUGH: usize = 64 << 20;

fuzz_target!(|data: &[u8]| {
    let Some((kind, file)) = data.split_first() else { return };
    let ending = ["lz4", "gz", "xz", "zst"][usize::from(kind % 4)];
    let path = format!("/x_Packages.{ending}");
    let root = Root::disk("/").garbled(&path, file);
    let Ok(list) = lists::open(&root, Path::new(&path)) else { return };
    let mut length = 0;
    let _ = list.for_each_chunk(|chunk| {
        length += chunk.len();
        if length < ENOUGH { Ok(()) } else { Err(ListError::TooLong { path: list.path().to_owned() }) }
    });
});
