//! People, their grants and the ways in which they sign in, in SQL.

use seaworthy_model::Timestamp;
use seaworthy_protocol::Digest;
use seaworthy_service::Id;
use seaworthy_service::authority::Role;
use seaworthy_service::ports::{
    ApiToken, Credential, CredentialKind, EnrolmentToken, Fault, Invitation, People, Person, RoleGrant, Session,
};

use super::SqlRecords;
use crate::driver::{self, Row, Value};

const CREDENTIAL: &str = "SELECT organisation, person, kind, handle, secret, label, created_at FROM credentials";

impl People for SqlRecords<'_> {
    fn person(&mut self, organisation: Id, person: Id) -> Result<Option<Person>, Fault> {
        self.hold(organisation)?;
        let sql = "SELECT organisation, id, name, created_at, disabled_at FROM people \
                   WHERE organisation = ?1 AND id = ?2";
        self.first(sql, &[organisation.into(), person.into()], read_person)
    }

    fn people(&mut self, organisation: Id, after: Option<Id>, limit: u32) -> Result<Vec<Person>, Fault> {
        self.hold(organisation)?;
        let sql = "SELECT organisation, id, name, created_at, disabled_at FROM people \
                   WHERE organisation = ?1 AND id > ?2 ORDER BY id LIMIT ?3";
        let after = after.map_or(Value::Blob(Vec::new()), Value::from);
        self.all(sql, &[organisation.into(), after, limit.into()], read_person)
    }

    fn put_person(&mut self, person: &Person) -> Result<(), Fault> {
        self.hold(person.organisation)?;
        let sql = "INSERT INTO people (organisation, id, name, created_at, disabled_at) VALUES (?1, ?2, ?3, ?4, ?5) \
                   ON CONFLICT (organisation, id) DO UPDATE SET name = excluded.name, \
                   created_at = excluded.created_at, disabled_at = excluded.disabled_at";
        let values = [
            person.organisation.into(),
            person.id.into(),
            person.name.as_str().into(),
            person.created_at.into(),
            person.disabled_at.into(),
        ];
        self.execute(sql, &values)?;
        Ok(())
    }

    fn grants(&mut self, organisation: Id, person: Id) -> Result<Vec<RoleGrant>, Fault> {
        self.hold(organisation)?;
        let sql = "SELECT organisation, person, role, unit FROM grants WHERE organisation = ?1 AND person = ?2 \
                   ORDER BY role, unit";
        self.all(sql, &[organisation.into(), person.into()], read_grant)
    }

    fn add_grant(&mut self, grant: &RoleGrant) -> Result<(), Fault> {
        self.hold(grant.organisation)?;
        let sql = "INSERT INTO grants (organisation, person, role, unit) VALUES (?1, ?2, ?3, ?4) \
                   ON CONFLICT DO NOTHING";
        self.execute(sql, &of_grant(grant))?;
        Ok(())
    }

    fn remove_grant(&mut self, grant: &RoleGrant) -> Result<(), Fault> {
        self.hold(grant.organisation)?;
        let sql = "DELETE FROM grants WHERE organisation = ?1 AND person = ?2 AND role = ?3 AND unit = ?4";
        self.execute(sql, &of_grant(grant))?;
        Ok(())
    }

    fn credential(&mut self, kind: CredentialKind, handle: &[u8]) -> Result<Option<Credential>, Fault> {
        let sql = format!("{CREDENTIAL} WHERE kind = ?1 AND handle = ?2{}", self.lock());
        self.first(&sql, &[kind.name().into(), handle.into()], read_credential)
    }

    fn credentials(&mut self, organisation: Id, person: Id) -> Result<Vec<Credential>, Fault> {
        self.hold(organisation)?;
        let sql = format!("{CREDENTIAL} WHERE organisation = ?1 AND person = ?2 ORDER BY created_at, kind, handle");
        self.all(&sql, &[organisation.into(), person.into()], read_credential)
    }

    fn put_credential(&mut self, credential: &Credential) -> Result<(), Fault> {
        let sql = "INSERT INTO credentials (kind, handle, organisation, person, secret, label, created_at) \
                   VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7) ON CONFLICT (kind, handle) DO UPDATE SET \
                   secret = excluded.secret, label = excluded.label WHERE credentials.person = excluded.person \
                   AND credentials.organisation = excluded.organisation";
        let values = [
            credential.kind.name().into(),
            credential.handle.as_slice().into(),
            credential.organisation.into(),
            credential.person.into(),
            credential.secret.as_slice().into(),
            credential.label.as_str().into(),
            credential.created_at.into(),
        ];
        match self.execute(sql, &values)? {
            0 => Err(Fault::Conflict("this way to sign in is another person's".to_owned())),
            _ => Ok(()),
        }
    }

    fn remove_credential(&mut self, organisation: Id, kind: CredentialKind, handle: &[u8]) -> Result<(), Fault> {
        self.hold(organisation)?;
        let sql = "DELETE FROM credentials WHERE kind = ?1 AND handle = ?2 AND organisation = ?3";
        self.execute(sql, &[kind.name().into(), handle.into(), organisation.into()])?;
        Ok(())
    }

    fn add_invitation(&mut self, invitation: &Invitation) -> Result<(), Fault> {
        self.keep_invitation(invitation)
    }

    fn invitation(&mut self, secret: &Digest) -> Result<Option<Invitation>, Fault> {
        self.find_invitation(secret)
    }

    fn take_invitation(&mut self, secret: &Digest) -> Result<bool, Fault> {
        Ok(self.execute("DELETE FROM invitations WHERE secret = ?1", &[secret.into()])? == 1)
    }

    fn add_session(&mut self, session: &Session) -> Result<(), Fault> {
        self.keep_session(session)
    }

    fn session(&mut self, secret: &Digest) -> Result<Option<Session>, Fault> {
        self.find_session(secret)
    }

    fn end_session(&mut self, secret: &Digest) -> Result<(), Fault> {
        self.execute("DELETE FROM sessions WHERE secret = ?1", &[secret.into()])?;
        Ok(())
    }

    fn end_sessions(&mut self, organisation: Id, person: Id) -> Result<(), Fault> {
        let sql = "DELETE FROM sessions WHERE organisation = ?1 AND person = ?2";
        self.execute(sql, &[organisation.into(), person.into()])?;
        Ok(())
    }

    fn spend(&mut self, organisation: Id, mark: &Digest, until: Timestamp) -> Result<bool, Fault> {
        // One that is being written by another transaction is waited for.
        let sql = "INSERT INTO spent_marks (organisation, mark, ends_at) VALUES (?1, ?2, ?3) ON CONFLICT DO NOTHING";
        Ok(self.execute(sql, &[organisation.into(), mark.into(), until.into()])? == 1)
    }

    fn sweep(&mut self, before: Timestamp) -> Result<(), Fault> {
        for table in ["sessions", "invitations", "spent_marks"] {
            self.execute(&format!("DELETE FROM {table} WHERE ends_at < ?1"), &[before.into()])?;
        }
        self.sweep_bodies()
    }

    fn add_api_token(&mut self, token: &ApiToken) -> Result<(), Fault> {
        self.keep_api_token(token)
    }

    fn api_token(&mut self, secret: &Digest) -> Result<Option<ApiToken>, Fault> {
        self.find_api_token(secret)
    }

    fn api_tokens(&mut self, organisation: Id) -> Result<Vec<ApiToken>, Fault> {
        self.list_api_tokens(organisation)
    }

    fn remove_api_token(&mut self, organisation: Id, token: Id) -> Result<(), Fault> {
        let sql = "DELETE FROM api_tokens WHERE organisation = ?1 AND id = ?2";
        self.execute(sql, &[organisation.into(), token.into()])?;
        Ok(())
    }

    fn put_enrolment_token(&mut self, token: &EnrolmentToken) -> Result<(), Fault> {
        self.keep_enrolment_token(token)
    }

    fn enrolment_token(&mut self, organisation: Id, secret: &Digest) -> Result<Option<EnrolmentToken>, Fault> {
        self.find_enrolment_token(organisation, secret)
    }

    fn enrolment_tokens(&mut self, organisation: Id) -> Result<Vec<EnrolmentToken>, Fault> {
        self.list_enrolment_tokens(organisation)
    }
}

fn of_grant(grant: &RoleGrant) -> [Value; 4] {
    [grant.organisation.into(), grant.person.into(), grant.role.name().into(), grant.unit.into()]
}

fn read_person(row: &Row) -> Result<Person, driver::Fault> {
    Ok(Person {
        organisation: row.id(0)?,
        id: row.id(1)?,
        name: row.string(2)?,
        created_at: row.at(3)?,
        disabled_at: row.optional_at(4)?,
    })
}

fn read_grant(row: &Row) -> Result<RoleGrant, driver::Fault> {
    Ok(RoleGrant {
        organisation: row.id(0)?,
        person: row.id(1)?,
        role: row.named(2, Role::from_name)?,
        unit: row.id(3)?,
    })
}

fn read_credential(row: &Row) -> Result<Credential, driver::Fault> {
    Ok(Credential {
        organisation: row.id(0)?,
        person: row.id(1)?,
        kind: row.named(2, CredentialKind::from_name)?,
        handle: row.blob(3)?.to_vec(),
        secret: row.blob(4)?.to_vec(),
        label: row.string(5)?,
        created_at: row.at(6)?,
    })
}
