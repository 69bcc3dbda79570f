//! `seaworthy stamp`: inspect, and for a pass issue a stamp signed by the device's own key.

use std::ffi::OsString;
use std::fs::{self, File};
use std::io::{self, Write};
use std::path::Path;

use seaworthy_model::{Code, Grade, Verdict};
use seaworthy_stamp::{Fresh, Paper, Particulars, Passing, Stamp, TooLong, issue};

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
        (Some(path), Some(form)) => {
            write_whole(path, &form.bytes(&stamp)?).map_err(|error| Failure::unwritable(path, &error))?;
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

/// The key whose thumbprint the stamp carries: whoever holds it can prove that the stamp is theirs.
fn keep_presenter(id: &[u8; 16], key: &seaworthy_stamp::SigningKey, around: &Surroundings) -> Result<(), Failure> {
    let name: String = id.iter().map(|byte| format!("{byte:02x}")).collect();
    let folder = seaworthy_inspect::StateDirectory::new(around.state.path().join("stamps"));
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
fn write_whole(path: &Path, bytes: &[u8]) -> io::Result<()> {
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
