#![allow(missing_docs, clippy::all, clippy::unwrap_used, clippy::indexing_slicing, clippy::print_stdout)]
use seaworthy_model::{DAY, Timestamp};
use seaworthy_protocol::{Digest, Field, Head};
use seaworthy_service::access::{Look, SetAccess, Why};
use seaworthy_service::authority::*;
use seaworthy_service::ports::*;
use seaworthy_service::{Id, Tree};
use seaworthy_store::migrations::{MIGRATIONS, migrate};
use seaworthy_store::{Database, Settings, SqlStore};
use std::time::Instant;

const ORG: Id = Id::from_bytes([0xA0; 16]);
fn id(n: u64) -> Id {
    let mut b = [0; 16];
    b[8..].copy_from_slice(&n.to_be_bytes());
    Id::from_bytes(b)
}
fn digest(n: u64) -> Digest {
    Digest::of(&n.to_be_bytes())
}
fn at(s: i64) -> Timestamp {
    Timestamp::from_seconds(20_500 * DAY + s)
}
const UNITS: u64 = 50;
fn unit(d: u64) -> u64 {
    d % UNITS + 2
}
fn standing(d: u64, counter: u64, s: i64) -> Standing {
    Standing {
        organisation: ORG,
        device: digest(d),
        key: [7; 32],
        unit: id(unit(d)),
        state: DeviceState::Active,
        counter,
        message: digest(d ^ counter),
        answer: vec![1; 250],
        nonce: digest(counter),
        nonce_at: at(s),
        ledger: Head::EMPTY,
        listed: 0,
        current: (counter > 1).then(|| Current { body: digest(d % 2000), inspected_at: at(s), received_at: at(s) }),
        stamp: None,
    }
}
fn reading(d: u64, counter: u64, s: i64) -> Reading {
    Reading {
        organisation: ORG,
        device: digest(d),
        counter,
        message: digest(d ^ counter),
        received_at: at(s),
        device_time: at(s),
        inspected_at: at(s),
        live: true,
        body: digest(d % 2000),
        envelope: vec![9; 400],
    }
}
fn stamp(d: u64, c: u64, s: i64) -> StampRecord {
    StampRecord {
        organisation: ORG,
        id: id(d * 1000 + c),
        device: digest(d),
        policy: digest(1),
        issued_at: at(s),
        expires_at: at(s + 9),
    }
}
fn page(store: &SqlStore, name: &str, units: &[Id], as_of: Option<Timestamp>) {
    let root = Unit { organisation: ORG, id: id(1), parent: None, name: "root".into() };
    let tree = Tree::new(ORG, vec![root]).unwrap();
    let actor = Actor::new(ORG, id(9), "Ada", false, vec![Held { role: Role::Administrator, unit: id(1) }]);
    let permit = actor.may(Action::DeviceList, Concern::Unit(id(1)), &tree).unwrap();
    let why = Why::new("x").unwrap();
    let mut after = None;
    let mut times = Vec::new();
    for _ in 0..9 {
        let start = std::cell::Cell::new(Instant::now());
        let found = write::<_, Fault>(store, |r| {
            let a =
                SetAccess::record(r, &permit, Look { units, fields: &[Field::Identity], query: "q", why: &why }, at(0))
                    .unwrap();
            start.set(Instant::now());
            let q = DeviceQuery { units, state: None, person: None, after, limit: 1000, as_of };
            let found = r.devices(&a, &q)?;
            times.push(start.get().elapsed());
            Ok(found)
        })
        .unwrap();
        assert_eq!(found.len(), 1000);
        after = found.last().map(|d| d.identity.device);
    }
    times.sort();
    println!("  page of 1000, {name}: median {:?} max {:?}", times[4], times[8]);
}
fn run(store: &SqlStore, devices: u64, threads: u64) {
    let start = Instant::now();
    for chunk in (0..devices).collect::<Vec<_>>().chunks(2048) {
        write::<_, Fault>(store, |r| {
            r.put_standings(&chunk.iter().map(|d| standing(*d, 1, 0)).collect::<Vec<_>>())?;
            for d in chunk {
                r.put_identity(&Identity {
                    organisation: ORG,
                    device: digest(*d),
                    name: Some("a laptop".into()),
                    holder: None,
                    person: None,
                    enrolled_at: at(0),
                    replaces: None,
                })?;
            }
            let mut s = Vec::new();
            for d in chunk {
                for u in [1, unit(*d)] {
                    s.push((id(u), Group { area: id(1), body: None, day: 0 }, 1));
                }
            }
            r.shift(ORG, at(0).seconds() / 3600, &s)
        })
        .unwrap();
    }
    println!("  {devices} devices enrolled in {:?}", start.elapsed());
    for day in 0..2_i64 {
        let start = Instant::now();
        let order: Vec<u64> = (0..devices / 4).map(|n| (n * 7919 + 13) % devices).collect();
        let batches: Vec<&[u64]> = order.chunks(256).collect();
        let next = std::sync::atomic::AtomicUsize::new(0);
        let worst = std::sync::Mutex::new(std::time::Duration::ZERO);
        let parts = std::sync::Mutex::new([std::time::Duration::ZERO; 6]);
        std::thread::scope(|scope| {
            for _ in 0..threads {
                scope.spawn(|| {
                    loop {
                        let n = next.fetch_add(1, std::sync::atomic::Ordering::Relaxed);
                        let Some(batch) = batches.get(n) else { break };
                        let s = day * DAY + (n as i64) * 60;
                        let t = Instant::now();
                        write::<_, Fault>(store, |r| {
                            let mut p = [std::time::Duration::ZERO; 6];
                            let mut t = Instant::now();
                            let mut lap = |p: &mut [std::time::Duration; 6], i: usize| {
                                p[i] += t.elapsed();
                                t = Instant::now();
                            };
                            let old = r.standings(ORG, &batch.iter().map(|d| digest(*d)).collect::<Vec<_>>())?;
                            assert_eq!(old.len(), batch.len());
                            lap(&mut p, 0);
                            let c = 2 + day as u64;
                            r.add_bodies(
                                &batch
                                    .iter()
                                    .map(|d| BodyRecord {
                                        organisation: ORG,
                                        digest: digest(d % 2000),
                                        bytes: vec![3; 2000],
                                    })
                                    .collect::<Vec<_>>(),
                            )?;
                            lap(&mut p, 1);
                            r.put_standings(&batch.iter().map(|d| standing(*d, c, s)).collect::<Vec<_>>())?;
                            lap(&mut p, 2);
                            r.add_readings(&batch.iter().map(|d| reading(*d, c, s)).collect::<Vec<_>>())?;
                            lap(&mut p, 3);
                            r.add_stamps(&batch.iter().map(|d| stamp(*d, c, s)).collect::<Vec<_>>())?;
                            lap(&mut p, 4);
                            let mut shifts = std::collections::BTreeMap::new();
                            for d in *batch {
                                for u in [1, unit(*d)] {
                                    let day_old = 20_499 + day;
                                    let o = if day == 0 {
                                        Group { area: id(1), body: None, day: 0 }
                                    } else {
                                        Group { area: id(1), body: Some(digest(d % 2000)), day: day_old }
                                    };
                                    *shifts.entry((id(u), o)).or_insert(0) -= 1;
                                    *shifts
                                        .entry((
                                            id(u),
                                            Group { area: id(1), body: Some(digest(d % 2000)), day: 20_500 + day },
                                        ))
                                        .or_insert(0) += 1;
                                }
                            }
                            let shifts: Vec<_> = shifts.into_iter().map(|((u, g), n)| (u, g, n)).collect();
                            r.shift(ORG, at(s).seconds() / 3600, &shifts)?;
                            lap(&mut p, 5);
                            let mut all = parts.lock().unwrap();
                            for i in 0..6 {
                                all[i] += p[i];
                            }
                            Ok(())
                        })
                        .unwrap();
                        let t = t.elapsed();
                        let mut w = worst.lock().unwrap();
                        *w = (*w).max(t);
                    }
                });
            }
        });
        let t = start.elapsed();
        println!(
            "  day {day}: {} reports in {:?}: {:.0}/s, worst batch {:?}",
            order.len(),
            t,
            order.len() as f64 / t.as_secs_f64(),
            worst.lock().unwrap()
        );
        println!(
            "    standings, bodies, put, readings, stamps, shift per batch: {:?}",
            parts.lock().unwrap().map(|p| p / batches.len() as u32)
        );
    }
    let all: Vec<Id> = (1..UNITS + 2).map(id).collect();
    let year = Some(at(DAY / 2));
    for (name, as_of) in [("now", None), ("as of", year)] {
        page(store, &format!("all units, {name}"), &all, as_of);
        page(store, &format!("3 units, {name}"), &[id(2), id(17), id(40)], as_of);
        page(store, &format!("half, {name}"), &all[..25], as_of);
    }
    let t = Instant::now();
    let n = read::<_, Fault>(store, |r| Ok(r.tally(ORG, id(1))?.len())).unwrap();
    println!("  tally of {n} groups: {:?}", t.elapsed());
    for h in [3, 10, 20, 30] {
        let t = Instant::now();
        let n = read::<_, Fault>(store, |r| Ok(r.tally_at(ORG, id(1), at(h * 3600).seconds() / 3600)?.len())).unwrap();
        println!("  tally_at hour {h}, {n} groups: {:?}", t.elapsed());
    }
    let paths: Vec<_> =
        (1..UNITS + 2).map(|u| (id(u), id(u), if u == 1 { vec![id(1)] } else { vec![id(u), id(1)] })).collect();
    let t = Instant::now();
    let n = write::<_, Fault>(store, |r| r.retally(ORG, at(40 * 3600).seconds() / 3600, &paths)).unwrap();
    println!("  retally of {n}: {:?}", t.elapsed());
}
fn main() {
    let devices = std::env::args().nth(1).map_or(200_000, |n| n.parse().unwrap());
    let which = std::env::args().nth(2).unwrap_or("both".into());
    if which != "postgres" {
        let folder = tempfile::tempdir_in("/var/tmp").unwrap();
        let db = Database::sqlite(folder.path(), Settings::default()).unwrap();
        migrate(&db, MIGRATIONS).unwrap();
        println!("sqlite");
        run(&SqlStore::new(db), devices, 1);
    }
    if which != "sqlite" {
        let server = seaworthy_testkit::postgres::Postgres::start().unwrap();
        let db = Database::postgres(&server.database(), Settings::default()).unwrap();
        migrate(&db, MIGRATIONS).unwrap();
        println!("postgres");
        run(&SqlStore::new(db), devices, std::env::args().nth(3).map_or(2, |n| n.parse().unwrap()));
    }
}
