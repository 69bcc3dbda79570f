//! Carriers: each form reads back, by our reader and by others, and pictures that hold no one stamp are refused.
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use crate::kit::*;
use proptest::prelude::*;
use seaworthy_model::Code;
use seaworthy_stamp::{Host, LogIndex, Paper, Qr, Stamp, read};
use seaworthy_testkit::skip;

fn good() -> Stamp {
    stamp(DEVICE, &particulars())
}

/// A picture of one byte to a pixel, 0 is black.
#[derive(Clone)]
struct Picture {
    width: usize,
    height: usize,
    pixels: Vec<u8>,
}

impl Picture {
    fn of(width: usize, height: usize, pixel: impl Fn(usize, usize) -> u8) -> Picture {
        let pixel = &pixel;
        Picture { width, height, pixels: (0..height).flat_map(|y| (0..width).map(move |x| pixel(x, y))).collect() }
    }

    fn of_qr(qr: &Qr, scale: usize) -> Picture {
        let side = (qr.width() + 8) * scale;
        Picture::of(side, side, |x, y| if qr.is_dark(x / scale, y / scale) { 0 } else { 255 })
    }

    fn at(&self, x: usize, y: usize) -> u8 {
        self.pixels[y * self.width + x]
    }

    fn turned(&self) -> Picture {
        Picture::of(self.height, self.width, |x, y| self.at(y, self.height - 1 - x))
    }

    fn negative(&self) -> Picture {
        Picture::of(self.width, self.height, |x, y| 255 - self.at(x, y))
    }

    fn scaled(&self, factor: f64) -> Picture {
        let to = |length: usize| (length as f64 * factor) as usize;
        let from = |at: usize, length: usize| ((at as f64 / factor) as usize).min(length - 1);
        Picture::of(to(self.width), to(self.height), |x, y| self.at(from(x, self.width), from(y, self.height)))
    }

    /// Grey, noisy, tilted and blurred over a few pixels, on a darker table.
    fn photographed(&self) -> Picture {
        let margin = 60;
        let clean = |x: f64, y: f64| {
            let (u, v) = (x * 0.995 + y * 0.06 - margin as f64, y * 0.99 - x * 0.05 - margin as f64 / 3.0);
            let inside = u >= 0.0 && v >= 0.0 && (u as usize) < self.width && (v as usize) < self.height;
            if inside { 40.0 + f64::from(self.at(u as usize, v as usize)) * 0.7 } else { 110.0 }
        };
        Picture::of(self.width + 2 * margin, self.height + 2 * margin, |x, y| {
            let sum: f64 = (0..9).map(|n| clean(x as f64 + f64::from(n % 3), y as f64 + f64::from(n / 3))).sum();
            let noise = (x * 7919 + y * 104_729) % 17;
            (sum / 9.0 + noise as f64 - 8.0).clamp(0.0, 255.0) as u8
        })
    }

    fn beside(&self, other: &Picture) -> Picture {
        Picture::of(self.width + other.width, self.height.max(other.height), |x, y| match x.checked_sub(self.width) {
            None if y < self.height => self.at(x, y),
            Some(x) if y < other.height => other.at(x, y),
            _ => 255,
        })
    }

    fn png(&self, color: png::ColorType) -> Vec<u8> {
        let samples = color.samples();
        let mut data = Vec::new();
        for &pixel in &self.pixels {
            data.extend(std::iter::repeat_n(pixel, if samples.is_multiple_of(2) { samples - 1 } else { samples }));
            data.extend(std::iter::repeat_n(255, 1 - samples % 2));
        }
        let mut file = Vec::new();
        let mut encoder = png::Encoder::new(&mut file, self.width as u32, self.height as u32);
        encoder.set_color(color);
        encoder.set_depth(png::BitDepth::Eight);
        encoder.write_header().unwrap().write_image_data(&data).unwrap();
        file
    }

    fn reads(&self) -> Result<Vec<u8>, Code> {
        read(&self.png(png::ColorType::Grayscale)).map(|carried| carried.bytes).map_err(|refusal| refusal.code())
    }
}

fn qr(text: &str) -> Picture {
    Picture::of_qr(&Qr::of(text).unwrap(), 4)
}

#[test]
fn each_form_reads_back() {
    let host = Host::parse("check.example").unwrap();
    let plain = good();
    let indexed = good().at(LogIndex::new(1_234_567));
    for (stamp, host) in [(&plain, None), (&plain, Some(&host)), (&indexed, None), (&indexed, Some(&host))] {
        assert_eq!(Stamp::read(stamp.cbor()).unwrap().index(), None, "bytes tell no index");
        let forms: [Vec<u8>; 4] = [
            format!("\u{feff} \n{}\r\n", stamp.to_text(host)).into_bytes(),
            stamp.to_png(host, 4).unwrap(),
            stamp.to_png(host, 9).unwrap(),
            stamp.to_svg(host).unwrap().into_bytes(),
        ];
        for form in forms {
            assert_eq!(Stamp::read(&form), Ok(stamp.clone()));
        }
    }
}

#[test]
fn a_picture_may_be_turned_scaled_negative_coloured_or_photographed() {
    let stamp = good();
    let picture = qr(&stamp.to_text(None));
    let mut turned = picture.clone();
    for quarter in 0..4 {
        assert_eq!(turned.reads().as_deref(), Ok(stamp.cbor()), "turned by {quarter} quarters");
        turned = turned.turned();
    }
    for factor in [1.5, 0.75, 2.3, 6.0] {
        assert_eq!(picture.scaled(factor).reads().as_deref(), Ok(stamp.cbor()), "scaled by {factor}");
    }
    assert_eq!(picture.negative().reads().as_deref(), Ok(stamp.cbor()));
    assert_eq!(picture.photographed().reads().as_deref(), Ok(stamp.cbor()));
    assert_eq!(
        Picture::of_qr(&stamp.to_qr(None).unwrap(), 1).reads().as_deref(),
        Ok(stamp.cbor()),
        "one pixel to a module"
    );
    for color in [png::ColorType::Rgb, png::ColorType::Rgba, png::ColorType::GrayscaleAlpha] {
        assert_eq!(read(&picture.png(color)).unwrap().bytes, stamp.cbor(), "{color:?}");
    }
}

#[test]
fn pictures_without_one_stamp_are_refused_each_with_its_own_code() {
    let text = good().to_text(None);
    let white = Picture::of(200, 200, |_, _| 255);
    assert_eq!(white.reads(), Err(Code::StampQrNone));
    assert_eq!(qr("https://example.org/").reads(), Err(Code::StampQrForeign));
    assert_eq!(qr(&text).beside(&qr("https://example.org/")).reads(), Err(Code::StampQrMany));
    assert_eq!(qr(&text.to_lowercase()).reads(), Err(Code::StampTextLowerCase));
    let whole = qr(&text);
    let scratched = Picture::of(whole.width, whole.height, |x, y| {
        let inner = (90..whole.width - 60).contains(&x) && (90..whole.height - 60).contains(&y);
        if inner { ((x / 4 * 31 + y / 4 * 17) % 2) as u8 * 255 } else { whole.at(x, y) }
    });
    assert_eq!(scratched.reads(), Err(Code::StampQrUnreadable));
    let code = |file: &[u8]| read(file).unwrap_err().code();
    let file = whole.png(png::ColorType::Grayscale);
    assert_eq!(code(&file[..file.len() / 2]), Code::StampImage);
    assert_eq!(code(b"\x89PNG\r\n\x1a\n"), Code::StampImage);
    assert_eq!(code(b"<svg></svg>"), Code::StampSvg);
    // A file of few bytes that says it has many pixels.
    let mut vast = file;
    vast[16..24].copy_from_slice(&[0, 1, 0, 0, 0, 1, 0, 0]);
    assert!(matches!(code(&vast), Code::StampImage | Code::StampImageTooLarge));
    let mut header = Vec::new();
    png::Encoder::new(&mut header, 65_536, 65_536).write_header().unwrap();
    assert_eq!(code(&header), Code::StampImageTooLarge);
}

/// Thousands of corners that might each belong to a code: the search for one must end.
#[test]
fn a_picture_full_of_corners_is_soon_given_up() {
    let ring = |x: usize, y: usize| {
        let from_middle = (x / 3 % 9).abs_diff(4).max((y / 3 % 9).abs_diff(4));
        if matches!(from_middle, 0 | 1 | 3) { 0 } else { 255 }
    };
    let begun = std::time::Instant::now();
    assert_eq!(Picture::of(1080, 1080, ring).reads(), Err(Code::StampQrUnreadable));
    assert!(begun.elapsed().as_secs() < 60, "{:?}", begun.elapsed());
}

/// Draws what a terminal shows: half blocks in the colours that the escape codes, or the theme, give them.
fn rasterised(lines: &str, ink: u8, paper: u8) -> Picture {
    let lines: Vec<Vec<char>> = lines
        .lines()
        .map(|line| line.replace("\u{1b}[38;5;16;48;5;231m", "").replace("\u{1b}[0m", "").chars().collect())
        .collect();
    Picture::of(lines[0].len() * 6 + 40, lines.len() * 12 + 40, |x, y| {
        let (x, y) = (x.wrapping_sub(20), y.wrapping_sub(20));
        let character = lines.get(y / 12).and_then(|line| line.get(x / 6)).copied().unwrap_or(' ');
        let inked = match character {
            '█' => true,
            '▀' => y % 12 < 6,
            '▄' => y % 12 >= 6,
            _ => false,
        };
        if inked { ink } else { paper }
    })
}

#[test]
fn the_terminal_shows_the_code_on_any_theme() {
    let stamp = good();
    // Painted: black on white, whatever the theme.
    let painted = stamp.to_terminal(None, Paper::Painted).unwrap();
    assert!(painted.lines().all(|line| line.starts_with("\u{1b}[38;5;16;48;5;231m") && line.ends_with("\u{1b}[0m")));
    for (paper, ink, ground) in [(Paper::Painted, 0, 255), (Paper::Light, 20, 240), (Paper::Dark, 230, 30)] {
        let picture = rasterised(&stamp.to_terminal(None, paper).unwrap(), ink, ground);
        assert_eq!(picture.reads().as_deref(), Ok(stamp.cbor()), "{paper:?}");
        check_with_zbar(&picture.png(png::ColorType::Grayscale), &stamp.to_text(None));
    }
}

#[test]
fn an_independent_reader_reads_the_png() {
    let stamp = good();
    let host = Host::parse("check.example").unwrap();
    check_with_zbar(&stamp.to_png(None, 4).unwrap(), &stamp.to_text(None));
    check_with_zbar(&stamp.to_png(Some(&host), 4).unwrap(), &stamp.to_text(Some(&host)));
}

/// A folder of this test run, and a path in it that no other test uses.
fn scratch(name: &str) -> PathBuf {
    Path::new(env!("CARGO_TARGET_TMPDIR")).join(name)
}

#[expect(clippy::disallowed_methods, reason = "another reader is the oracle")]
pub(crate) fn check_with_zbar(png: &[u8], text: &str) {
    let sum = ring::digest::digest(&ring::digest::SHA256, png);
    let path = scratch(&format!("{}.png", data_encoding::HEXLOWER.encode(&sum.as_ref()[..8])));
    fs::write(&path, png).unwrap();
    match Command::new("zbarimg").args(["--quiet", "--raw"]).arg(&path).output() {
        Ok(output) => assert_eq!(String::from_utf8_lossy(&output.stdout).trim(), text),
        Err(error) => skip("zbarimg", &format!("{error}; apt-get install zbar-tools")),
    }
}

#[test]
#[expect(clippy::disallowed_methods, reason = "openssl is the oracle")]
fn openssl_reads_our_keys_and_we_read_its() {
    let (private, public) = (scratch("device.key"), scratch("device.pub"));
    fs::write(&private, key(DEVICE).to_pem()).unwrap();
    fs::write(&public, key(DEVICE).public().to_pem()).unwrap();
    let openssl = |arguments: &[&str]| Command::new("openssl").arg("pkey").args(arguments).output();
    let Ok(derived) = openssl(&["-in", private.to_str().unwrap(), "-pubout"]) else {
        return skip("openssl", "not installed; apt-get install openssl");
    };
    assert_eq!(String::from_utf8_lossy(&derived.stdout), key(DEVICE).public().to_pem());
    let shown = openssl(&["-pubin", "-in", public.to_str().unwrap(), "-noout", "-text"]).unwrap();
    assert!(String::from_utf8_lossy(&shown.stdout).contains("ED25519"));
    let made = Command::new("openssl").args(["genpkey", "-algorithm", "ed25519"]).output().unwrap();
    assert!(seaworthy_stamp::SigningKey::parse(&String::from_utf8_lossy(&made.stdout)).is_ok());
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 24, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn no_png_panics(at: proptest::sample::Index, byte: u8, pixels in proptest::collection::vec(any::<bool>(), 1600)) {
        let mut file = good().to_png(None, 4).unwrap();
        let at = at.index(file.len());
        file[at] = byte;
        let _ = read(&file);
        let noise = Picture::of(160, 160, |x, y| u8::from(pixels[y / 4 * 40 + x / 4]) * 255);
        prop_assert!(noise.reads().is_err());
    }

    #[test]
    fn any_particulars_go_round(id: [u8; 16], seed: [u8; 32], index: u64, mounted: bool, grade in 0_usize..3, days in 1_u32..4000, listed: bool) {
        use seaworthy_model::{Grade, Subject, Timeline, Verdict};
        use seaworthy_stamp::{Fresh, Particulars, Passing, SigningKey, StatusReference, Trust, check, issue};
        let mut appraisal = appraisal();
        let end = time(ISSUED).plus_days(days);
        appraisal.timeline = Timeline::always(Verdict::Unknown).then(time(ISSUED), Verdict::Pass).then(end, Verdict::Fail);
        let particulars = Particulars {
            subject: if mounted { Subject::MountedDisk } else { Subject::Device },
            grade: Grade::ALL[grade],
            build: "9.9".into(),
            status: listed.then(|| StatusReference { index, uri: "https://status.example/".into() }),
        };
        let key = SigningKey::from_seed(&seed).unwrap();
        let fresh = Fresh { id, presenter: key.public() };
        let stamp = issue(&Passing::new(&appraisal, time(ISSUED)).unwrap(), &particulars, &fresh, &key).unwrap();
        let carried = Stamp::read(stamp.to_svg(None).unwrap().as_bytes()).unwrap();
        let mut trust = Trust::default();
        let hex = data_encoding::HEXLOWER.encode(key.public().as_bytes());
        trust.add_file("t", &format!("[[trust]]\nkey='{hex}'\nalgorithm='Ed25519'\nrole='organisation'\nname='x'\nhighest_grade='hardware-attested'")).unwrap();
        let checked = check(carried.cbor(), &trust, time(ISSUED), None).unwrap();
        let facts = checked.facts();
        prop_assert_eq!((facts.subject, facts.grade, facts.expires), (particulars.subject, particulars.grade, end));
        prop_assert_eq!(&facts.status, &particulars.status);
        prop_assert_eq!(&facts.id, &data_encoding::HEXLOWER.encode(&id));
    }
}
