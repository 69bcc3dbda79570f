//! Other implementations agree: `tlog_tiles` and `signed_note` of Cloudflare, `sigstore-merkle`.

use std::collections::HashMap;

use proptest::prelude::*;
use seaworthy_tlog::{Hash, Note, Signer, TilePath, Tree, verify_consistency, verify_inclusion};
use sigstore_merkle::{hash_leaf, verify_consistency_proof, verify_inclusion_proof};
use tlog_tiles as tiles;

use crate::log::{Key, Log, entry};
use crate::sigstore;

/// The hashes that `tlog_tiles` stores of the log's entries.
struct Stored(HashMap<u64, tiles::Hash>);

impl tiles::HashReader for Stored {
    fn read_hashes(&self, indexes: &[u64]) -> Result<Vec<tiles::Hash>, tiles::Error> {
        Ok(indexes.iter().map(|index| self.0[index]).collect())
    }
}

fn stored(size: u64) -> Stored {
    let mut stored = Stored(HashMap::new());
    for index in 0..size {
        let hashes = tiles::stored_hashes(index, &entry(index), &stored).unwrap();
        stored.0.extend((tiles::stored_hash_index(0, index)..).zip(hashes));
    }
    stored
}

/// Our tiles, as `tlog_tiles` asks for them.
struct OurTiles<'a>(&'a Log);

impl tiles::TileReader for OurTiles<'_> {
    fn height(&self) -> u8 {
        8
    }

    fn read_tiles(&self, wanted: &[tiles::Tile]) -> Result<Vec<Vec<u8>>, tiles::Error> {
        let ours = |tile: &tiles::Tile| tile.path().replacen("tile/8/", "tile/", 1);
        Ok(wanted.iter().map(|tile| self.0.files[&ours(tile)].clone()).collect())
    }

    fn save_tiles(&self, _: &[tiles::Tile], _: &[Vec<u8>]) {}
}

fn theirs(hashes: &[Hash]) -> Vec<tiles::Hash> {
    hashes.iter().map(|hash| tiles::Hash(*hash.as_bytes())).collect()
}

#[test]
fn roots_and_proofs_are_the_same() {
    let log = Log::of(600, 600);
    let stored = stored(600);
    for size in (1..40).chain([255, 256, 257, 511, 512, 513, 600]) {
        let mut tree = Tree::new(&log, 600);
        let root = tree.root(size).unwrap();
        assert_eq!(tiles::tree_hash(size, &stored).unwrap().0, *root.as_bytes());
        for index in (0..size).filter(|index| size < 40 || index % 17 == 0) {
            let proof = tree.inclusion(index, size).unwrap();
            assert_eq!(tiles::prove_record(size, index, &stored).unwrap(), theirs(&proof), "{index} of {size}");
        }
        for old in (1..=size).filter(|old| size < 40 || old % 17 == 0) {
            let proof = tree.consistency(old, size).unwrap();
            assert_eq!(tiles::prove_tree(size, old, &stored).unwrap(), theirs(&proof), "{old} to {size}");
        }
    }
}

#[test]
fn our_tiles_are_read_by_others() {
    let log = Log::of(70_000, 70_000);
    let root = tiles::Hash(*log.root().as_bytes());
    let ours = OurTiles(&log);
    let reader = tiles::TileHashReader::new(70_000, root, &ours);
    for index in [0, 255, 256, 65_535, 65_536, 69_999] {
        let proof = tiles::prove_record(70_000, index, &reader).unwrap();
        assert_eq!(theirs(&Tree::new(&log, 70_000).inclusion(index, 70_000).unwrap()), proof);
    }
}

#[test]
fn paths_are_the_same() {
    for (level, index, width) in [(0, 0, 256), (1, 1_234_067, 3), (7, 999, 255), (63, 1000, 1)] {
        let path = TilePath::new(level, index, width).unwrap();
        let theirs = tiles::Tile::new(8, level, index, width.into(), false);
        assert_eq!(path.to_string(), theirs.path().replacen("tile/8/", "tile/", 1));
    }
}

#[test]
fn notes_are_the_same() {
    let signer = Key::log(1);
    let note = Log::of(3, 3).note();
    let theirs = signed_note::Note::from_bytes(note.to_string().as_bytes()).unwrap();
    let verifier = signed_note::StandardVerifier::new(&signer.key().to_string()).unwrap();
    let known = signed_note::VerifierList::new(vec![Box::new(verifier)]);
    assert_eq!(theirs.verify(&known).unwrap().0.len(), 1);
    let checkpoint = tiles::Checkpoint::from_bytes(theirs.text()).unwrap();
    assert_eq!((checkpoint.size(), checkpoint.origin()), (3, crate::log::ORIGIN));
}

proptest! {
    #[test]
    fn inclusion_is_judged_alike(size in 1_u64..600, index in 0_u64..600, change in prop::option::of((0_usize..12, any::<bool>()))) {
        sigstore::prepare();
        let index = index % size;
        let log = Log::of(size, 600);
        let mut proof = Tree::new(&log, size).inclusion(index, size).unwrap();
        changed(&mut proof, change);
        let leaf = Hash::leaf(&entry(index));
        let ours = verify_inclusion(&leaf, index, size, &log.root(), &proof).is_ok();
        let hashes: Vec<_> = proof.iter().map(sigstore::hash).collect();
        let theirs = verify_inclusion_proof(&hash_leaf(&entry(index)), index, size, &hashes, &sigstore::hash(&log.root()));
        prop_assert_eq!(ours, theirs.is_ok());
    }

    #[test]
    fn consistency_is_judged_alike(size in 1_u64..600, old in 1_u64..600, change in prop::option::of((0_usize..12, any::<bool>()))) {
        sigstore::prepare();
        let old = 1 + old % size;
        let log = Log::of(size, 600);
        let mut tree = Tree::new(&log, size);
        let (from, mut proof) = (tree.root(old).unwrap(), tree.consistency(old, size).unwrap());
        changed(&mut proof, change);
        let ours = verify_consistency(old, &from, size, &log.root(), &proof).is_ok();
        let hashes: Vec<_> = proof.iter().map(sigstore::hash).collect();
        let theirs = verify_consistency_proof(old, size, &hashes, &sigstore::hash(&from), &sigstore::hash(&log.root()));
        prop_assert_eq!(ours, theirs.is_ok());
    }

    #[test]
    fn notes_are_judged_alike(text in "[a-zé\n ]{0,12}\n", at in any::<prop::sample::Index>(), byte: u8) {
        let signer = Key::log(1);
        let mut bytes = Note::sign(&text, &signer).unwrap().to_string().into_bytes();
        let at = at.index(bytes.len());
        bytes[at] = byte;
        let ours = Note::parse(&bytes).and_then(|note| note.signed_by(signer.key()));
        let verifier = signed_note::StandardVerifier::new(&signer.key().to_string()).unwrap();
        let known = signed_note::VerifierList::new(vec![Box::new(verifier)]);
        let theirs = signed_note::Note::from_bytes(&bytes).is_ok_and(|note| note.verify(&known).is_ok());
        prop_assert_eq!(ours.is_ok_and(|seal| seal.is_some()), theirs);
    }
}

fn changed(proof: &mut Vec<Hash>, change: Option<(usize, bool)>) {
    match change {
        Some((at, true)) if at < proof.len() => proof[at] = Hash::EMPTY,
        Some((at, false)) if at < proof.len() => drop(proof.remove(at)),
        Some(_) => proof.push(Hash::EMPTY),
        None => {}
    }
}
