//! The forms in which a stamp, bare or presented, is shown: drawn on a terminal, or written to a file whose ending names
//! the form.

use std::ffi::OsString;
use std::fs::{self, File};
use std::io::{self, Write};
use std::path::Path;

use seaworthy_model::Code;
use seaworthy_stamp::{Paper, Presentation, Qr, Stamp, TooLong};

use crate::failure::Failure;
use crate::surroundings::Surroundings;

/// Pixels of one module in a PNG.
const MODULE_PIXELS: usize = 8;

/// What is shown: bytes, and the text of the code.
pub trait Shown {
    /// The bytes.
    fn bytes(&self) -> &[u8];

    /// The text.
    fn text(&self) -> String;
}

impl Shown for Stamp {
    fn bytes(&self) -> &[u8] {
        self.cbor()
    }

    fn text(&self) -> String {
        self.to_text(None)
    }
}

impl Shown for Presentation {
    fn bytes(&self) -> &[u8] {
        self.cbor()
    }

    fn text(&self) -> String {
        self.to_text()
    }
}

/// The form of an output file, by its ending.
#[derive(Clone, Copy, Debug)]
pub enum Form {
    /// A picture of the code.
    Png,
    /// A drawing of the code.
    Svg,
    /// The text.
    Text,
    /// The bytes.
    Cbor,
}

impl Form {
    /// The form of a path.
    pub fn of(path: &Path) -> Result<Form, Failure> {
        match path.extension().and_then(|ending| ending.to_str()) {
            Some("png") => Ok(Form::Png),
            Some("svg") => Ok(Form::Svg),
            Some("txt") => Ok(Form::Text),
            Some("cbor") => Ok(Form::Cbor),
            _ => Err(Failure::new(Code::OutputUnwritable, format!("{}: unknown ending", path.display()))),
        }
    }

    fn bytes(self, shown: &dyn Shown) -> Result<Vec<u8>, TooLong> {
        match self {
            Form::Png => Qr::of(&shown.text())?.to_png(MODULE_PIXELS),
            Form::Svg => Ok(Qr::of(&shown.text())?.to_svg().into_bytes()),
            Form::Text => Ok(format!("{}\n", shown.text()).into_bytes()),
            Form::Cbor => Ok(shown.bytes().to_vec()),
        }
    }
}

/// Writes what is shown in the form that the ending of the path names.
pub fn write_shown(path: &Path, shown: &dyn Shown) -> Result<(), Failure> {
    let bytes = Form::of(path)?.bytes(shown).map_err(too_long)?;
    write_whole(path, &bytes).map_err(|error| Failure::unwritable(path, &error))
}

/// A text as a code of half blocks, for where output goes.
pub fn drawn(text: &str, around: &Surroundings) -> Result<String, Failure> {
    let paper = if around.colour { Paper::Painted } else { Paper::Dark };
    Ok(Qr::of(text).map_err(too_long)?.to_terminal(paper))
}

fn too_long(error: TooLong) -> Failure {
    Failure::bug(error.to_string())
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
