//! Where `check` reads from: trust files, status lists, inputs and lines, each up to a length.

use std::fs::File;
use std::io::{self, BufRead, Read};
use std::path::{Path, PathBuf};

use seaworthy_model::{Code, Timestamp};
use seaworthy_stamp::{MAX_INPUT, MAX_STATUS_LIST, Trust};

use crate::failure::Failure;

/// Largest trust file.
const MAX_TRUST: usize = 1024 * 1024;
/// Longest line that is kept with `--lines`; the rest of a longer one is passed over.
const MAX_LINE: usize = 64 * 1024;

/// Whom the files trust.
pub fn trust(files: &[PathBuf]) -> Result<Trust, Failure> {
    let mut trust = Trust::default();
    for path in files {
        let unreadable = |error| Failure::new(Code::TrustUnreadable, format!("{}: {error}", path.display()));
        let mut file = File::open(path).map_err(unreadable)?;
        let bytes = read_up_to(&mut file, MAX_TRUST).map_err(unreadable)?;
        let text = String::from_utf8(bytes).map_err(|_| unreadable(io::Error::other("not UTF-8")))?;
        trust
            .add_file(&path.display().to_string(), &text)
            .map_err(|error| Failure::new(error.code, error.to_string()))?;
    }
    Ok(trust)
}

/// Adds the lists, and tells when each was made.
pub fn add_status_lists(trust: &mut Trust, files: &[PathBuf]) -> Result<Vec<Timestamp>, Failure> {
    let mut issued = Vec::new();
    for path in files {
        let broken = |error| Failure::new(Code::StatusListBroken, format!("{}: {error}", path.display()));
        let bytes = File::open(path).and_then(|mut file| read_up_to(&mut file, MAX_STATUS_LIST)).map_err(broken)?;
        let added = trust.add_status_list(&bytes);
        issued.push(added.map_err(|refusal| Failure::new(refusal.code(), format!("{}: {refusal}", path.display())))?);
    }
    Ok(issued)
}

/// What an argument stands for: standard input, a file, or the stamp itself, which no file's name looks like.
pub fn bytes_of(name: &str, input: &mut dyn BufRead) -> io::Result<Vec<u8>> {
    if name == "-" {
        return read_up_to(input, MAX_INPUT);
    }
    if ["S#", "P#"].iter().any(|begin| name.contains(begin)) && !Path::new(name).exists() {
        return Ok(name.as_bytes().to_vec());
    }
    read_up_to(&mut File::open(name)?, MAX_INPUT)
}

/// Bytes up to so many; more are an error.
pub fn read_up_to(source: &mut dyn Read, most: usize) -> io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    source.take(most as u64 + 1).read_to_end(&mut bytes)?;
    if bytes.len() > most { Err(io::Error::other("larger than is read")) } else { Ok(bytes) }
}

/// The next line without its end, cut at [`MAX_LINE`]; none at the end of the input.
pub fn next_line(input: &mut dyn BufRead) -> io::Result<Option<Vec<u8>>> {
    let mut line = Vec::new();
    let mut any = false;
    loop {
        let available = input.fill_buf()?;
        if available.is_empty() {
            return Ok(any.then_some(line));
        }
        any = true;
        let end = available.iter().position(|&byte| byte == b'\n');
        let part = available.get(..end.unwrap_or(available.len())).unwrap_or_default();
        let room = MAX_LINE.saturating_sub(line.len());
        line.extend(part.iter().take(room));
        let used = end.map_or(available.len(), |end| end + 1);
        input.consume(used);
        if end.is_some() {
            return Ok(Some(line));
        }
    }
}

/// An argument as it is shown: a stamp's own text is cut short.
pub fn shown(name: &str) -> String {
    name.chars().take(60).map(|c| if c.is_control() { '?' } else { c }).collect()
}
