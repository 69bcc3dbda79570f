//! `seaworthyd prove`: evidence of what was, for whoever has no server and trusts nobody's database. The look is written into
//! the holder's ledger first, as the operator's.

use std::io::Write;
use std::path::Path;
use std::thread;
use std::time::Duration;

use seaworthy_http::desk::KeyStore;
use seaworthy_model::Code;
use seaworthy_service::Error;
use seaworthy_service::access::Why;
use seaworthy_service::appraiser::Appraiser;
use seaworthy_service::devices::Reader;
use seaworthy_service::directory::{Directory, View};
use seaworthy_service::log::{Draft, Was};
use seaworthy_service::ports::{self, Store};
use seaworthy_store::SqlStore;

use crate::cli::Prove;
use crate::failure::{Failure, exit};
use crate::folder;
use crate::keyring::Keyring;
use crate::office::{self, failed, now};
use crate::operator::{operator, organisation};
use crate::settings::Settings;
use crate::tiles;

/// How often and after how long it is looked again whether the log has taken in all of it: a few seconds.
const TRIES: u32 = 20;
const PAUSE: Duration = Duration::from_millis(250);

/// Writes the bundle of a device.
pub fn run(options: &Prove, settings: &Settings, out: &mut dyn Write) -> Result<(), Failure> {
    let store = SqlStore::new(office::database_beside(settings)?);
    let draft = drafted(options, &store)?;
    let bytes = proved(&draft.0, &draft.1, settings, &store)?;
    match &options.out {
        Some(path) => write(path, &bytes).map_err(|error| Failure::unwritable(path, &error)),
        None => out.write_all(&bytes).and_then(|()| out.flush()).map_err(Failure::output),
    }
}

/// Looks into the records, and writes that down.
fn drafted(options: &Prove, store: &dyn Store) -> Result<(std::sync::Arc<View>, Draft), Failure> {
    let why = Why::new(&options.why).map_err(failed)?;
    let appraiser = Appraiser::default();
    let looked = ports::write(store, |records| {
        let view = organisation(&Directory::load(records)?, options.of.as_deref())?;
        let actor = operator(&view);
        let reader = Reader { view: &view, appraiser: &appraiser, actor: &actor, why: &why, now: now() };
        let was = reader.was(records, options.device, options.at)?;
        Ok::<_, Error>((view, was))
    });
    let (view, was) = looked.map_err(failed)?;
    let told = |code: Code, exit| Err(Failure::new(code, format!("device {}", options.device)).ending(exit));
    match was {
        Was::Erased => told(Code::ProveErased, exit::NO),
        Was::Uninspected => told(Code::ProveUninspected, exit::UNKNOWN),
        Was::WithoutPolicy => told(Code::ProvePolicy, exit::UNKNOWN),
        Was::Told(draft) => Ok((view, *draft)),
    }
}

/// Proves the draft; a server that runs takes what is new into the log meanwhile.
fn proved(view: &View, draft: &Draft, settings: &Settings, store: &dyn Store) -> Result<Vec<u8>, Failure> {
    let unusable = |what: String| Failure::new(Code::DataUnusable, format!("{}: {what}", settings.data.display()));
    let keyring = Keyring::open(&settings.data).map_err(|error| unusable(error.to_string()))?;
    let key = view.signing_key().ok_or_else(|| unusable("no key of the organisation signs".to_owned()))?;
    let key = keyring.key(&key.id).map_err(|error| unusable(error.to_string()))?;
    let tiles = tiles::open(settings)?;
    for _ in 0..TRIES {
        let proved = draft.prove(store, tiles.as_ref(), &key);
        if let Some(bytes) = proved.map_err(|error| failed(error).ending(exit::NO))? {
            return Ok(bytes);
        }
        thread::sleep(PAUSE);
    }
    Err(Failure::new(Code::ProveWaiting, "some record waits").ending(exit::UNKNOWN))
}

/// A bundle tells of a person's device: it is for its owner alone, also where a file of that name was for others.
fn write(path: &Path, bytes: &[u8]) -> std::io::Result<()> {
    let name = path.file_name().and_then(|name| name.to_str()).ok_or(std::io::ErrorKind::InvalidFilename)?;
    let folder = path.parent().filter(|parent| !parent.as_os_str().is_empty()).unwrap_or(Path::new("."));
    folder::write(folder, name, bytes)
}
