//! Age of an installed scanner's signatures, by the header the vendor wrote into them. The file's own time says only
//! when it was fetched.

use std::io::Read;

use seaworthy_model::{Antivirus, Claim, Place, Reason, Timestamp};

use super::{Look, Reader, Stop};

const PROGRAMS: [&str; 3] = ["/usr/bin/clamscan", "/usr/sbin/clamd", "/usr/bin/freshclam"];
const DATABASES: [&str; 4] = ["daily.cld", "daily.cvd", "main.cld", "main.cvd"];
const HEADER: u64 = 512;
/// A clock may be this far behind the vendor's before a date ahead of it is no date.
const CLOCK_SLACK: i64 = 600;

/// Reads the newest of ClamAV's databases.
pub fn probe(look: &Look) -> Claim<Antivirus> {
    look.answer(examine)
}

fn examine(reader: &Reader<'_>) -> Result<Antivirus, Stop<Antivirus>> {
    // An unreadable or absent /usr cannot prove that no scanner is installed.
    reader.list(Place::ClamAvProgram, "/usr/bin")?;
    let mut installed = false;
    for program in PROGRAMS {
        installed |= reader.exists(Place::ClamAvProgram, program)?;
    }
    if !installed {
        return Err(Stop::NotApplicable(Reason::NoAntivirus));
    }
    let mut newest = None;
    for name in DATABASES {
        newest = newest.max(signatures_at(reader, name)?);
    }
    let signatures_at = newest.ok_or(Reason::Missing)?;
    if signatures_at > reader.look.now + CLOCK_SLACK {
        return Err(Stop::Unknown(Reason::ClockWrong));
    }
    Ok(Antivirus { product: "clamav".into(), signatures_at })
}

fn signatures_at(reader: &Reader<'_>, name: &str) -> Result<Option<Timestamp>, Reason> {
    let mut header = Vec::new();
    match reader.open(Place::ClamAv, format!("/var/lib/clamav/{name}")) {
        Err(error) if error.is_missing() => return Ok(None),
        Err(error) => return Err(error.reason()),
        Ok(file) => file.take(HEADER).read_to_end(&mut header).map_err(|_| Reason::ReadFailed)?,
    };
    let header = String::from_utf8_lossy(&header);
    // ClamAV-VDB:time:version:signatures:level:md5:dsig:builder:seconds, padded with blanks.
    let fields: Vec<&str> = header.split(':').collect();
    let [magic, _, _, _, _, _, _, _, seconds, ..] = fields.as_slice() else { return Err(Reason::Garbled) };
    let seconds: i64 = seconds.trim().parse().map_err(|_| Reason::Garbled)?;
    if *magic == "ClamAV-VDB" && seconds > 0 {
        Ok(Some(Timestamp::from_seconds(seconds)))
    } else {
        Err(Reason::Garbled)
    }
}
