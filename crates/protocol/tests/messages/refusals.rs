//! What is not read, and what it is told to be.

use seaworthy_protocol::{
    Acknowledgement, Break, DeviceRequest, Digest, Enrolment, EvidenceEnvelope, Head, Ledger, MAX_REPORT, Message,
    MessageError, PolicyDocument, Report, Successor, open, open_own, seal,
};

use crate::kinds;

fn sealed() -> Vec<(&'static str, Vec<u8>)> {
    let (device, organisation) = (kinds::device(), kinds::organisation());
    vec![
        (Enrolment::TYPE, seal(&kinds::enrolment(), &device).unwrap()),
        (EvidenceEnvelope::TYPE, seal(&kinds::evidence(b"body"), &device).unwrap()),
        (DeviceRequest::TYPE, seal(&kinds::request(), &device).unwrap()),
        (Acknowledgement::TYPE, seal(&kinds::acknowledgement(Digest::ZERO), &organisation).unwrap()),
        (PolicyDocument::TYPE, seal(&kinds::policy(), &organisation).unwrap()),
        (Successor::TYPE, seal(&kinds::succession(), &organisation).unwrap()),
    ]
}

#[test]
fn no_message_stands_for_another() {
    fn reads<M: Message>(bytes: &[u8]) -> bool {
        [kinds::device(), kinds::organisation()].iter().any(|key| open::<M>(bytes, &key.public()).is_ok())
    }
    for (kind, bytes) in sealed() {
        let read = [
            (Enrolment::TYPE, reads::<Enrolment>(&bytes)),
            (EvidenceEnvelope::TYPE, reads::<EvidenceEnvelope>(&bytes)),
            (DeviceRequest::TYPE, reads::<DeviceRequest>(&bytes)),
            (Acknowledgement::TYPE, reads::<Acknowledgement>(&bytes)),
            (PolicyDocument::TYPE, reads::<PolicyDocument>(&bytes)),
            (Successor::TYPE, reads::<Successor>(&bytes)),
        ];
        let as_what: Vec<&str> = read.iter().filter(|(_, read)| *read).map(|(kind, _)| *kind).collect();
        assert_eq!(as_what, [kind]);
        assert!(bytes.len() <= Successor::MAX_BYTES || kind != Successor::TYPE);
    }
}

#[test]
fn each_refusal_says_why() {
    let device = kinds::device();
    let request = seal(&kinds::request(), &device).unwrap();
    let other = kinds::key(3).public();
    assert_eq!(open::<DeviceRequest>(&request, &other), Err(MessageError::Signature));
    let long = vec![0; DeviceRequest::MAX_BYTES + 1];
    assert_eq!(open::<DeviceRequest>(&long, &device.public()), Err(MessageError::TooLong(1025)));
    let form = open::<Enrolment>(&request, &device.public()).unwrap_err();
    assert!(matches!(form, MessageError::Form { expected: Enrolment::TYPE, .. }), "{form}");
    let newer = seal(&DeviceRequest { version: 9, ..kinds::request() }, &device).unwrap();
    let said = open_own::<DeviceRequest>(&newer).unwrap_err();
    assert_eq!(said.to_string(), "version 9 is unknown here; this program knows version 1");
    let weak = DeviceRequest { key: vec![0; 32].into(), ..kinds::request() };
    let said = open_own::<DeviceRequest>(&seal(&weak, &device).unwrap()).unwrap_err();
    assert_eq!(said.to_string(), "the key is no Ed25519 public key");
    let theirs = open_own::<DeviceRequest>(&seal(&kinds::request(), &kinds::key(3)).unwrap());
    assert_eq!(theirs.unwrap_err(), MessageError::Signature);
    assert_eq!(Report::decode(&vec![0; MAX_REPORT + 1]), Err(MessageError::TooLong(MAX_REPORT + 1)));
}

#[test]
fn a_chain_of_keys_is_followed_whole_or_not_at_all() {
    let (first, second, third) = (kinds::key(1), kinds::key(2), kinds::key(3));
    let link = |from: &seaworthy_stamp::SigningKey, to: &seaworthy_stamp::SigningKey| {
        let successor = Successor { before: kinds::id(from), key: kinds::public(to), ..kinds::succession() };
        seal(&successor, from).unwrap()
    };
    let follow = |chain: &[&Vec<u8>]| Successor::follow(first.public(), chain.iter().map(|sealed| sealed.as_slice()));
    let (one, two) = (link(&first, &second), link(&second, &third));
    assert_eq!(follow(&[]).unwrap(), [first.public()]);
    assert_eq!(follow(&[&one, &two]).unwrap(), [first.public(), second.public(), third.public()]);
    for broken in [vec![&two], vec![&two, &one], vec![&one, &one], vec![&one, &link(&second, &first)]] {
        assert!(follow(&broken).is_err());
    }
    let named = Successor { before: kinds::id(&third), ..kinds::succession() };
    assert!(follow(&[&seal(&named, &first).unwrap()]).is_err());
}

#[test]
fn a_ledger_that_was_changed_says_where() {
    let whole = kinds::ledger();
    let head = kinds::acknowledgement(Digest::ZERO).ledger;
    let verified = |entries: &[seaworthy_protocol::Entry]| Ledger::verified(entries.to_vec(), head).map(|_| ());
    assert_eq!(verified(&whole), Ok(()));
    assert_eq!(verified(&whole[..2]), Err(Break::Rewound { has: 2, signed: 3 }));
    assert_eq!(verified(&[]), Err(Break::Rewound { has: 0, signed: 3 }));
    assert_eq!(verified(&[whole[0].clone(), whole[2].clone()]), Err(Break::Entry(3)));
    let mut changed = whole.clone();
    changed[1].why = "nothing".into();
    assert_eq!(verified(&changed), Err(Break::Entry(3)));
    changed[2].previous = changed[1].hash().unwrap();
    assert_eq!(verified(&changed), Err(Break::Changed(3)));
    assert_eq!(Ledger::verified(whole, Head::EMPTY).unwrap().head(), head);
}
