//! Erasing a device.
//!
//! A body may be another device's too, and whether it is can change while a device leaves. So it is only noted that the
//! body has lost a device; [`SqlRecords::sweep_bodies`] removes the bodies that no device has left, with intake kept
//! waiting for that moment. Appraisals stay: past verdicts are counted by them.
//!
//! A leaf goes with its record: without the salt, nobody can tell what its entry of the log committed to.

use seaworthy_protocol::Digest;
use seaworthy_service::Id;
use seaworthy_service::ports::Fault;

use super::SqlRecords;
use crate::driver::Value;

/// Most bodies that one sweep looks at.
const SWEPT: u32 = 512;

impl SqlRecords<'_> {
    pub(super) fn erase_device(&mut self, organisation: Id, device: &Digest) -> Result<(), Fault> {
        let values = [organisation.into(), device.into()];
        let sql = "SELECT DISTINCT body FROM readings WHERE organisation = ?1 AND device = ?2 ORDER BY body";
        let bodies = self.all(sql, &values, |row| row.digest(0))?;
        let bodies: Vec<Value> = bodies.into_iter().map(Value::from).collect();
        let sql = "DELETE FROM body_devices WHERE organisation = ?1 AND device = ?2 AND body IN (*)";
        self.change_keys(sql, &values, &bodies)?;
        for body in bodies {
            let sql = "INSERT INTO bodies_left (organisation, body) VALUES (?1, ?2) ON CONFLICT DO NOTHING";
            self.execute(sql, &[organisation.into(), body])?;
        }
        for table in ["readings", "identities", "entries"] {
            self.execute(&format!("DELETE FROM {table} WHERE organisation = ?1 AND device = ?2"), &values)?;
        }
        let sql = "UPDATE stamps SET signed = NULL, leaf = NULL WHERE organisation = ?1 AND device = ?2";
        self.execute(sql, &values)?;
        Ok(())
    }

    /// Removes the bodies that erased devices were the last to have.
    pub(super) fn sweep_bodies(&mut self) -> Result<(), Fault> {
        let sql = "SELECT organisation, body FROM bodies_left ORDER BY organisation, body LIMIT ?1";
        let left = self.all(sql, &[SWEPT.into()], |row| Ok([row.id(0)?.into(), Value::from(row.digest(1)?)]))?;
        if !left.is_empty() && self.locks() {
            // Whoever has just added a body, or found it there, adds who sent it before this goes on.
            self.execute("LOCK TABLE bodies IN ACCESS EXCLUSIVE MODE", &[])?;
        }
        for body in left {
            let sql = "DELETE FROM bodies WHERE organisation = ?1 AND digest = ?2 AND NOT EXISTS \
                       (SELECT 1 FROM body_devices WHERE organisation = ?1 AND body = ?2)";
            self.execute(sql, &body)?;
            self.execute("DELETE FROM bodies_left WHERE organisation = ?1 AND body = ?2", &body)?;
        }
        Ok(())
    }
}
