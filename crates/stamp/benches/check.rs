//! How long a check takes, against bare verification of the same signature: `cargo bench -p seaworthy-stamp`.
//! Both run in turns within one process; the medians of many rounds are printed.

use std::hint::black_box;
use std::io::Write;
use std::time::Instant;

use seaworthy_model::{Appraisal, Grade, PolicyId, Subject, Timeline, Timestamp, Verdict};
use seaworthy_stamp::{Fresh, Particulars, Passing, SigningKey, StatusList, Statuses, Trust, check, issue, read};

const ROUNDS: usize = 2001;
const REPEATS: u32 = 10;

fn main() -> Result<(), Box<dyn std::error::Error>> {
    // `cargo test` builds benches too and starts them with other arguments.
    if !std::env::args().any(|argument| argument == "--bench") {
        return Ok(());
    }
    let now = Timestamp::from_seconds(1_800_000_000);
    let key = SigningKey::from_seed(&[7; 32])?;
    let appraisal = Appraisal {
        policy: PolicyId { name: "six-month".into(), digest: "5a".repeat(32) },
        timeline: Timeline::always(Verdict::Pass).then(now.plus_days(180), Verdict::Unknown),
        findings: vec![],
    };
    let particulars =
        Particulars { subject: Subject::Device, grade: Grade::SelfAsserted, build: "0.1.0".into(), status: None };
    let fresh = Fresh { id: [1; 16], presenter: key.public() };
    let stamp = issue(&Passing::new(&appraisal, now)?, &particulars, &fresh, &key)?;
    let mut trust = Trust::default();
    trust.add_file("device.pub", &key.public().to_pem())?;

    let public = key.public();
    let (message, signature) = to_be_signed(stamp.cbor()).ok_or("the stamp's parts")?;
    if !public.verify(&message, signature) {
        return Err("the bare verification must succeed".into());
    }
    let (png, text) = (stamp.to_png(None, 8)?, stamp.to_text(None));
    let bare = || _ = black_box(public.verify(black_box(&message), black_box(signature)));
    let whole = || drop(black_box(check(black_box(stamp.cbor()), &trust, now, None)));
    let from_text = || {
        drop(black_box(read(black_box(text.as_bytes())).and_then(|carried| check(&carried.bytes, &trust, now, None))))
    };
    check(stamp.cbor(), &trust, now, None)?;

    let mut times: [Vec<f64>; 3] = Default::default();
    for _ in 0..ROUNDS {
        times.iter_mut().zip([&bare as &dyn Fn(), &whole, &from_text]).for_each(|(list, work)| list.push(timed(work)));
    }
    let [bare, whole, from_text] = times.map(median);
    let one = Instant::now();
    read(&png)?;
    let png_time = one.elapsed().as_secs_f64() * 1000.0;

    let mut out = std::io::stdout().lock();
    writeln!(
        out,
        "stamp: {} bytes, {} letters, QR version {}-M",
        stamp.cbor().len(),
        text.len(),
        stamp.to_qr(None)?.version()
    )?;
    writeln!(out, "bare Ed25519 verification: {bare:.2} µs")?;
    writeln!(out, "check from COSE bytes:     {whole:.2} µs, {:.3} times", whole / bare)?;
    writeln!(out, "check from text:           {from_text:.2} µs, {:.3} times", from_text / bare)?;
    writeln!(out, "reading its PNG once:      {png_time:.2} ms")?;
    let (bytes, made, read) = status_list(&key, now)?;
    writeln!(out, "status list, 1 M places, 1 % revoked: {bytes} bytes, made in {made:.1} ms, read in {read:.1} ms")?;
    Ok(())
}

/// A list of a million places of which one in a hundred is revoked: its size, and the milliseconds to make and to read it.
fn status_list(key: &SigningKey, now: Timestamp) -> Result<(usize, f64, f64), Box<dyn std::error::Error>> {
    let mut trust = Trust::default();
    let public: String = key.public().as_bytes().iter().map(|byte| format!("{byte:02x}")).collect();
    let record = format!("key = \"{public}\"\nalgorithm = \"Ed25519\"\nrole = \"status-list\"\nname = \"A\"\n");
    trust.add_file("trust.toml", &format!("[[trust]]\n{record}"))?;
    let started = Instant::now();
    let mut statuses = Statuses::valid(2, 1 << 20).ok_or("a list")?;
    let mut place = 1_u64;
    for _ in 0..(1 << 20) / 100 {
        place = place.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        statuses.set(place >> 44, 1);
    }
    let address = "https://seaworthy.example/status/0123456789abcdef/0".to_owned();
    let list = StatusList { address, issued: now, expires: now.plus_days(1), ttl: Some(300), statuses };
    let bytes = list.sign(key);
    let made = started.elapsed().as_secs_f64() * 1e3;
    let started = Instant::now();
    trust.add_status_list(&bytes)?;
    Ok((bytes.len(), made, started.elapsed().as_secs_f64() * 1e3))
}

/// The Sig_structure and the signature: tag, array, header of under 256 bytes, empty map, payload, signature of 64.
fn to_be_signed(stamp: &[u8]) -> Option<(Vec<u8>, &[u8])> {
    let (message, signature) = stamp.split_at_checked(stamp.len().checked_sub(64)?)?;
    let (protected, rest) = message.get(2..)?.split_at_checked(2 + usize::from(*message.get(3)?))?;
    let payload = rest.get(1..rest.len().checked_sub(2)?)?;
    Some(([b"\x84\x6aSignature1", protected, b"\x40", payload].concat(), signature))
}

/// Microseconds of one run, from a few in a row.
fn timed(work: &dyn Fn()) -> f64 {
    let start = Instant::now();
    (0..REPEATS).for_each(|_| work());
    start.elapsed().as_secs_f64() * 1e6 / f64::from(REPEATS)
}

fn median(mut times: Vec<f64>) -> f64 {
    times.sort_by(f64::total_cmp);
    times.get(times.len() / 2).copied().unwrap_or_default()
}
