//! People: they come by a one-time link, sign in with a credential, have a session, and hold roles in units.
//!
//! How a passkey, a provider's answer or a password is verified is for the adapter; here is what follows from it.

use seaworthy_model::{Code, DAY, Timestamp};
use seaworthy_protocol::Digest;

use crate::authority::{Action, Actor, Concern, Held, Role, sound_end};
use crate::directory::View;
use crate::draw::{self, Draw};
use crate::error::Error;
use crate::founding::name;
use crate::id::Id;
use crate::ports::{Credential, CredentialKind, Invitation, Person, Records, RoleGrant, Session};

/// For how long somebody stays signed in.
pub const SESSION_SECONDS: i64 = 12 * 3600;
/// For how long the first administrator's link is good.
pub const FIRST_LINK_SECONDS: i64 = DAY;

/// Makes a one-time link for an administrator of the whole organisation: at first start, or when nobody can get in any
/// more. The operator of the server asks for it, not somebody signed in.
pub fn administrator_link(
    records: &mut dyn Records,
    view: &View,
    at: Timestamp,
    draw: &mut Draw<'_>,
) -> Result<[u8; 32], Error> {
    let secret = draw();
    records.add_invitation(&Invitation {
        organisation: view.organisation.id,
        secret: Digest::of(&secret),
        person: None,
        role: Role::Administrator,
        unit: view.tree.root(),
        ends_at: at + FIRST_LINK_SECONDS,
    })?;
    Ok(secret)
}

/// Makes a one-time link: for somebody new, or for a person who needs another way to sign in.
#[expect(clippy::too_many_arguments, reason = "each is a field of the invitation or what checks it")]
pub fn invite(
    records: &mut dyn Records,
    view: &View,
    actor: &Actor,
    person: Option<Id>,
    held: Held,
    ends_at: Timestamp,
    at: Timestamp,
    draw: &mut Draw<'_>,
) -> Result<[u8; 32], Error> {
    actor.may(Action::InvitationAdd, Concern::Unit(held.unit), &view.tree)?;
    if !actor.may_give(held.role, held.unit, &view.tree) {
        return Err(Error::refused_for(Code::NotAllowed, "role: nobody gives more than they have"));
    }
    if let Some(person) = person {
        // A link for somebody who is there lets its user become them, so it takes authority over all that they may.
        let outranked = records.grants(view.organisation.id, person)?;
        if !outranked.iter().all(|grant| actor.may_give(grant.role, grant.unit, &view.tree)) {
            return Err(Error::refused_for(Code::NotAllowed, "person: they hold roles that you do not"));
        }
        records.person(view.organisation.id, person)?.ok_or_else(|| Error::refused(Code::NotFound))?;
    }
    let secret = draw();
    records.add_invitation(&Invitation {
        organisation: view.organisation.id,
        secret: Digest::of(&secret),
        person,
        role: held.role,
        unit: held.unit,
        ends_at: sound_end(at, ends_at)?,
    })?;
    Ok(secret)
}

/// The invitation of a link that can still be used.
pub fn invitation(records: &mut dyn Records, secret: &[u8], at: Timestamp) -> Result<Invitation, Error> {
    let found = records.invitation(&Digest::of(secret))?.filter(|invitation| at < invitation.ends_at);
    found.ok_or_else(|| Error::refused(Code::LinkInvalid))
}

/// What somebody proved with which they will sign in from now on.
#[derive(Clone, PartialEq, Eq)]
pub struct Proven {
    /// The kind.
    pub kind: CredentialKind,
    /// What it is looked up by.
    pub handle: Vec<u8>,
    /// What it is checked against.
    pub secret: Vec<u8>,
    /// A name for it.
    pub label: String,
}

/// Uses a link: makes the person if need be, gives the role, keeps the credential. A link works once.
pub fn accept(
    records: &mut dyn Records,
    secret: &[u8],
    named: &str,
    proven: Proven,
    at: Timestamp,
    draw: &mut Draw<'_>,
) -> Result<Person, Error> {
    let invitation = invitation(records, secret, at)?;
    if !records.take_invitation(&invitation.secret)? {
        return Err(Error::refused(Code::LinkInvalid));
    }
    let organisation = invitation.organisation;
    let person = match invitation.person {
        Some(id) => records.person(organisation, id)?.ok_or_else(|| Error::refused(Code::LinkInvalid))?,
        None => {
            Person { organisation, id: draw::id(draw), name: name("name", named)?, created_at: at, disabled_at: None }
        }
    };
    records.put_person(&person)?;
    records.add_grant(&RoleGrant { organisation, person: person.id, role: invitation.role, unit: invitation.unit })?;
    records.put_credential(&Credential {
        organisation,
        person: person.id,
        kind: proven.kind,
        handle: proven.handle,
        secret: proven.secret,
        label: name("label", &proven.label)?,
        created_at: at,
    })?;
    Ok(person)
}

/// Signs a person in whose credential was verified. Returns the session's secret, 32 bytes, for the cookie.
pub fn sign_in(
    records: &mut dyn Records,
    credential: &Credential,
    at: Timestamp,
    draw: &mut Draw<'_>,
) -> Result<[u8; 32], Error> {
    let person = records.person(credential.organisation, credential.person)?;
    if person.is_none_or(|person| person.disabled_at.is_some()) {
        return Err(Error::refused(Code::SignInRefused));
    }
    let secret = draw();
    records.add_session(&Session {
        secret: Digest::of(&secret),
        organisation: credential.organisation,
        person: credential.person,
        created_at: at,
        ends_at: at + SESSION_SECONDS,
    })?;
    Ok(secret)
}

/// Who acts in a session.
pub fn actor(records: &mut dyn Records, secret: &[u8], at: Timestamp) -> Result<Actor, Error> {
    let no = || Error::refused(Code::NotSignedIn);
    let session = records.session(&Digest::of(secret))?.filter(|session| at < session.ends_at).ok_or_else(no)?;
    let person = records.person(session.organisation, session.person)?;
    let person = person.filter(|person| person.disabled_at.is_none()).ok_or_else(no)?;
    let grants = records.grants(session.organisation, session.person)?;
    let roles = grants.into_iter().map(|grant| Held { role: grant.role, unit: grant.unit }).collect();
    Ok(Actor::new(session.organisation, person.id, &person.name, false, roles))
}

/// Gives a role.
pub fn give(records: &mut dyn Records, view: &View, actor: &Actor, person: Id, held: Held) -> Result<RoleGrant, Error> {
    let grant = grant(records, view, actor, Action::GrantAdd, person, held)?;
    records.add_grant(&grant)?;
    Ok(grant)
}

/// Takes a role. The last administrator of the whole organisation keeps theirs.
pub fn take(records: &mut dyn Records, view: &View, actor: &Actor, person: Id, held: Held) -> Result<(), Error> {
    let grant = grant(records, view, actor, Action::GrantRemove, person, held)?;
    let rules_all = held.role == Role::Administrator && held.unit == view.tree.root();
    if rules_all && person == actor.id {
        return Err(Error::refused_for(Code::NotAllowed, "another administrator takes this role from you, not you"));
    }
    Ok(records.remove_grant(&grant)?)
}

fn grant(
    records: &mut dyn Records,
    view: &View,
    actor: &Actor,
    action: Action,
    person: Id,
    held: Held,
) -> Result<RoleGrant, Error> {
    actor.may(action, Concern::Unit(held.unit), &view.tree)?;
    if !actor.may_give(held.role, held.unit, &view.tree) {
        return Err(Error::refused_for(Code::NotAllowed, "role: nobody gives or takes more than they have"));
    }
    records.person(view.organisation.id, person)?.ok_or_else(|| Error::refused(Code::NotFound))?;
    Ok(RoleGrant { organisation: view.organisation.id, person, role: held.role, unit: held.unit })
}

/// Keeps a person from signing in from an instant on, or lets them again. Their sessions end.
pub fn disable(
    records: &mut dyn Records,
    view: &View,
    actor: &Actor,
    person: Id,
    disabled_at: Option<Timestamp>,
) -> Result<Person, Error> {
    actor.may(Action::PersonChange, Concern::Root, &view.tree)?;
    if person == actor.id {
        return Err(Error::refused_for(Code::NotAllowed, "another administrator does this to you, not you"));
    }
    let known = records.person(view.organisation.id, person)?.ok_or_else(|| Error::refused(Code::NotFound))?;
    let changed = Person { disabled_at, ..known };
    records.put_person(&changed)?;
    if disabled_at.is_some() {
        records.end_sessions(view.organisation.id, person)?;
    }
    Ok(changed)
}
