//! People, sessions, tokens.

use std::thread;

use seaworthy_service::authority::Role;
use seaworthy_service::ports::{
    ApiToken, Credential, CredentialKind, EnrolmentToken, Fault, Invitation, Person, RoleGrant, Session, TokenKind,
    write,
};
use seaworthy_store::SqlStore;

use crate::fleet::{ORGANISATION, OTHER, at, digest, id};
use crate::{for_each_store, get, put};

fn person(number: u64) -> Person {
    Person {
        organisation: ORGANISATION,
        id: id(number),
        name: format!("person {number}"),
        created_at: at(0),
        disabled_at: None,
    }
}

fn credential(person: u64, handle: &str) -> Credential {
    Credential {
        organisation: ORGANISATION,
        person: id(person),
        kind: CredentialKind::Password,
        handle: handle.into(),
        secret: vec![1],
        label: "a password".into(),
        created_at: at(0),
    }
}

fn session(number: u64, ends: i64) -> Session {
    Session {
        secret: digest(number),
        organisation: ORGANISATION,
        person: id(number % 2),
        created_at: at(0),
        ends_at: at(ends),
    }
}

fn token(number: u64) -> EnrolmentToken {
    EnrolmentToken {
        organisation: ORGANISATION,
        id: id(number),
        secret: digest(number),
        kind: TokenKind::OneTime,
        unit: id(1),
        holder: Some(id(5)),
        ends_at: at(100),
        closed_at: None,
        created_by: id(9),
    }
}

fn invitation(number: u64, ends: i64) -> Invitation {
    Invitation {
        organisation: ORGANISATION,
        secret: digest(number),
        person: None,
        role: Role::Inspector,
        unit: id(1),
        ends_at: at(ends),
    }
}

#[test]
fn people_are_told_in_pages() {
    for_each_store(|store| {
        let disabled = Person { disabled_at: Some(at(3)), ..person(2) };
        put(store, |records| {
            [3, 1, 2].into_iter().try_for_each(|number| records.put_person(&person(number)))?;
            records.put_person(&disabled)?;
            records.put_person(&Person { organisation: OTHER, ..person(4) })
        });
        let page = |after: Option<u64>, limit| get(store, |records| records.people(ORGANISATION, after.map(id), limit));
        assert_eq!(page(None, 2), [person(1), disabled.clone()]);
        assert_eq!(page(Some(2), 9), [person(3)]);
        assert_eq!(get(store, |records| records.person(ORGANISATION, id(2))), Some(disabled.clone()));
        assert_eq!(get(store, |records| records.person(ORGANISATION, id(4))), None);
    });
}

#[test]
fn grants_are_added_once_and_removed() {
    for_each_store(|store| {
        let grant = |role, unit: u64| RoleGrant { organisation: ORGANISATION, person: id(1), role, unit: id(unit) };
        put(store, |records| {
            records.add_grant(&grant(Role::Reviewer, 1))?;
            records.add_grant(&grant(Role::Reviewer, 1))?;
            records.add_grant(&grant(Role::Administrator, 2))?;
            records.remove_grant(&grant(Role::Administrator, 3))
        });
        assert_eq!(get(store, |records| records.grants(ORGANISATION, id(1))).len(), 2);
        put(store, |records| records.remove_grant(&grant(Role::Administrator, 2)));
        assert_eq!(get(store, |records| records.grants(ORGANISATION, id(1))), [grant(Role::Reviewer, 1)]);
        assert_eq!(get(store, |records| records.grants(OTHER, id(1))), []);
    });
}

#[test]
fn a_credential_belongs_to_one_person() {
    for_each_store(|store| {
        let changed = Credential { secret: vec![2], label: "new".into(), ..credential(1, "ada") };
        put(store, |records| {
            records.put_credential(&credential(1, "ada"))?;
            records.put_credential(&changed)?;
            records.put_credential(&Credential { kind: CredentialKind::Passkey, ..credential(2, "ada") })
        });
        for thief in [credential(2, "ada"), Credential { organisation: OTHER, ..credential(1, "ada") }] {
            let stolen: Result<(), Fault> = write(store, |records| records.put_credential(&thief));
            assert!(matches!(stolen, Err(Fault::Conflict(_))), "{stolen:?}");
        }
        let found = get(store, |records| records.credential(CredentialKind::Password, b"ada"));
        assert!(found.as_ref() == Some(&changed));
        assert!(get(store, |records| records.credentials(ORGANISATION, id(1))) == [changed.clone()]);
        put(store, |records| records.remove_credential(OTHER, CredentialKind::Password, b"ada"));
        assert!(get(store, |records| records.credential(CredentialKind::Password, b"ada")).is_some());
        put(store, |records| records.remove_credential(ORGANISATION, CredentialKind::Password, b"ada"));
        assert!(get(store, |records| records.credential(CredentialKind::Password, b"ada")).is_none());
    });
}

#[test]
fn sessions_end_singly_together_and_by_themselves() {
    for_each_store(|store| {
        put(store, |records| {
            (1..=6).try_for_each(|number| records.add_session(&session(number, number as i64 * 10)))?;
            records.add_invitation(&invitation(1, 15))?;
            records.add_invitation(&invitation(2, 25))
        });
        let there = |number: u64| get(store, |records| records.session(&digest(number)));
        assert_eq!(there(1), Some(session(1, 10)));
        put(store, |records| records.end_session(&digest(1)));
        put(store, |records| records.end_sessions(ORGANISATION, id(0)));
        assert_eq!([1, 2, 3, 4, 5, 6].map(|number| there(number).is_some()), [false, false, true, false, true, false]);
        put(store, |records| records.sweep(at(31)));
        assert_eq!([there(3).is_some(), there(5).is_some()], [false, true]);
        let invited = |number: u64| get(store, |records| records.invitation(&digest(number)));
        assert_eq!((invited(1), invited(2)), (None, None));
    });
}

#[test]
fn a_mark_is_spent_once_until_it_ends() {
    for_each_store(|store| {
        let spend = |organisation, mark: u64| {
            put(store, |records| records.spend(organisation, &digest(mark), at(10 * mark as i64)))
        };
        assert_eq!(of_eight(store, |_| spend(ORGANISATION, 1)), 1);
        assert!(spend(ORGANISATION, 2) && spend(OTHER, 1), "another mark, another organisation");
        put(store, |records| records.sweep(at(11)));
        assert_eq!((spend(ORGANISATION, 1), spend(ORGANISATION, 2)), (true, false));
        let taken_back: Result<(), Fault> = write(store, |records| {
            assert!(records.spend(ORGANISATION, &digest(3), at(30))?);
            Err(Fault::Other("no session came of it".into()))
        });
        assert!(taken_back.is_err() && spend(ORGANISATION, 3));
    });
}

#[test]
fn tokens_are_found_by_their_secret() {
    for_each_store(|store| {
        let api = |number: u64| ApiToken {
            organisation: ORGANISATION,
            id: id(number),
            secret: digest(number),
            name: "a program".into(),
            role: Role::Reviewer,
            unit: id(1),
            ends_at: at(100),
            created_by: id(9),
            created_at: at(number as i64),
        };
        let closed = EnrolmentToken { closed_at: Some(at(7)), kind: TokenKind::Organisation, holder: None, ..token(1) };
        put(store, |records| {
            records.add_api_token(&api(1))?;
            records.add_api_token(&api(2))?;
            records.put_enrolment_token(&token(1))?;
            records.put_enrolment_token(&closed)?;
            records.put_enrolment_token(&EnrolmentToken { organisation: OTHER, ..token(2) })
        });
        assert_eq!(get(store, |records| records.api_token(&digest(2))), Some(api(2)));
        assert_eq!(get(store, |records| records.api_tokens(ORGANISATION)), [api(1), api(2)]);
        put(store, |records| records.remove_api_token(OTHER, id(1)));
        put(store, |records| records.remove_api_token(ORGANISATION, id(2)));
        assert_eq!(get(store, |records| records.api_tokens(ORGANISATION)), [api(1)]);
        let found = |secret: u64| get(store, |records| records.enrolment_token(ORGANISATION, &digest(secret)));
        assert_eq!((found(1), found(2)), (Some(closed.clone()), None));
        assert_eq!(get(store, |records| records.enrolment_tokens(ORGANISATION)), [closed]);
    });
}

/// Eight at once try, and this many say that they got in.
fn of_eight(store: &SqlStore, enter: impl Fn(&SqlStore) -> bool + Sync) -> usize {
    thread::scope(|scope| {
        let tries: Vec<_> = (0..8).map(|_| scope.spawn(|| enter(store))).collect();
        tries.into_iter().filter(|_| true).map(|entered| entered.join().unwrap()).filter(|entered| *entered).count()
    })
}

#[test]
fn a_one_time_token_lets_one_in() {
    for_each_store(|store| {
        put(store, |records| records.put_enrolment_token(&token(1)));
        let entered = of_eight(store, |store| {
            put(store, |records| {
                let found = records.enrolment_token(ORGANISATION, &digest(1))?.unwrap();
                let open = found.closed_at.is_none();
                if open {
                    records.put_enrolment_token(&EnrolmentToken { closed_at: Some(at(1)), ..found })?;
                }
                Ok(open)
            })
        });
        assert_eq!(entered, 1);
    });
}

#[test]
fn an_invitation_is_taken_once() {
    for_each_store(|store| {
        put(store, |records| records.add_invitation(&invitation(1, 10)));
        assert_eq!(get(store, |records| records.invitation(&digest(1))), Some(invitation(1, 10)));
        let taken = of_eight(store, |store| put(store, |records| records.take_invitation(&digest(1))));
        assert_eq!(taken, 1);
    });
}
