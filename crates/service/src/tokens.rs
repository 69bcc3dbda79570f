//! Tokens: by which devices enrol, and by which programs use the API. Their secrets are shown once and kept as digests.

use seaworthy_model::{Code, Timestamp};
use seaworthy_protocol::{Digest, Link};

use crate::authority::{Action, Actor, Concern, Held, Role, sound_end};
use crate::directory::View;
use crate::draw::{self, Draw};
use crate::error::Error;
use crate::founding::name;
use crate::id::Id;
use crate::ports::{ApiToken, EnrolmentToken, Records, TokenKind};

/// What an enrolment link is to let in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Wanted {
    /// One device at once, or any that are approved.
    pub kind: TokenKind,
    /// The unit that devices come into.
    pub unit: Id,
    /// The person whose device it is.
    pub holder: Option<Id>,
    /// From when on it is worth nothing.
    pub ends_at: Timestamp,
}

/// Makes an enrolment link. It is shown now and never again.
pub fn add_enrolment(
    records: &mut dyn Records,
    view: &View,
    actor: &Actor,
    wanted: Wanted,
    server: &str,
    at: Timestamp,
    draw: &mut Draw<'_>,
) -> Result<(EnrolmentToken, Link), Error> {
    actor.may(Action::EnrolmentTokenAdd, Concern::Unit(wanted.unit), &view.tree)?;
    let organisation = view.organisation.id;
    if let Some(holder) = wanted.holder {
        records
            .person(organisation, holder)?
            .ok_or_else(|| Error::refused_for(Code::InvalidValue, "holder: nobody"))?;
    }
    let secret = draw();
    let token = EnrolmentToken {
        organisation,
        id: draw::id(draw),
        secret: Digest::of(&secret),
        kind: wanted.kind,
        unit: wanted.unit,
        holder: wanted.holder,
        ends_at: sound_end(at, wanted.ends_at)?,
        closed_at: None,
        created_by: actor.id,
    };
    records.put_enrolment_token(&token)?;
    let link = Link { server: server.to_owned(), organisation: view.root_key(), token: secret.to_vec().into() };
    Ok((token, link))
}

/// The enrolment tokens that somebody may see.
pub fn enrolments(records: &mut dyn Records, view: &View, actor: &Actor) -> Result<Vec<EnrolmentToken>, Error> {
    let may = |unit: Id| actor.may(Action::EnrolmentTokenList, Concern::Unit(unit), &view.tree).is_ok();
    let tokens = records.enrolment_tokens(view.organisation.id)?;
    Ok(tokens.into_iter().filter(|token| may(token.unit)).collect())
}

/// Takes an enrolment token back.
pub fn close_enrolment(
    records: &mut dyn Records,
    view: &View,
    actor: &Actor,
    id: Id,
    at: Timestamp,
) -> Result<(), Error> {
    let token = records.enrolment_tokens(view.organisation.id)?.into_iter().find(|token| token.id == id);
    let token = token.ok_or_else(|| Error::refused(Code::NotFound))?;
    actor.may(Action::EnrolmentTokenClose, Concern::Unit(token.unit), &view.tree)?;
    let closed_at = Some(token.closed_at.unwrap_or(at));
    Ok(records.put_enrolment_token(&EnrolmentToken { closed_at, ..token })?)
}

/// What an API token is to be.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct WantedToken {
    /// What it is for.
    pub name: String,
    /// The role in which it acts.
    pub role: Role,
    /// Where.
    pub unit: Id,
    /// From when on it is worth nothing.
    pub ends_at: Timestamp,
}

/// Makes an API token. Its secret, 32 bytes, is returned now and never again.
pub fn add_api(
    records: &mut dyn Records,
    view: &View,
    actor: &Actor,
    wanted: &WantedToken,
    at: Timestamp,
    draw: &mut Draw<'_>,
) -> Result<(ApiToken, [u8; 32]), Error> {
    actor.may(Action::ApiTokenAdd, Concern::Unit(wanted.unit), &view.tree)?;
    if !actor.may_give(wanted.role, wanted.unit, &view.tree) || wanted.role == Role::Holder {
        return Err(Error::refused_for(Code::NotAllowed, "role: a token gets no more than its maker has"));
    }
    let secret = draw();
    let token = ApiToken {
        organisation: view.organisation.id,
        id: draw::id(draw),
        secret: Digest::of(&secret),
        name: name("name", &wanted.name)?,
        role: wanted.role,
        unit: wanted.unit,
        ends_at: sound_end(at, wanted.ends_at)?,
        created_by: actor.id,
        created_at: at,
    };
    records.add_api_token(&token)?;
    Ok((token, secret))
}

/// All API tokens.
pub fn apis(records: &mut dyn Records, view: &View, actor: &Actor) -> Result<Vec<ApiToken>, Error> {
    actor.may(Action::ApiTokenList, Concern::Root, &view.tree)?;
    Ok(records.api_tokens(view.organisation.id)?)
}

/// Removes an API token.
pub fn remove_api(records: &mut dyn Records, view: &View, actor: &Actor, token: Id) -> Result<(), Error> {
    actor.may(Action::ApiTokenRemove, Concern::Root, &view.tree)?;
    Ok(records.remove_api_token(view.organisation.id, token)?)
}

/// Who acts with an API token.
pub fn actor(records: &mut dyn Records, secret: &[u8], at: Timestamp) -> Result<Actor, Error> {
    let token = records.api_token(&Digest::of(secret))?.filter(|token| at < token.ends_at);
    let token = token.ok_or_else(|| Error::refused(Code::NotSignedIn))?;
    let held = Held { role: token.role, unit: token.unit };
    Ok(Actor::new(token.organisation, token.id, &token.name, true, vec![held]))
}
