//! Checkpoints that witnesses cosign before they are published, and witnesses who know better than a restored server.

use std::sync::Mutex;

use seaworthy_model::Code;
use seaworthy_service::Error;
use seaworthy_service::log::{CaughtUp, Published, Publisher, Sequencer, Vouching, catch_up};
use seaworthy_service::ports::{Outcome, Prove, Witnesses};
use seaworthy_tlog::{Algorithm, Decision, Held, Note, Policy, Request, Signer, cosign, decide};

use crate::kit::{Key, World, holder};

/// Witnesses in memory, some of whom do not answer.
struct Circle {
    log: seaworthy_tlog::VerifierKey,
    witnesses: Vec<(Key, Mutex<Held>)>,
    away: Mutex<Vec<usize>>,
}

impl Circle {
    fn of(world: &World, count: u8) -> Circle {
        let witness = |number| {
            let key = Key::new(&format!("w{number}.example"), Algorithm::CosignatureV1, 100 + number);
            (key, Mutex::new(Held::NOTHING))
        };
        Circle { log: world.key.key().clone(), witnesses: (0..count).map(witness).collect(), away: Mutex::default() }
    }

    fn policy(&self, quorum: usize) -> Policy {
        let mut text = format!("log {}\n", self.log);
        let names: Vec<String> = (0..self.witnesses.len()).map(|number| format!("w{number}.example")).collect();
        for (name, (key, _)) in names.iter().zip(&self.witnesses) {
            text += &format!("witness {name} {}\n", key.key());
        }
        text += &format!("group all {quorum} {}\nquorum all\n", names.join(" "));
        Policy::parse(text.as_bytes()).unwrap()
    }

    fn only(&self, here: &[usize]) {
        *self.away.lock().unwrap() = (0..self.witnesses.len()).filter(|number| !here.contains(number)).collect();
    }

    fn ask(&self, number: usize, note: &Note, prove: &Prove<'_>) -> Outcome {
        let (key, held) = &self.witnesses[number];
        let witness = key.key().name().to_owned();
        if self.away.lock().unwrap().contains(&number) {
            return Outcome::Unreachable { witness, why: "away".into() };
        }
        let mut held = held.lock().unwrap();
        let size = note.text().lines().nth(1).unwrap().parse::<u64>().unwrap();
        if held.size > size {
            return Outcome::Behind { witness, size: held.size };
        }
        let proof = prove(held.size).unwrap();
        let request = Request::new(held.size, proof, note.clone()).unwrap();
        match decide(&request, std::slice::from_ref(&self.log), &held) {
            Decision::Cosign(now) => {
                *held = now;
                Outcome::Cosigned { witness, cosignature: cosign(note.text(), 1_800_000_000, key).unwrap() }
            }
            decision => Outcome::Refused { witness, why: format!("{decision:?}") },
        }
    }
}

impl Witnesses for Circle {
    fn cosign(&self, note: &Note, prove: &Prove<'_>) -> Vec<Outcome> {
        (0..self.witnesses.len()).map(|number| self.ask(number, note, prove)).collect()
    }
}

/// Takes in what waits, and says what publishing it came to.
fn publish(world: &World, circle: &Circle, policy: &Policy) -> Result<Published, Error> {
    Sequencer::new(holder(1), 1000).step(&world.works(), world.now()).unwrap();
    let vouching = Vouching { policy, witnesses: circle };
    let published = Publisher::new(holder(1)).step(&world.works(), Some(vouching), world.now());
    world.verify();
    published
}

#[test]
fn only_what_enough_witnesses_cosigned_is_published() {
    let world = World::new();
    let (circle, mut size) = (Circle::of(&world, 3), 0);
    let policy = circle.policy(2);
    for (here, enough) in [(&[0, 1, 2][..], true), (&[0], false), (&[1, 2], true), (&[], false), (&[0, 2], true)] {
        world.enlist(100);
        circle.only(here);
        let published = publish(&world, &circle, &policy).unwrap();
        assert_eq!(matches!(published, Published::Tree { .. }), enough, "{published:?}");
        let state = world.works().state().unwrap();
        size = if enough { state.signed.size } else { size };
        let shown = world.shown().unwrap();
        assert_eq!((shown.size, &shown), (size, &state.published));
        policy.check(&Note::parse(&shown.note).unwrap()).unwrap();
    }
}

#[test]
fn an_old_store_with_old_tiles_signs_nothing_where_a_witness_knows_better() {
    let mut world = World::new();
    let circle = Circle::of(&world, 3);
    let policy = circle.policy(2);
    world.enlist(100);
    publish(&world, &circle, &policy).unwrap();
    let (store, tiles) = (world.copied_store("copy"), world.copied_tiles("tiles"));
    world.enlist(100);
    circle.only(&[0, 1]);
    publish(&world, &circle, &policy).unwrap();
    world.restore(store, 100);
    world.restore_tiles(tiles);
    let standing = |here: &[usize]| {
        circle.only(here);
        catch_up(&world.works(), Some(&policy), &circle)
    };
    // One that knows no better is no answer: the two others could have cosigned more, and have.
    for here in [&[][..], &[2]] {
        assert!(matches!(standing(here), Ok(CaughtUp::Unvouched(_))), "{here:?}");
    }
    for here in [&[0, 1, 2][..], &[0, 2], &[1]] {
        assert_eq!(standing(here).unwrap_err().code(), Code::LogBehind);
    }
    // Whoever sequenced all the same is told when they want to publish.
    circle.only(&[0, 1, 2]);
    world.enlist(1);
    assert_eq!(publish(&world, &circle, &policy).unwrap_err().code(), Code::LogBehind);
}

#[test]
fn a_server_that_was_not_restored_stands_as_soon_as_enough_witnesses_say_so() {
    let world = World::new();
    let circle = Circle::of(&world, 3);
    let standing = |quorum, here: &[usize]| {
        circle.only(here);
        catch_up(&world.works(), Some(&circle.policy(quorum)), &circle) == Ok(CaughtUp::Standing)
    };
    for entries in [0, 100] {
        world.enlist(entries);
        world.settle();
        assert!(standing(2, &[0, 1]) && !standing(2, &[0]), "one of any two must have answered");
        assert!(standing(3, &[2]) && !standing(3, &[]), "one is asked for every quorum");
        assert!(!standing(1, &[0, 1]), "the third alone could vouch for more");
        assert!(standing(1, &[0, 1, 2]));
    }
}
