//! Roots and proofs of every small tree; tiles and tips of larger ones.

use proptest::prelude::*;
use seaworthy_tlog::{
    BundlePath, Edge, FULL, Hash, Mismatch, Place, ProofFault, ReadFault, TilePath, Tiles, Tip, Tree, Verified, plan,
    verify_consistency, verify_inclusion,
};

use crate::log::{Absent, Log, entry};

/// The roots of all sizes, worked out by appending alone.
fn roots(size: u64) -> Vec<Hash> {
    let mut edge = Edge::empty();
    let mut roots = vec![edge.root()];
    for index in 0..size {
        edge.push(Hash::leaf(&entry(index)));
        roots.push(edge.root());
    }
    roots
}

#[test]
fn every_inclusion_of_every_small_tree() {
    let log = Log::of(300, 300);
    let roots = roots(300);
    for size in (1..=70).chain([128, 129, 255, 256, 257, 299, 300]) {
        let mut tree = Tree::new(&log, 300);
        let root = roots[size as usize];
        assert_eq!(tree.root(size), Ok(root));
        for index in 0..size {
            let leaf = Hash::leaf(&entry(index));
            let proof = tree.inclusion(index, size).unwrap();
            assert_eq!(verify_inclusion(&leaf, index, size, &root, &proof), Ok(()), "{index} of {size}");
            refuses_changed(&proof, |proof| verify_inclusion(&leaf, index, size, &root, proof));
            let other = (index + 1) % size;
            assert!(size == 1 || verify_inclusion(&leaf, other, size, &root, &proof).is_err());
        }
    }
}

#[test]
fn every_consistency_of_every_small_tree() {
    let log = Log::of(300, 300);
    let roots = roots(300);
    for size in (0..=70).chain([128, 129, 255, 256, 257, 299, 300]) {
        let mut tree = Tree::new(&log, 300);
        for old in 0..=size {
            let (from, to) = (roots[old as usize], roots[size as usize]);
            let proof = tree.consistency(old, size).unwrap();
            assert_eq!(verify_consistency(old, &from, size, &to, &proof), Ok(()), "{old} to {size}");
            refuses_changed(&proof, |proof| verify_consistency(old, &from, size, &to, proof));
            let other = Hash::leaf(b"other");
            assert!(verify_consistency(old, &other, size, &to, &proof).is_err());
            assert_eq!(verify_consistency(old, &from, size, &other, &proof).is_err(), old != 0 || size == 0);
        }
    }
}

/// A proof with one hash changed, left out or added proves nothing.
fn refuses_changed(proof: &[Hash], verify: impl Fn(&[Hash]) -> Result<(), ProofFault>) {
    let longer = [proof, &[Hash::EMPTY]].concat();
    assert_eq!(verify(&longer), Err(ProofFault::Length));
    if let Some((_, shorter)) = proof.split_last() {
        assert_eq!(verify(shorter), Err(ProofFault::Length));
    }
    for at in 0..proof.len() {
        let mut changed = proof.to_vec();
        changed[at] = Hash::EMPTY;
        assert!(matches!(verify(&changed), Err(ProofFault::Root | ProofFault::OldRoot)));
    }
}

#[test]
fn what_lies_beyond_is_refused() {
    let log = Log::of(5, 5);
    let mut tree = Tree::new(&log, 5);
    assert_eq!(tree.inclusion(5, 5), Err(ReadFault::Beyond(5)));
    assert_eq!(tree.inclusion(0, 6), Err(ReadFault::Beyond(5)));
    assert_eq!(tree.consistency(5, 6), Err(ReadFault::Beyond(5)));
    assert_eq!(tree.consistency(5, 4), Err(ReadFault::Beyond(4)));
    assert_eq!(tree.leaf(5), Err(ReadFault::Beyond(5)));
    assert_eq!(tree.leaf(4), Ok(Hash::leaf(&entry(4))));
    assert_eq!(Tree::new(&log, 5).inclusion(0, 0), Err(ReadFault::Beyond(0)));
    let root = log.root();
    assert_eq!(verify_inclusion(&root, 0, 0, &root, &[]), Err(ProofFault::Beyond));
    assert_eq!(verify_consistency(2, &root, 1, &root, &[]), Err(ProofFault::Beyond));
    let mut huge = Tree::new(&log, u64::MAX);
    assert!(matches!(huge.root(u64::MAX), Err(ReadFault::Beyond(_))));
    assert!(matches!(huge.inclusion(u64::MAX - 1, u64::MAX), Err(ReadFault::Beyond(_))));
    assert!(matches!(huge.inclusion(1 << 60, 1 << 62), Err(ReadFault::Read(Absent::Absent(_)))));
}

#[test]
fn batches_make_no_difference() {
    let whole = Log::of(70_000, 70_000);
    let mut batches = Log::empty();
    let entries: Vec<Vec<u8>> = (0..70_000).map(entry).collect();
    let mut at = 0;
    for (end, _) in (1..).map(|n: usize| (n * n * 7 % 1500, n)) {
        let end = entries.len().min(at + end);
        batches.append(&entries[at..end]);
        at = end;
        if at == entries.len() {
            break;
        }
    }
    assert_eq!(batches.tip, whole.tip);
    for (path, bytes) in &whole.files {
        assert_eq!(batches.files.get(path), Some(bytes), "{path}");
    }
    let bundles = BundlePath::all(0, 70_000).map(|path| path.to_string());
    let all: Vec<String> = TilePath::all(70_000).map(|path| path.to_string()).chain(bundles).collect();
    assert_eq!(whole.files.len(), all.len());
    assert!(all.iter().all(|path| whole.files.contains_key(path)));
}

#[test]
fn a_batch_of_nothing_writes_nothing() {
    let log = Log::of(300, 300);
    let plan = plan::<Vec<u8>>(&log.tip, &[]).unwrap();
    assert!(plan.writes.is_empty() && plan.tip == log.tip && plan.first == 300);
    assert!(seaworthy_tlog::plan(&log.tip, &[vec![0; 65_536]]).is_err());
}

#[test]
fn a_tip_is_opened_from_what_is_stored() {
    for size in [0, 1, 255, 256, 257, 65_535, 65_536, 65_537, 70_000] {
        let log = Log::of(size, 1000);
        assert_eq!(Tip::open(&log, size, &log.root()), Ok(log.tip.clone()), "{size}");
    }
}

#[test]
fn an_earlier_tip_is_opened_from_what_a_later_log_stores() {
    let (earlier, mut later) = (Log::of(300, 300), Log::of(1000, 100));
    assert_eq!(Tip::open(&later, 300, &earlier.root()), Ok(earlier.tip.clone()));
    for partial in ["tile/0/001.p/44", "tile/entries/001.p/44"] {
        later.files.remove(partial);
        assert_eq!(Tip::open(&later, 300, &earlier.root()), Ok(earlier.tip.clone()), "the full one stands in");
    }
    assert_eq!(Tip::open(&later, 300, &later.root()), Err(ReadFault::Root(300)));
    *later.files.get_mut("tile/entries/001").unwrap().get_mut(2).unwrap() ^= 1;
    assert_eq!(Tip::open(&later, 300, &earlier.root()), Err(ReadFault::Entry(256)));
    later.files.remove("tile/entries/001");
    let absent = Absent::Absent("tile/entries/001.p/44".to_owned());
    assert_eq!(Tip::open(&later, 300, &earlier.root()), Err(ReadFault::Read(absent)));
}

#[test]
fn every_changed_tile_is_found_by_the_root() {
    let log = Log::of(70_000, 70_000);
    let root = log.root();
    let verified = Verified::open(&log, 70_000, &root).unwrap();
    for path in TilePath::all(70_000) {
        assert_eq!(verified.hashes(&path).unwrap(), log.hashes(&path).unwrap());
    }
    let proof = Tree::new(&verified, 70_000).inclusion(12_345, 70_000).unwrap();
    assert_eq!(verify_inclusion(&Hash::leaf(&entry(12_345)), 12_345, 70_000, &root, &proof), Ok(()));
    for path in TilePath::all(70_000).filter(|path| path.level() > 0 || path.index() % 50 == 0 || path.width() < FULL) {
        let mut forged = log.clone();
        let at = usize::from(path.width()) * 32 - 1;
        forged.files.get_mut(&path.to_string()).unwrap()[at] ^= 1;
        match Verified::open(&forged, 70_000, &root) {
            Err(fault) => assert_eq!((fault, path.width() < FULL), (ReadFault::Root(70_000), true)),
            Ok(verified) => assert_eq!(verified.hashes(&path), Err(ReadFault::Forged(path))),
        }
    }
}

#[test]
fn wider_tiles_stand_in_for_partial_ones() {
    let (earlier, later) = (Log::of(300, 300), Log::of(70_000, 300));
    let verified = Verified::open(&later, 300, &earlier.root()).unwrap();
    let path = TilePath::within(0, 1, 300).unwrap();
    assert_eq!(verified.hashes(&path).unwrap(), earlier.hashes(&path).unwrap());
    let proof = Tree::new(&later, 300).inclusion(299, 300).unwrap();
    assert_eq!(verify_inclusion(&Hash::leaf(&entry(299)), 299, 300, &earlier.root(), &proof), Ok(()));
    assert_eq!(verified.hashes(&TilePath::new(0, 2, FULL).unwrap()), Err(ReadFault::Beyond(300)));
}

#[test]
fn a_contradiction_says_where() {
    let path = BundlePath::new(1, FULL).unwrap();
    let said = Mismatch::Entry { index: 300, path }.to_string();
    assert_eq!(said, "entry 300 in tile/entries/001 does not hash to what its tile holds");
    assert_eq!(Place::Entries(path).to_string(), "tile/entries/001");
}

proptest! {
    #[test]
    fn any_proof(index: u64, size: u64, hashes in prop::collection::vec(any::<[u8; 32]>(), 0..70)) {
        let proof: Vec<Hash> = hashes.into_iter().map(Hash::from_bytes).collect();
        let leaf = Hash::EMPTY;
        prop_assert!(verify_inclusion(&leaf, index, size, &leaf, &proof).is_err());
        let _ = verify_consistency(index, &leaf, size, &leaf, &proof);
        prop_assert!(verify_consistency(index, &Hash::leaf(b""), size, &leaf, &proof).is_err());
    }
}
