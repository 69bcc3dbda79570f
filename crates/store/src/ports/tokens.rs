//! What is known by a secret: invitations, sessions, tokens of programs and of devices that enrol.

use seaworthy_protocol::Digest;
use seaworthy_service::Id;
use seaworthy_service::authority::Role;
use seaworthy_service::ports::{ApiToken, EnrolmentToken, Fault, Invitation, Session, TokenKind};

use super::SqlRecords;
use crate::driver::{self, Row};

const API_TOKEN: &str =
    "SELECT organisation, id, secret, name, role, unit, ends_at, created_by, created_at FROM api_tokens";
const ENROLMENT_TOKEN: &str =
    "SELECT organisation, id, secret, kind, unit, holder, ends_at, closed_at, created_by FROM enrolment_tokens";

impl SqlRecords<'_> {
    pub(super) fn keep_invitation(&mut self, invitation: &Invitation) -> Result<(), Fault> {
        let sql = "INSERT INTO invitations (secret, organisation, person, role, unit, ends_at) \
                   VALUES (?1, ?2, ?3, ?4, ?5, ?6) ON CONFLICT DO NOTHING";
        let values = [
            invitation.secret.into(),
            invitation.organisation.into(),
            invitation.person.into(),
            invitation.role.name().into(),
            invitation.unit.into(),
            invitation.ends_at.into(),
        ];
        self.execute(sql, &values)?;
        Ok(())
    }

    pub(super) fn find_invitation(&mut self, secret: &Digest) -> Result<Option<Invitation>, Fault> {
        let sql = "SELECT organisation, secret, person, role, unit, ends_at FROM invitations WHERE secret = ?1";
        self.first(sql, &[secret.into()], invitation)
    }

    pub(super) fn keep_session(&mut self, session: &Session) -> Result<(), Fault> {
        let sql = "INSERT INTO sessions (secret, organisation, person, created_at, ends_at) \
                   VALUES (?1, ?2, ?3, ?4, ?5) ON CONFLICT DO NOTHING";
        let values = [
            session.secret.into(),
            session.organisation.into(),
            session.person.into(),
            session.created_at.into(),
            session.ends_at.into(),
        ];
        self.execute(sql, &values)?;
        Ok(())
    }

    pub(super) fn find_session(&mut self, secret: &Digest) -> Result<Option<Session>, Fault> {
        let sql = "SELECT secret, organisation, person, created_at, ends_at FROM sessions WHERE secret = ?1";
        self.first(sql, &[secret.into()], session)
    }

    pub(super) fn keep_api_token(&mut self, token: &ApiToken) -> Result<(), Fault> {
        let sql = "INSERT INTO api_tokens (organisation, id, secret, name, role, unit, ends_at, created_by, \
                   created_at) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9) ON CONFLICT DO NOTHING";
        let values = [
            token.organisation.into(),
            token.id.into(),
            token.secret.into(),
            token.name.as_str().into(),
            token.role.name().into(),
            token.unit.into(),
            token.ends_at.into(),
            token.created_by.into(),
            token.created_at.into(),
        ];
        self.execute(sql, &values)?;
        Ok(())
    }

    pub(super) fn find_api_token(&mut self, secret: &Digest) -> Result<Option<ApiToken>, Fault> {
        self.first(&format!("{API_TOKEN} WHERE secret = ?1"), &[secret.into()], api_token)
    }

    pub(super) fn list_api_tokens(&mut self, organisation: Id) -> Result<Vec<ApiToken>, Fault> {
        let sql = format!("{API_TOKEN} WHERE organisation = ?1 ORDER BY created_at, id");
        self.all(&sql, &[organisation.into()], api_token)
    }

    pub(super) fn keep_enrolment_token(&mut self, token: &EnrolmentToken) -> Result<(), Fault> {
        let sql = "INSERT INTO enrolment_tokens (organisation, id, secret, kind, unit, holder, ends_at, closed_at, \
                   created_by) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9) ON CONFLICT (organisation, id) \
                   DO UPDATE SET secret = excluded.secret, kind = excluded.kind, unit = excluded.unit, \
                   holder = excluded.holder, ends_at = excluded.ends_at, closed_at = excluded.closed_at, \
                   created_by = excluded.created_by";
        let values = [
            token.organisation.into(),
            token.id.into(),
            token.secret.into(),
            token.kind.name().into(),
            token.unit.into(),
            token.holder.into(),
            token.ends_at.into(),
            token.closed_at.into(),
            token.created_by.into(),
        ];
        self.execute(sql, &values)?;
        Ok(())
    }

    pub(super) fn find_enrolment_token(
        &mut self,
        organisation: Id,
        secret: &Digest,
    ) -> Result<Option<EnrolmentToken>, Fault> {
        let sql = format!("{ENROLMENT_TOKEN} WHERE organisation = ?1 AND secret = ?2{}", self.lock());
        self.first(&sql, &[organisation.into(), secret.into()], enrolment_token)
    }

    /// Locked, because whoever closes one writes back what it read.
    pub(super) fn list_enrolment_tokens(&mut self, organisation: Id) -> Result<Vec<EnrolmentToken>, Fault> {
        let sql = format!("{ENROLMENT_TOKEN} WHERE organisation = ?1 ORDER BY id{}", self.lock());
        self.all(&sql, &[organisation.into()], enrolment_token)
    }
}

fn invitation(row: &Row) -> Result<Invitation, driver::Fault> {
    Ok(Invitation {
        organisation: row.id(0)?,
        secret: row.digest(1)?,
        person: row.optional_id(2)?,
        role: row.named(3, Role::from_name)?,
        unit: row.id(4)?,
        ends_at: row.at(5)?,
    })
}

fn session(row: &Row) -> Result<Session, driver::Fault> {
    Ok(Session {
        secret: row.digest(0)?,
        organisation: row.id(1)?,
        person: row.id(2)?,
        created_at: row.at(3)?,
        ends_at: row.at(4)?,
    })
}

fn api_token(row: &Row) -> Result<ApiToken, driver::Fault> {
    Ok(ApiToken {
        organisation: row.id(0)?,
        id: row.id(1)?,
        secret: row.digest(2)?,
        name: row.string(3)?,
        role: row.named(4, Role::from_name)?,
        unit: row.id(5)?,
        ends_at: row.at(6)?,
        created_by: row.id(7)?,
        created_at: row.at(8)?,
    })
}

fn enrolment_token(row: &Row) -> Result<EnrolmentToken, driver::Fault> {
    Ok(EnrolmentToken {
        organisation: row.id(0)?,
        id: row.id(1)?,
        secret: row.digest(2)?,
        kind: row.named(3, TokenKind::from_name)?,
        unit: row.id(4)?,
        holder: row.optional_id(5)?,
        ends_at: row.at(6)?,
        closed_at: row.optional_at(7)?,
        created_by: row.id(8)?,
    })
}
