//! Made fleets: an organisation, devices with keys of their own, and bodies that differ as those of images do.

use std::fs;
use std::io::Write;
use std::os::unix::fs::OpenOptionsExt;

use seaworthy_inspect::{Inspection, Proving, Root, UserContext};
use seaworthy_model::{
    Body, Claim, ClaimId, Claims, Envelope, Evidence, Grants, Reason, Restart, Subject, Timestamp, Updates,
};
use seaworthy_protocol::{Digest, Head};
use seaworthy_service::authority::{Actor, Held, Role};
use seaworthy_service::directory::{Directory, View};
use seaworthy_service::ports::{DeviceState, Standing, Store, write};
use seaworthy_service::tokens::{self, WantedToken};
use seaworthy_service::{Error, Id, founding};
use seaworthy_stamp::SigningKey;
use std::sync::Arc;

use crate::process::Place;

/// A made organisation, and a token of its administrator.
pub struct Made {
    pub view: Arc<View>,
    pub token: String,
}

/// A counter as randomness: figures must not differ because luck did.
pub fn draw_from(start: u64) -> impl FnMut() -> [u8; 32] {
    let mut next = start;
    move || {
        next += 1;
        *Digest::of(&next.to_le_bytes()).as_bytes()
    }
}

/// Founds the organisation in a store, with its key where the server looks for it; its token is of now.
pub fn organisation(place: &Place, store: &dyn Store, at: Timestamp, now: Timestamp) -> Made {
    let key = SigningKey::from_seed(&[9; 32]).unwrap();
    let keys = place.folder.path().join("keys");
    fs::create_dir_all(&keys).unwrap();
    let path = keys.join(format!("{}.key", Digest::from(key.public().id())));
    let mut file = fs::OpenOptions::new().write(true).create(true).truncate(true).mode(0o600).open(path).unwrap();
    file.write_all(key.to_pem().as_bytes()).unwrap();
    let mut draw = draw_from(0);
    write(store, |records| {
        let organisation = founding::found(records, "Bench", &key, at, &mut draw)?;
        let view = Arc::clone(Directory::load(records)?.view(organisation.id)?);
        let held = Held { role: Role::Administrator, unit: view.tree.root() };
        let actor = Actor::new(organisation.id, Id::from_bytes([0; 16]), "bench", true, vec![held]);
        let wanted = WantedToken {
            name: "bench".into(),
            role: Role::Administrator,
            unit: view.tree.root(),
            ends_at: now.plus_days(30),
        };
        let (_, secret) = tokens::add_api(records, &view, &actor, &wanted, now, &mut draw)?;
        Ok::<_, Error>(Made { view, token: seaworthy_http::signin::ApiSecret(secret).to_string() })
    })
    .unwrap()
}

/// What this machine is, as it would be sent: bodies of the size and shape of real ones.
pub fn evidence(now: Timestamp) -> Evidence {
    let inspection = Inspection {
        root: Root::live(),
        host: Root::live(),
        now,
        user: UserContext { home: "/root".into(), uid: 0, is_root: true, desktop: None },
        state: None,
        proving: Proving::WhereNeeded,
        advisories: None,
    };
    inspection.run(ClaimId::ALL).0
}

/// The body of image number `image` in a fleet as organisations have it: nine of ten images lack no update, the tenth is
/// as this machine is.
pub fn mixed_body(evidence: &Evidence, image: u64) -> Vec<u8> {
    let mut evidence = evidence.clone();
    if !image.is_multiple_of(10) {
        evidence.claims.updates = Claim::known(Updates::default(), &[]);
    }
    body(&evidence, image)
}

/// The body of image number `image`, as this machine is: no two are alike.
pub fn body(evidence: &Evidence, image: u64) -> Vec<u8> {
    let mut claims: Claims = evidence.claims.clone();
    let since =
        Timestamp::from_seconds(evidence.envelope.inspected_at.seconds() - 864_000 + i64::try_from(image).unwrap());
    claims.restart = if image == 0 {
        Claim::not_applicable(Reason::Container, &[])
    } else {
        Claim::known(Restart { required: true, since: Some(since) }, &[])
    };
    let envelope = Envelope { inspected_at: evidence.envelope.inspected_at, subject: Subject::Device };
    Body::of(&Evidence { envelope, claims }, Grants::default()).canonical_bytes().unwrap()
}

/// The key of device number `number`.
pub fn key(number: u64) -> SigningKey {
    SigningKey::from_seed(Digest::of(&number.to_le_bytes()).as_bytes()).unwrap()
}

/// The nonce that a made device begins with.
pub fn first_nonce(number: u64) -> Digest {
    Digest::of(&(!number).to_le_bytes())
}

/// A device that enrolled a moment ago and has not reported yet.
pub fn standing(organisation: Id, unit: Id, number: u64, key: &SigningKey, at: Timestamp) -> Standing {
    Standing {
        organisation,
        device: key.public().id().into(),
        key: *key.public().as_bytes(),
        unit,
        state: DeviceState::Active,
        counter: 1,
        message: Digest::of(&number.to_be_bytes()),
        answer: Vec::new(),
        nonce: first_nonce(number),
        nonce_at: at,
        ledger: Head::EMPTY,
        listed: 0,
        current: None,
        stamp: None,
    }
}
