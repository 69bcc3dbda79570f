//! Where a PostgreSQL is: `postgres://USER:PASSWORD@HOST[:PORT][,HOST…]/DATABASE[?OPTION=VALUE&…]`.
//!
//! Options are those of libpq that the client knows, with two differences. Without `sslmode` a server on this machine is
//! spoken to plainly and any other by TLS. Whoever asks for TLS gets it with a proved certificate: `require` means what
//! `verify-full` means, and `prefer`, which protects nothing, is refused. `sslrootcert` names a PEM file of authorities;
//! without it those of the system hold.
//!
//! Of several hosts the one that takes writes is used, so that a standby that was promoted is found.

use std::fmt;
use std::net::IpAddr;
use std::path::PathBuf;
use std::str::FromStr;
use std::time::Duration;

use postgres::config::{Host, SslMode, TargetSessionAttrs};
use postgres::{Client, Config, NoTls};
use tokio_postgres_rustls::MakeRustlsConnect;

use super::{Fault, tls};

/// A server that does not answer within this is not there.
const CONNECT: Duration = Duration::from_secs(5);
/// A server that acknowledges nothing for so long has gone.
const SILENCE: Duration = Duration::from_secs(10);

/// How to reach a PostgreSQL. Shown without its user and password.
pub(crate) struct Address {
    config: Config,
    tls: Option<MakeRustlsConnect>,
}

impl Address {
    /// Reads an address, and the authorities where TLS is asked for.
    pub fn parse(text: &str) -> Result<Address, Fault> {
        let (text, security) = Security::split_off(text)?;
        // The client's own words may hold pieces of a password that was not escaped.
        let mut config = Config::from_str(&text).map_err(|_| {
            wrong("it cannot be read; it is postgres://USER:PASSWORD@HOST:PORT/DATABASE, with %XX for special signs")
        })?;
        if config.get_hosts().is_empty() {
            return Err(wrong("it names no host"));
        }
        let wants_tls = security.wants_tls.unwrap_or_else(|| !config.get_hosts().iter().all(is_local));
        config.ssl_mode(if wants_tls { SslMode::Require } else { SslMode::Disable });
        settle(&mut config);
        let tls = wants_tls.then(|| tls::connector(security.authorities.as_deref())).transpose()?;
        Ok(Address { config, tls })
    }

    /// Opens a connection.
    pub fn connect(&self) -> Result<Client, Fault> {
        let client = match &self.tls {
            Some(tls) => self.config.connect(tls.clone()),
            None => self.config.connect(NoTls),
        };
        Ok(client?)
    }
}

impl fmt::Display for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let hosts = self.config.get_hosts().iter().enumerate().map(|(place, host)| {
            let port = self.config.get_ports().get(place).or(self.config.get_ports().first()).copied();
            let name = match host {
                Host::Tcp(name) => name.clone(),
                Host::Unix(path) => path.display().to_string(),
            };
            format!("{name}:{}", port.unwrap_or(5432))
        });
        let hosts: Vec<String> = hosts.collect();
        write!(f, "postgres://{}/{}", hosts.join(","), self.config.get_dbname().unwrap_or_default())
    }
}

/// The options that are ours to understand.
#[derive(Default)]
struct Security {
    wants_tls: Option<bool>,
    authorities: Option<PathBuf>,
}

impl Security {
    /// Takes them out of an address.
    fn split_off(text: &str) -> Result<(String, Security), Fault> {
        let options = text.rfind('@').unwrap_or(0);
        let (before, hosts) = text.split_at_checked(options).unwrap_or(("", text));
        let Some((hosts, query)) = hosts.split_once('?') else { return Ok((text.to_owned(), Security::default())) };
        let mut security = Security::default();
        let mut others = Vec::new();
        for option in query.split('&') {
            match option.split_once('=') {
                Some(("sslmode", mode)) => security.wants_tls = Some(wants_tls(mode)?),
                Some(("sslrootcert", path)) => security.authorities = Some(PathBuf::from(path)),
                _ => others.push(option),
            }
        }
        let mark = if others.is_empty() { "" } else { "?" };
        Ok((format!("{before}{hosts}{mark}{}", others.join("&")), security))
    }
}

fn wants_tls(mode: &str) -> Result<bool, Fault> {
    match mode {
        "disable" => Ok(false),
        "require" | "verify-ca" | "verify-full" => Ok(true),
        _ => Err(wrong("sslmode is disable or verify-full")),
    }
}

fn is_local(host: &Host) -> bool {
    match host {
        Host::Unix(_) => true,
        Host::Tcp(name) => name == "localhost" || name.parse::<IpAddr>().is_ok_and(|address| address.is_loopback()),
    }
}

/// What the address leaves open.
fn settle(config: &mut Config) {
    if config.get_application_name().is_none() {
        config.application_name("seaworthy");
    }
    if config.get_connect_timeout().is_none() {
        config.connect_timeout(CONNECT);
    }
    if config.get_tcp_user_timeout().is_none() {
        config.tcp_user_timeout(SILENCE);
    }
    config.keepalives_idle(SILENCE).keepalives_interval(Duration::from_secs(3)).keepalives_retries(3);
    config.target_session_attrs(TargetSessionAttrs::ReadWrite);
}

fn wrong(why: &str) -> Fault {
    Fault::Other(format!("the address of PostgreSQL: {why}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(text: &str) -> String {
        match Address::parse(text) {
            Ok(address) => format!("{address} tls {}", address.tls.is_some()),
            Err(fault) => fault.to_string(),
        }
    }

    #[test]
    fn an_address_is_shown_without_its_password() {
        for (text, expected) in [
            ("postgres://u:secret@127.0.0.1:5433/fleet", "postgres://127.0.0.1:5433/fleet tls false"),
            ("postgres://u:secret@a,b:5433/fleet?sslmode=disable", "postgres://a:5432,b:5433/fleet tls false"),
            (
                "postgres://u:secret@localhost/f?sslmode=disable&connect_timeout=2",
                "postgres://localhost:5432/f tls false",
            ),
            ("postgres://u@%2Frun%2Fpg/f", "postgres:///run/pg:5432/f tls false"),
        ] {
            assert_eq!(shown(text), expected);
        }
    }

    #[test]
    fn a_wrong_address_is_refused_without_its_password() {
        for text in [
            "postgres://u:secret@host/f?sslmode=prefer",
            "postgres://u:secret@host/f?secret=secret",
            "postgres://u:se?secret=1@host:secret/f",
            "postgres://u:secret@host/f?sslrootcert=/nowhere",
            "secret",
            "",
        ] {
            let told = shown(text);
            assert!(told.starts_with("the address of PostgreSQL: ") && !told.contains("secret"), "{text}: {told}");
        }
    }
}
