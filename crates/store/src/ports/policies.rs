//! Policy documents, assignments and catalogs in SQL.

use seaworthy_protocol::Digest;
use seaworthy_service::Id;
use seaworthy_service::ports::{Assignment, CatalogRecord, Fault, Policies, PolicyRecord};

use super::SqlRecords;
use super::columns::count;
use crate::driver::{self, Row};

/// The policy documents of an organisation.
pub(super) const POLICY: &str = "SELECT organisation, sequence, digest, policy, name, issued_at, sealed, leaf \
                                 FROM policies WHERE organisation = ?1";

impl Policies for SqlRecords<'_> {
    fn add_policy(&mut self, policy: &PolicyRecord) -> Result<(), Fault> {
        self.renew(policy.organisation)?;
        let sql = "INSERT INTO policies (organisation, sequence, digest, policy, name, issued_at, sealed, \
                   leaf) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)";
        let values = [
            policy.organisation.into(),
            count(policy.sequence),
            policy.digest.into(),
            policy.policy.into(),
            policy.name.as_str().into(),
            policy.issued_at.into(),
            policy.sealed.as_slice().into(),
            policy.leaf.into(),
        ];
        self.execute(sql, &values)?;
        Ok(())
    }

    fn policies(&mut self, organisation: Id) -> Result<Vec<PolicyRecord>, Fault> {
        self.hold(organisation)?;
        let sql = format!("{POLICY} ORDER BY sequence");
        self.all(&sql, &[organisation.into()], policy)
    }

    fn add_assignment(&mut self, assignment: &Assignment) -> Result<(), Fault> {
        self.renew(assignment.organisation)?;
        let sql = "INSERT INTO assignments (organisation, place, unit, since, sequence, leaf) \
                   SELECT CAST(?1 AS BLOB), COALESCE(MAX(place), 0) + 1, CAST(?2 AS BLOB), CAST(?3 AS INTEGER), \
                   CAST(?4 AS INTEGER), CAST(?5 AS BLOB) FROM assignments WHERE organisation = ?1";
        let values = [
            assignment.organisation.into(),
            assignment.unit.into(),
            assignment.since.into(),
            count(assignment.sequence),
            assignment.leaf.into(),
        ];
        self.execute(sql, &values)?;
        Ok(())
    }

    fn assignments(&mut self, organisation: Id) -> Result<Vec<Assignment>, Fault> {
        self.hold(organisation)?;
        let sql = "SELECT organisation, unit, since, sequence, leaf FROM assignments WHERE organisation = ?1 \
                   ORDER BY since, place";
        self.all(sql, &[organisation.into()], assignment)
    }

    fn add_catalog(&mut self, catalog: &CatalogRecord) -> Result<(), Fault> {
        self.renew(catalog.organisation)?;
        let sql = "INSERT INTO catalogs (organisation, since, digest, bytes, leaf) VALUES (?1, ?2, ?3, ?4, ?5) \
                   ON CONFLICT DO NOTHING";
        let values = [
            catalog.organisation.into(),
            catalog.since.into(),
            catalog.digest.into(),
            catalog.bytes.as_slice().into(),
            catalog.leaf.into(),
        ];
        self.execute(sql, &values)?;
        Ok(())
    }

    fn catalogs(&mut self, organisation: Id) -> Result<Vec<CatalogRecord>, Fault> {
        self.hold(organisation)?;
        let sql = "SELECT organisation, digest, since, leaf FROM catalogs WHERE organisation = ?1 \
                   ORDER BY since, digest";
        self.all(sql, &[organisation.into()], catalog)
    }

    fn catalog(&mut self, organisation: Id, digest: &Digest) -> Result<Option<Vec<u8>>, Fault> {
        let sql = "SELECT bytes FROM catalogs WHERE organisation = ?1 AND digest = ?2 LIMIT 1";
        self.first(sql, &[organisation.into(), digest.into()], |row| Ok(row.blob(0)?.to_vec()))
    }
}

pub(super) fn policy(row: &Row) -> Result<PolicyRecord, driver::Fault> {
    Ok(PolicyRecord {
        organisation: row.id(0)?,
        sequence: row.count(1)?,
        digest: row.digest(2)?,
        policy: row.digest(3)?,
        name: row.string(4)?,
        issued_at: row.at(5)?,
        sealed: row.blob(6)?.to_vec(),
        leaf: row.leaf(7)?,
    })
}

pub(super) fn assignment(row: &Row) -> Result<Assignment, driver::Fault> {
    Ok(Assignment {
        organisation: row.id(0)?,
        unit: row.id(1)?,
        since: row.at(2)?,
        sequence: row.count(3)?,
        leaf: row.leaf(4)?,
    })
}

pub(super) fn catalog(row: &Row) -> Result<CatalogRecord, driver::Fault> {
    Ok(CatalogRecord {
        organisation: row.id(0)?,
        digest: row.digest(1)?,
        since: row.at(2)?,
        bytes: Vec::new(),
        leaf: row.leaf(3)?,
    })
}
