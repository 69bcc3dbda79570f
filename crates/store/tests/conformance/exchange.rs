//! One device from its enrolment to its leaving, by the use-cases.

use seaworthy_model::Code;
use seaworthy_protocol::{
    Acknowledgement, Ask, Break, DeviceRequest, Digest, Enrolment, EntryKind, EvidenceEnvelope, Ledger, Link,
    Reception, Report, VERSION, seal,
};
use seaworthy_service::access::Why;
use seaworthy_service::appraiser::Appraiser;
use seaworthy_service::ask::{Heard, ask};
use seaworthy_service::authority::{Actor, Held, Role};
use seaworthy_service::counts::{Counts, counts};
use seaworthy_service::devices::{Page, Reader};
use seaworthy_service::directory::Directory;
use seaworthy_service::enrolment::enter;
use seaworthy_service::founding::found;
use seaworthy_service::intake::{Intake, Taken, receive};
use seaworthy_service::ports::{Records, TokenKind, read, write};
use seaworthy_service::statuses::Slots;
use seaworthy_service::tokens::{Wanted, add_enrolment};
use seaworthy_service::{Error, Id};
use seaworthy_stamp::SigningKey;
use seaworthy_store::SqlStore;

use crate::fleet::at;
use crate::for_each_store;

/// A body as a device sends it.
const BODY: &[u8] = include_bytes!("../../../../docs/spec/vectors/evidence/device.cbor");

/// How the server is reached.
pub(crate) const SERVER: &str = "https://example.org";

/// An organisation and one device.
pub(crate) struct World<'a> {
    pub(crate) store: &'a SqlStore,
    pub(crate) directory: Directory,
    pub(crate) appraiser: Appraiser,
    slots: Slots,
    device: SigningKey,
    drawn: u64,
}

impl<'a> World<'a> {
    pub(crate) fn founded(store: &'a SqlStore) -> World<'a> {
        let key = SigningKey::from_seed(&[1; 32]).unwrap();
        write(store, |records| found(records, "Harbour", &key, at(0), &mut draw(&mut 0))).unwrap();
        let device = SigningKey::from_seed(&[2; 32]).unwrap();
        let directory = Directory::default();
        let mut world =
            World { store, directory, appraiser: Appraiser::default(), slots: Slots::default(), device, drawn: 1_000 };
        world.reload();
        world
    }

    /// Loads the directory anew, as a server does after a change.
    pub(crate) fn reload(&mut self) {
        self.directory = read(self.store, |records| Directory::load(records)).unwrap();
    }

    /// The same with nothing in memory.
    pub(crate) fn restart(&mut self) {
        self.slots = Slots::default();
    }

    pub(crate) fn organisation(&self) -> Id {
        self.directory.views().next().unwrap().organisation.id
    }

    pub(crate) fn root(&self) -> Id {
        self.directory.view(self.organisation()).unwrap().tree.root()
    }

    pub(crate) fn administrator(&self) -> Actor {
        let held = Held { role: Role::Administrator, unit: self.root() };
        Actor::new(self.organisation(), Id::from_bytes([9; 16]), "Ada", false, vec![held])
    }

    pub(crate) fn link(&mut self) -> Link {
        let wanted = Wanted { kind: TokenKind::OneTime, unit: self.root(), holder: None, ends_at: at(9_000) };
        let view = self.directory.view(self.organisation()).unwrap();
        let (actor, drawn) = (self.administrator(), &mut self.drawn);
        let made = write(self.store, |records| {
            add_enrolment(records, view, &actor, wanted, "https://example.org", at(1), &mut draw(drawn))
        });
        made.unwrap().1
    }

    pub(crate) fn enrol(&mut self, link: &Link, device: &SigningKey) -> Result<Acknowledgement, Error> {
        let view = self.directory.of_key(&link.organisation).unwrap();
        let enrolment = Enrolment {
            version: VERSION,
            organisation: link.organisation,
            token: link.token.clone(),
            key: device.public().as_bytes().to_vec().into(),
            counter: 1,
            device_time: at(2),
            policy: view.in_force(view.tree.root(), at(2)).unwrap().record.digest,
            name: Some("a laptop".into()),
            holder: None,
            replaces: None,
        };
        let sealed = seal(&enrolment, device).unwrap();
        let (directory, drawn) = (&self.directory, &mut self.drawn);
        write(self.store, |records| enter(records, directory, &sealed, at(2), &mut draw(drawn))).map(|done| done.1)
    }

    pub(crate) fn report(&mut self, counter: u64, nonce: Digest) -> Result<Taken, Error> {
        let view = self.directory.view(self.organisation()).unwrap();
        let envelope = EvidenceEnvelope {
            version: VERSION,
            organisation: view.root_key(),
            key: self.device.public().as_bytes().to_vec().into(),
            counter,
            inspected_at: at(counter as i64 * 10),
            nonce: Some(nonce),
            policy: Digest::ZERO,
            body: Digest::of(BODY),
            presenter: SigningKey::from_seed(&[3; 32]).unwrap().public().as_bytes().to_vec().into(),
        };
        let report = Report::new(seal(&envelope, &self.device).unwrap(), BODY.to_vec()).encode().unwrap();
        let received = [receive(&report, |_| false)?];
        let (directory, appraiser) = (&self.directory, &self.appraiser);
        let (drawn, now) = (&mut self.drawn, at(counter as i64 * 10 + 1));
        let slots = self.slots.take(self.store, directory, SERVER, &received, now, &mut draw(drawn))?;
        let intake = Intake { directory, appraiser, build: "0", slots: &slots, at: now };
        let mut taken = write(self.store, |records| intake.take_in(records, &received, &mut draw(drawn)))?;
        self.slots.give_back(slots, &taken);
        taken.remove(0)
    }

    /// Acts on devices as an administrator, at an instant.
    pub(crate) fn acts<T>(
        &self,
        now: i64,
        mut work: impl FnMut(&Reader<'_>, &mut dyn Records) -> Result<T, Error>,
    ) -> Result<T, Error> {
        let view = self.directory.view(self.organisation()).unwrap();
        let (actor, why) = (self.administrator(), Why::new("found in a canal").unwrap());
        let reader = Reader { view, appraiser: &self.appraiser, actor: &actor, why: &why, now: at(now) };
        write(self.store, |records| work(&reader, records))
    }

    pub(crate) fn ask(&mut self, counter: u64, what: Ask) -> Result<Heard, Error> {
        let request = DeviceRequest {
            version: VERSION,
            organisation: self.directory.view(self.organisation()).unwrap().root_key(),
            key: self.device.public().as_bytes().to_vec().into(),
            counter,
            device_time: at(50),
            ask: what,
        };
        let sealed = seal(&request, &self.device).unwrap();
        let (directory, drawn) = (&self.directory, &mut self.drawn);
        write(self.store, |records| ask(records, directory, &sealed, at(100), &mut draw(drawn)))
    }

    fn counts(&self, seconds: i64, now: i64) -> Counts {
        let view = self.directory.view(self.organisation()).unwrap();
        let count =
            |records: &mut dyn Records| counts(records, view, &self.appraiser, self.root(), at(seconds), at(now));
        write(self.store, count).unwrap()
    }

    pub(crate) fn look(&self) -> usize {
        let view = self.directory.view(self.organisation()).unwrap();
        let (actor, why) = (self.administrator(), Why::new("a look").unwrap());
        let reader = Reader { view, appraiser: &self.appraiser, actor: &actor, why: &why, now: at(60) };
        let page = Page { limit: 10, below: true, ..Page::default() };
        write(self.store, |records| reader.list(records, self.root(), &page)).unwrap().len()
    }
}

/// Bytes that never repeat.
fn draw(drawn: &mut u64) -> impl FnMut() -> [u8; 32] + '_ {
    move || {
        *drawn += 1;
        *Digest::of(&drawn.to_be_bytes()).as_bytes()
    }
}

fn devices(counts: Counts) -> u64 {
    counts.pass + counts.fail + counts.unknown
}

fn code<T>(result: Result<T, Error>) -> Option<Code> {
    result.err().map(|error| error.code())
}

#[test]
fn a_device_enrols_reports_is_seen_and_leaves() {
    for_each_store(|store| {
        let mut world = World::founded(store);
        let link = world.link();
        let device = SigningKey::from_seed(&[2; 32]).unwrap();
        let enrolled = world.enrol(&link, &device).unwrap();
        assert_eq!(enrolled.reception, Reception::Enrolled);
        assert_eq!(world.enrol(&link, &device).unwrap(), enrolled, "the same message, the same answer");
        let second = SigningKey::from_seed(&[4; 32]).unwrap();
        assert_eq!(code(world.enrol(&link, &second)), Some(Code::EnrolmentToken));
        assert_eq!(world.counts(3, 3).not_inspected, 1);

        let taken = world.report(2, enrolled.nonce).unwrap();
        assert_eq!((taken.acknowledgement.reception, taken.is_repeated), (Reception::Live, false));
        let again = world.report(2, enrolled.nonce).unwrap();
        assert_eq!((again.acknowledgement, again.is_repeated), (taken.acknowledgement.clone(), true));
        let third = world.report(3, taken.acknowledgement.nonce).unwrap();
        assert_eq!(code(world.report(2, enrolled.nonce)), Some(Code::ReportReplayed));
        assert_eq!((devices(world.counts(60, 60)), world.counts(60, 60).not_inspected), (1, 0));
        assert_eq!(world.look(), 1);

        let heard = world.ask(4, Ask::Ledger).unwrap();
        let entries = heard.ledger.unwrap().entries;
        let kinds: Vec<EntryKind> = entries.iter().map(|entry| entry.kind).collect();
        assert_eq!(kinds, [EntryKind::Enrolled, EntryKind::Listed]);
        let ledger = Ledger::verified(entries.clone(), third.acknowledgement.ledger).unwrap();
        assert_eq!(ledger.head(), heard.acknowledgement.ledger);
        let rewound = Ledger::verified(entries[..1].to_vec(), ledger.head());
        assert!(matches!(rewound, Err(Break::Rewound { .. })));

        let export = world.ask(5, Ask::Export).unwrap().export.unwrap();
        assert_eq!((export.reports.len(), export.bodies.len(), export.ledger.len()), (2, 1, 3));
        world.ask(6, Ask::Leave).unwrap();
        assert_eq!(world.counts(100, 100), Counts::default());
        assert_eq!(devices(world.counts(100, 8_000)), 0, "and as that hour ended");
        assert_eq!(world.look(), 0);
        assert_eq!(code(world.report(7, third.acknowledgement.nonce)), Some(Code::DeviceLeft));
    });
}
