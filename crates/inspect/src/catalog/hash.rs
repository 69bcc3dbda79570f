//! SHA-256 of a list, as long as it is when decompressed. Reading and hashing run side by side: on processors without
//! SHA instructions hashing takes the longest of all an inspection does.

use std::io;
use std::sync::mpsc::{Receiver, Sender, channel, sync_channel};
use std::thread;

use ring::digest::{Context, SHA256};

use crate::lists::{List, ListError};

/// Bytes handed from the reader to the hasher at once.
const BLOCK: usize = 256 << 10;

/// Blocks in flight between the two.
const BLOCKS: usize = 4;

/// A digest and how many bytes it is of.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Digest {
    /// SHA-256, lower-case hexadecimal.
    pub sha256: String,
    /// Length in bytes.
    pub size: u64,
}

/// Digest of bytes in memory.
pub fn sha256(bytes: &[u8]) -> String {
    hex(ring::digest::digest(&SHA256, bytes).as_ref())
}

/// Digest of a whole list of at most `limit` bytes; a longer one is not read to its end.
pub(super) fn digest(list: &List, limit: u64) -> Result<Digest, ListError> {
    let (full, filled) = sync_channel::<Vec<u8>>(BLOCKS);
    let (empty, emptied) = channel::<Vec<u8>>();
    thread::scope(|scope| {
        let hasher = scope.spawn(move || hash_blocks(&filled, &empty));
        let mut block = Vec::with_capacity(BLOCK);
        let mut size = 0u64;
        let read = list.for_each_chunk(|chunk| {
            size = size.saturating_add(chunk.len() as u64);
            if size > limit {
                return Err(ListError::TooLong { path: list.path().to_owned() });
            }
            block.extend_from_slice(chunk);
            if block.len() >= BLOCK {
                let next = emptied.try_recv().unwrap_or_default();
                // A hasher that has ended is told of below.
                let _ = full.send(std::mem::replace(&mut block, next));
                block.clear();
            }
            Ok::<(), ListError>(())
        });
        let _ = full.send(block);
        drop(full);
        let broken =
            |_| ListError::Broken { path: list.path().to_owned(), source: io::Error::other("hashing ended early") };
        let digest = hasher.join().map_err(broken)?;
        read.map(|()| digest)
    })
}

fn hash_blocks(filled: &Receiver<Vec<u8>>, empty: &Sender<Vec<u8>>) -> Digest {
    let mut context = Context::new(&SHA256);
    let mut size = 0u64;
    for block in filled {
        context.update(&block);
        size = size.saturating_add(block.len() as u64);
        // A reader that has ended needs no block back.
        let _ = empty.send(block);
    }
    Digest { sha256: hex(context.finish().as_ref()), size }
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lengths_around_a_block_hash_as_in_one_piece() {
        let folder = tempfile::tempdir().unwrap();
        for length in [0, 1, BLOCK - 1, BLOCK, BLOCK + 1, 5 * BLOCK + 7] {
            let bytes = vec![7u8; length];
            std::fs::write(folder.path().join("list"), &bytes).unwrap();
            let list = crate::lists::open(&crate::Root::disk(folder.path()), std::path::Path::new("/list")).unwrap();
            assert_eq!(digest(&list, length as u64).unwrap(), Digest { sha256: sha256(&bytes), size: length as u64 });
        }
    }
}
