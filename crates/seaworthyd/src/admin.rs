//! `seaworthyd admin`: what the operator of the server does beside it, on its data. Whoever may read the data folder or
//! the database may do this; it reads no device's record.

use std::io::Write;
use std::sync::Arc;

use seaworthy_http::signin::ApiSecret;
use seaworthy_http::{invitation_link, signin::Site};
use seaworthy_model::{Code, Timestamp};
use seaworthy_service::authority::Role;
use seaworthy_service::directory::{Directory, View};
use seaworthy_service::ports::{self, Records, Store, TokenKind};
use seaworthy_service::tokens::{self, Wanted, WantedToken};
use seaworthy_service::{Error, Id, people};
use seaworthy_store::SqlStore;

use crate::cli::{Admin, AdminTask};
use crate::failure::Failure;
use crate::office::{self, draw, failed, now};
use crate::operator::{operator, organisation};
use crate::settings::Settings;

/// Does one of the operator's tasks.
pub fn run(admin: &Admin, settings: &Settings, out: &mut dyn Write) -> Result<(), Failure> {
    let store = SqlStore::new(office::database_beside(settings)?);
    let site = Site::new(&office::address(settings))
        .map_err(|error| Failure::new(Code::ConfigurationValue, error.to_string()))?;
    let task = Task { admin, site: &site, at: now() };
    let said = ports::write(&store as &dyn Store, |records| task.run(records)).map_err(failed)?;
    writeln!(out, "{said}").map_err(Failure::output)
}

struct Task<'a> {
    admin: &'a Admin,
    site: &'a Site,
    at: Timestamp,
}

impl Task<'_> {
    fn run(&self, records: &mut dyn Records) -> Result<String, Error> {
        let directory = Directory::load(records)?;
        if let AdminTask::Organisations { .. } = self.admin.task {
            return Ok(listed(&directory));
        }
        let view = organisation(&directory, self.admin.of.as_deref())?;
        match &self.admin.task {
            AdminTask::Organisations { .. } => Ok(listed(&directory)),
            AdminTask::Link { .. } => {
                let secret = people::administrator_link(records, &view, self.at, &mut draw)?;
                Ok(invitation_link(self.site.origin(), &secret))
            }
            AdminTask::Token { role, name, days, .. } => self.token(records, &view, *role, name, *days),
            AdminTask::Enrolment { unit, any, days, .. } => {
                self.enrolment(records, &view, unit.as_deref(), *any, *days)
            }
        }
    }

    fn token(
        &self,
        records: &mut dyn Records,
        view: &View,
        role: Role,
        name: &str,
        days: u32,
    ) -> Result<String, Error> {
        let wanted =
            WantedToken { name: name.to_owned(), role, unit: view.tree.root(), ends_at: self.at.plus_days(days) };
        let (_, secret) = tokens::add_api(records, view, &operator(view), &wanted, self.at, &mut draw)?;
        Ok(ApiSecret(secret).to_string())
    }

    fn enrolment(
        &self,
        records: &mut dyn Records,
        view: &View,
        unit: Option<&str>,
        any: bool,
        days: u32,
    ) -> Result<String, Error> {
        let unit = match unit {
            None => view.tree.root(),
            Some(name) => named(view, name)?,
        };
        let kind = if any { TokenKind::Organisation } else { TokenKind::OneTime };
        let wanted = Wanted { kind, unit, holder: None, ends_at: self.at.plus_days(days) };
        let server = self.site.origin();
        let made = tokens::add_enrolment(records, view, &operator(view), wanted, server, self.at, &mut draw)?;
        Ok(made.1.to_string())
    }
}

/// The unit of a name, if only one has it.
fn named(view: &View, name: &str) -> Result<Id, Error> {
    let mut units = view.tree.units().filter(|unit| unit.name == name);
    match (units.next(), units.next()) {
        (Some(unit), None) => Ok(unit.id),
        (None, _) => Err(Error::refused_for(Code::NotFound, format!("no unit is called {name}"))),
        (Some(_), Some(_)) => Err(Error::refused_for(Code::InvalidValue, format!("several units are called {name}"))),
    }
}

fn listed(directory: &Directory) -> String {
    let line = |view: &Arc<View>| format!("{}  {}", view.root_key(), view.organisation.name);
    directory.views().map(line).collect::<Vec<_>>().join("\n")
}
