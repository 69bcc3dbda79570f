//! Organisations, keys and units in SQL.

use seaworthy_service::Id;
use seaworthy_service::ports::{Fault, KeyRecord, Organisation, Organisations, Unit};

use super::SqlRecords;
use crate::driver::{self, Row};

/// The keys of all organisations.
pub(super) const KEY: &str = "SELECT organisation, place, id, key, successor, since, revoked_at, leaf \
                              FROM organisation_keys";

impl Organisations for SqlRecords<'_> {
    fn directory_version(&mut self) -> Result<u64, Fault> {
        let sql = "SELECT CAST(COALESCE(SUM(version), 0) AS INTEGER) FROM directory_versions";
        let version = self.first(sql, &[], |row| row.count(0))?.unwrap_or(0);
        Ok(version.saturating_sub(self.renewed.len() as u64))
    }

    fn hold_directory(&mut self, organisation: Id) -> Result<(), Fault> {
        self.hold(organisation)
    }

    fn organisations(&mut self) -> Result<Vec<Organisation>, Fault> {
        if self.locks() {
            // Two servers that start on an empty database found one organisation, not two.
            self.execute("LOCK TABLE organisations IN SHARE ROW EXCLUSIVE MODE", &[])?;
        }
        self.all("SELECT id, name, created_at FROM organisations ORDER BY created_at, id", &[], organisation)
    }

    fn add_organisation(&mut self, organisation: &Organisation) -> Result<(), Fault> {
        let values = [organisation.id.into(), organisation.name.as_str().into(), organisation.created_at.into()];
        self.execute("INSERT INTO organisations (id, name, created_at) VALUES (?1, ?2, ?3)", &values)?;
        self.renew(organisation.id)
    }

    fn keys(&mut self) -> Result<Vec<KeyRecord>, Fault> {
        self.all(&format!("{KEY} ORDER BY organisation, place"), &[], key)
    }

    fn put_key(&mut self, key: &KeyRecord) -> Result<(), Fault> {
        self.renew(key.organisation)?;
        let sql = "INSERT INTO organisation_keys (organisation, place, id, key, successor, since, revoked_at, \
                   leaf) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8) ON CONFLICT (organisation, place) DO UPDATE SET \
                   id = excluded.id, key = excluded.key, successor = excluded.successor, since = excluded.since, \
                   revoked_at = excluded.revoked_at, leaf = excluded.leaf";
        let values = [
            key.organisation.into(),
            key.place.into(),
            key.id.into(),
            key.key.into(),
            key.successor.as_slice().into(),
            key.since.into(),
            key.revoked_at.into(),
            key.leaf.into(),
        ];
        self.execute(sql, &values)?;
        Ok(())
    }

    fn units(&mut self, organisation: Id) -> Result<Vec<Unit>, Fault> {
        self.hold(organisation)?;
        let sql = "SELECT organisation, id, parent, name FROM units WHERE organisation = ?1 ORDER BY id";
        self.all(sql, &[organisation.into()], unit)
    }

    fn put_unit(&mut self, unit: &Unit) -> Result<(), Fault> {
        self.renew(unit.organisation)?;
        let sql = "INSERT INTO units (organisation, id, parent, name) VALUES (?1, ?2, ?3, ?4) \
                   ON CONFLICT (organisation, id) DO UPDATE SET parent = excluded.parent, name = excluded.name";
        let values = [unit.organisation.into(), unit.id.into(), unit.parent.into(), unit.name.as_str().into()];
        self.execute(sql, &values)?;
        Ok(())
    }

    fn remove_unit(&mut self, organisation: Id, unit: Id) -> Result<(), Fault> {
        self.renew(organisation)?;
        self.execute("DELETE FROM units WHERE organisation = ?1 AND id = ?2", &[organisation.into(), unit.into()])?;
        Ok(())
    }
}

fn organisation(row: &Row) -> Result<Organisation, driver::Fault> {
    Ok(Organisation { id: row.id(0)?, name: row.string(1)?, created_at: row.at(2)? })
}

pub(super) fn key(row: &Row) -> Result<KeyRecord, driver::Fault> {
    Ok(KeyRecord {
        organisation: row.id(0)?,
        place: row.number(1)?,
        id: row.digest(2)?,
        key: row.bytes(3)?,
        successor: row.blob(4)?.to_vec(),
        since: row.at(5)?,
        revoked_at: row.optional_at(6)?,
        leaf: row.leaf(7)?,
    })
}

fn unit(row: &Row) -> Result<Unit, driver::Fault> {
    Ok(Unit { organisation: row.id(0)?, id: row.id(1)?, parent: row.optional_id(2)?, name: row.string(3)? })
}
