//! `seaworthy stamp`: inspect, and for a pass issue a stamp signed by the device's own key. Also where stamps are kept,
//! whoever issued them.

use std::ffi::OsString;
use std::fs::{self, File};
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use seaworthy_inspect::StateDirectory;
use seaworthy_model::{Code, Grade, Timestamp, Verdict};
use seaworthy_stamp::{Fresh, Paper, Particulars, Passing, PublicKey, SigningKey, Stamp, TooLong, Trust, check, issue};

use crate::cli::StampArgs;
use crate::failure::{Failure, exit};
use crate::judged::{Judged, judge};
use crate::key::{device_key, fresh_key, random};
use crate::render::{self, Show, Style};
use crate::surroundings::Surroundings;

/// Pixels of one module in a PNG.
const MODULE_PIXELS: usize = 8;

/// Inspects and stamps. Without a pass there is no stamp, and the report says why.
pub fn run(args: &StampArgs, around: &Surroundings, out: &mut dyn Write) -> Result<u8, Failure> {
    let form = args.out.as_deref().map(Form::of).transpose()?;
    let judged = judge(&args.subject, &[], around)?;
    let now = judged.evidence.envelope.inspected_at;
    let passing = match Passing::new(&judged.appraisal, now) {
        Ok(passing) => passing,
        Err(refusal) => return refused(judged, &refusal.to_string(), around, out),
    };
    let key = device_key(&around.state)?;
    let presenter = fresh_key()?;
    let fresh = Fresh { id: random()?, presenter: presenter.public() };
    let particulars = Particulars {
        subject: judged.evidence.envelope.subject,
        grade: Grade::SelfAsserted,
        build: env!("CARGO_PKG_VERSION").to_owned(),
        status: None,
    };
    let stamp = issue(&passing, &particulars, &fresh, &key).map_err(|error| Failure::bug(error.to_string()))?;
    keep_presenter(&fresh.id, &presenter, around)?;
    match (&args.out, form) {
        (Some(path), Some(_)) => {
            write_stamp(path, &stamp)?;
            let end = passing.until();
            writeln!(out, "stamp for {} until {end}: {}", judged.appraisal.policy.name, path.display())
        }
        _ => {
            let drawn =
                stamp.to_terminal(None, if around.colour { Paper::Painted } else { Paper::Dark }).map_err(too_long)?;
            writeln!(out, "{drawn}\n{}\nuntil {}", stamp.to_text(None), passing.until())
        }
    }
    .map_err(Failure::output)?;
    Ok(exit::PASS)
}

/// A stamp that the organisation issued, as it is kept.
#[derive(Debug)]
pub struct Kept {
    /// The stamp.
    pub stamp: Stamp,
    /// Where its bytes are.
    pub path: PathBuf,
    /// Until when it is valid.
    pub until: Timestamp,
}

/// Keeps a stamp of this issuer beside the key that presents it. One that is another's, or for another presenter, is not.
pub fn keep_issued(
    bytes: &[u8],
    issuer: &PublicKey,
    presenter: &SigningKey,
    around: &Surroundings,
) -> Result<Kept, String> {
    let stamp = Stamp::read(bytes).map_err(|refusal| refusal.to_string())?;
    let mut trust = Trust::default();
    trust.add_file("organisation.pub", &issuer.to_pem()).map_err(|error| error.to_string())?;
    let checked = check(stamp.cbor(), &trust, around.now, None);
    let facts = match &checked {
        Ok(checked) => checked.facts(),
        // Signed all the same: what it says holds, if not at what this device's clock shows.
        Err(refusal) => refusal.facts().ok_or_else(|| refusal.to_string())?,
    };
    let thumbprint: String = presenter.public().thumbprint().iter().map(|byte| format!("{byte:02x}")).collect();
    if facts.presenter != thumbprint {
        return Err("it is for another presenter".to_owned());
    }
    let folder = stamps(around);
    let key = folder.write(&format!("{}.key", facts.id), presenter.to_pem().as_bytes());
    let written = key.and_then(|()| folder.write(&format!("{}.cbor", facts.id), stamp.cbor()));
    written.map_err(|error| format!("{}: {error}", folder.path().display()))?;
    Ok(Kept { path: folder.path().join(format!("{}.cbor", facts.id)), until: facts.expires, stamp })
}

fn stamps(around: &Surroundings) -> StateDirectory {
    StateDirectory::new(around.state.path().join("stamps"))
}

/// Whether a stamp can be written to this path, by its ending.
pub fn is_writable_form(path: &Path) -> Result<(), Failure> {
    Form::of(path).map(drop)
}

/// Writes a stamp in the form that the ending of the path names.
pub fn write_stamp(path: &Path, stamp: &Stamp) -> Result<(), Failure> {
    write_whole(path, &Form::of(path)?.bytes(stamp)?).map_err(|error| Failure::unwritable(path, &error))
}

/// The key whose thumbprint the stamp carries: whoever holds it can prove that the stamp is theirs.
fn keep_presenter(id: &[u8; 16], key: &SigningKey, around: &Surroundings) -> Result<(), Failure> {
    let name: String = id.iter().map(|byte| format!("{byte:02x}")).collect();
    let folder = stamps(around);
    folder
        .write(&format!("{name}.key"), key.to_pem().as_bytes())
        .map_err(|error| Failure::new(Code::StateUnwritable, format!("{}: {error}", folder.path().display())))
}

fn refused(judged: Judged, why: &str, around: &Surroundings, out: &mut dyn Write) -> Result<u8, Failure> {
    let report = judged.report(None);
    let show = Show { style: Style::new(around.colour), verbose: false };
    render::report(&report, show, out)
        .and_then(|()| out.flush())
        .map_err(Failure::output)
        .or_else(Failure::unless_closed_pipe)?;
    crate::say(&format!("\n{why}"));
    Ok(if report.verdict == Verdict::Fail { exit::FAIL } else { exit::UNKNOWN })
}

/// Replaces a file: whatever fails, the old one stays.
pub fn write_whole(path: &Path, bytes: &[u8]) -> io::Result<()> {
    let mut name = OsString::from(".");
    name.push(path.file_name().unwrap_or_default());
    name.push(format!(".{}", std::process::id()));
    let draft = path.with_file_name(name);
    let mut file = File::create_new(&draft)?;
    let written = file.write_all(bytes).and_then(|()| file.sync_all()).and_then(|()| fs::rename(&draft, path));
    if written.is_err() {
        // The error that matters is the one above.
        let _ = fs::remove_file(&draft);
    }
    written
}

/// The form of an output file, by its ending.
#[derive(Clone, Copy, Debug)]
enum Form {
    Png,
    Svg,
    Text,
    Cbor,
}

impl Form {
    fn of(path: &Path) -> Result<Form, Failure> {
        match path.extension().and_then(|ending| ending.to_str()) {
            Some("png") => Ok(Form::Png),
            Some("svg") => Ok(Form::Svg),
            Some("txt") => Ok(Form::Text),
            Some("cbor") => Ok(Form::Cbor),
            _ => Err(Failure::new(Code::OutputUnwritable, format!("{}: unknown ending", path.display()))),
        }
    }

    fn bytes(self, stamp: &Stamp) -> Result<Vec<u8>, Failure> {
        match self {
            Form::Png => stamp.to_png(None, MODULE_PIXELS).map_err(too_long),
            Form::Svg => stamp.to_svg(None).map(String::into_bytes).map_err(too_long),
            Form::Text => Ok(format!("{}\n", stamp.to_text(None)).into_bytes()),
            Form::Cbor => Ok(stamp.cbor().to_vec()),
        }
    }
}

fn too_long(error: TooLong) -> Failure {
    Failure::bug(error.to_string())
}
