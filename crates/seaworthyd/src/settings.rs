//! The settings: one definition, from which flags, keys of the file, names of the environment and
//! docs/reference/configuration.md are derived. A field's name is its key; its first comment is its help.

use std::fmt;
use std::net::{IpAddr, SocketAddr};
use std::path::PathBuf;
use std::str::FromStr;

use clap::{ArgAction, Args, ValueEnum, value_parser};
use seaworthy_model::Code;

use crate::failure::Failure;

/// Settings of the server.
#[derive(Args, Clone, Debug)]
pub struct Settings {
    /// Folder in which the server keeps what is its own
    #[arg(long, value_name = "DIR", default_value = "/var/lib/seaworthyd")]
    pub data: PathBuf,
    /// `sqlite`, a file in the data folder, or `postgres://…`, a database that replicas share
    #[arg(long, value_name = "STORE", default_value = "sqlite")]
    pub store: Store,
    /// Name of the organisation, as its people and holders know it; used when it is made, at first start
    #[arg(long, value_name = "NAME", default_value = "Our organisation")]
    pub organisation: String,
    /// Address and port to listen on
    #[arg(long, value_name = "ADDR", default_value = "127.0.0.1:8440")]
    pub listen: SocketAddr,
    /// Certificate with its chain, PEM; read again on SIGHUP and when it changes
    #[arg(long, value_name = "FILE")]
    pub tls_cert: Option<PathBuf>,
    /// Private key of the certificate, PEM
    #[arg(long, value_name = "FILE")]
    pub tls_key: Option<PathBuf>,
    /// A proxy in front speaks TLS: plain HTTP is allowed beyond loopback
    #[arg(long, value_name = "BOOL", num_args = 0..=1, require_equals = true, default_value = "false",
          default_missing_value = "true", action = ArgAction::Set)]
    pub behind_tls_proxy: bool,
    /// Header in which that proxy writes the address of its client; believed from anybody, so name none without a proxy
    #[arg(long, value_name = "HEADER", value_parser = header)]
    pub client_address_header: Option<String>,
    /// Address by which devices and people reach the server, if not the one it listens on
    #[arg(long, value_name = "URL", value_parser = public_url)]
    pub public_url: Option<String>,
    /// Answer /metrics on this address alone; without it, beside the API if that is plain HTTP on loopback, else nowhere
    #[arg(long, value_name = "ADDR")]
    pub metrics_listen: Option<SocketAddr>,
    /// Form of the log
    #[arg(long, value_name = "FORMAT", value_enum, default_value = "text")]
    pub log_format: LogFormat,
    /// Least severe lines of the log
    #[arg(long, value_name = "LEVEL", value_enum, default_value = "info")]
    pub log_level: LogLevel,
    /// Largest body of a request, in bytes
    #[arg(long, value_name = "BYTES", default_value = "524288", value_parser = value_parser!(u32).range(4096..=67_108_864))]
    pub body_limit: u32,
    /// Most connections at once; further ones are closed at once
    #[arg(long, value_name = "COUNT", default_value = "12000", value_parser = value_parser!(u32).range(1..=1_000_000))]
    pub connection_limit: u32,
    /// Requests a second from one address, five times as many at once; 0 is no limit
    #[arg(long, value_name = "COUNT", default_value = "200", value_parser = value_parser!(u32).range(0..=1_000_000))]
    pub requests_per_second: u32,
    /// Requests a second with one API token, wherever it is used, five times as many at once; 0 is no limit
    #[arg(long, value_name = "COUNT", default_value = "50", value_parser = value_parser!(u32).range(0..=1_000_000))]
    pub token_requests_per_second: u32,
    /// Webhooks may lead into private networks and to this machine; else they reach the Internet alone
    #[arg(long, value_name = "BOOL", num_args = 0..=1, require_equals = true, default_value = "false",
          default_missing_value = "true", action = ArgAction::Set)]
    pub webhook_private_addresses: bool,
    /// People may sign in with a password, too
    #[arg(long, value_name = "BOOL", num_args = 0..=1, require_equals = true, default_value = "false",
          default_missing_value = "true", action = ArgAction::Set)]
    pub allow_passwords: bool,
    /// OpenID Connect providers with which people may sign in, TOML (docs/sign-in.md)
    #[arg(long, value_name = "FILE")]
    pub openid: Option<PathBuf>,
    /// Folder of the log's tiles, if not `log` in the data folder, or `s3://BUCKET[/PREFIX]`; replicas share it
    #[arg(long, value_name = "PLACE")]
    pub log_tiles: Option<LogTiles>,
    /// Server of the bucket, if not Amazon's: `https://HOST[:PORT]`
    #[arg(long, value_name = "URL", value_parser = public_url)]
    pub log_tiles_endpoint: Option<String>,
    /// Region of the bucket; without it, AWS_REGION of the environment
    #[arg(long, value_name = "REGION")]
    pub log_tiles_region: Option<String>,
    /// Access key of the bucket, in the form of Amazon's tools; without it, AWS_… of the environment or the machine's role
    #[arg(long, value_name = "FILE")]
    pub log_tiles_credentials: Option<PathBuf>,
    /// Policy that names the witnesses who must cosign before a checkpoint is published (C2SP tlog-policy)
    #[arg(long, value_name = "FILE")]
    pub log_policy: Option<PathBuf>,
}

/// Where the server keeps records.
#[derive(Clone, PartialEq, Eq)]
pub enum Store {
    /// A file in the data folder.
    Sqlite,
    /// The database at this address, which may hold a password.
    Postgres(String),
}

impl FromStr for Store {
    type Err = String;

    fn from_str(text: &str) -> Result<Store, String> {
        let is_postgres = text.starts_with("postgres://") || text.starts_with("postgresql://");
        match text {
            "sqlite" => Ok(Store::Sqlite),
            _ if is_postgres => Ok(Store::Postgres(text.to_owned())),
            _ => Err("it is `sqlite` or begins with `postgres://`".to_owned()),
        }
    }
}

/// Without the password.
impl fmt::Debug for Store {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Store::Sqlite => "Sqlite",
            Store::Postgres(_) => "Postgres(…)",
        })
    }
}

/// Where the log's tiles are.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum LogTiles {
    /// In a folder.
    Folder(PathBuf),
    /// In a bucket of an S3 server.
    Bucket {
        /// Its name.
        bucket: String,
        /// What the names of its objects begin with.
        prefix: String,
    },
}

impl FromStr for LogTiles {
    type Err = String;

    fn from_str(text: &str) -> Result<LogTiles, String> {
        let Some(place) = text.strip_prefix("s3://") else {
            let is_other = text.contains("://");
            let other = || Err("it is a folder or begins with `s3://`".to_owned());
            return if is_other { other() } else { Ok(LogTiles::Folder(text.into())) };
        };
        let (bucket, prefix) = place.trim_end_matches('/').split_once('/').unwrap_or((place.trim_end_matches('/'), ""));
        let is_name = |name: &str| !name.is_empty() && name.bytes().all(is_of_name);
        let fits = is_name(bucket) && (prefix.is_empty() || prefix.split('/').all(is_name));
        let bucket = || LogTiles::Bucket { bucket: bucket.to_owned(), prefix: prefix.to_owned() };
        if fits {
            Ok(bucket())
        } else {
            Err("it reads `s3://BUCKET/PREFIX`; names are of a-z, A-Z, 0-9, `.`, `_`, `-`".to_owned())
        }
    }
}

fn is_of_name(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || b"._-".contains(&byte)
}

/// How the log is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum LogFormat {
    /// For people.
    Text,
    /// For programs: one JSON object a line.
    Json,
}

/// The least severe line that is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum LogLevel {
    /// What failed.
    Error,
    /// What somebody should look at.
    Warn,
    /// Each request.
    Info,
    /// What leads to it.
    Debug,
}

impl Settings {
    /// What settings demand of each other.
    pub fn check(&self) -> Result<(), Failure> {
        match (&self.tls_cert, &self.tls_key) {
            (Some(_), None) => Err(lacks("tls_cert", "tls_key")),
            (None, Some(_)) => Err(lacks("tls_key", "tls_cert")),
            (Some(_), Some(_)) => Ok(()),
            (None, None) if self.behind_tls_proxy || self.is_loopback() => Ok(()),
            (None, None) => Err(Failure::new(Code::PlainHttp, format!("{} is not this machine alone", self.listen))),
        }
    }

    fn is_loopback(&self) -> bool {
        self.listen.ip().to_canonical().is_loopback()
    }

    /// Whether all who reach the API are on this machine, and speak for themselves.
    pub fn is_private(&self) -> bool {
        self.is_loopback() && self.tls_cert.is_none() && !self.behind_tls_proxy
    }
}

fn lacks(given: &str, lacking: &str) -> Failure {
    Failure::new(Code::ConfigurationValue, format!("`{given}` is set and `{lacking}` is not"))
}

fn header(text: &str) -> Result<String, String> {
    let is_token = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'_';
    let fits = !text.is_empty() && text.len() <= 64 && text.bytes().all(is_token);
    if fits { Ok(text.to_ascii_lowercase()) } else { Err("it is the name of a header".to_owned()) }
}

/// Scheme, host and perhaps a port: routes begin at its root.
fn public_url(text: &str) -> Result<String, String> {
    let text = text.trim_end_matches('/');
    let (scheme, host) = text.split_once("://").unwrap_or_default();
    let is_host = |byte: u8| byte.is_ascii_alphanumeric() || b".-:[]".contains(&byte);
    let is_local = || {
        let name = host.rsplit_once(':').map_or(host, |(name, _)| name);
        name == "localhost" || name.trim_matches(['[', ']']).parse().is_ok_and(|ip: IpAddr| ip.is_loopback())
    };
    if host.is_empty() || !host.bytes().all(is_host) {
        return Err("it is `https://HOST` or `https://HOST:PORT`".to_owned());
    }
    match scheme {
        "https" => Ok(text.to_owned()),
        "http" if is_local() => Ok(text.to_owned()),
        _ => Err("it begins with `https://`; `http://` is for loopback alone".to_owned()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn public_addresses_are_https() {
        let check =
            |text: &str, expected: Option<&str>| assert_eq!(public_url(text).ok().as_deref(), expected, "{text}");
        check("https://seaworthy.example.org/", Some("https://seaworthy.example.org"));
        check("https://seaworthy.example.org:8440", Some("https://seaworthy.example.org:8440"));
        check("http://127.0.0.1:8440", Some("http://127.0.0.1:8440"));
        check("http://[::1]:8440", Some("http://[::1]:8440"));
        check("http://seaworthy.example.org", None);
        check("https://seaworthy.example.org/path", None);
        check("https://user@seaworthy.example.org", None);
        check("seaworthy.example.org", None);
    }

    #[test]
    fn tiles_are_in_a_folder_or_a_bucket() {
        let bucket = |bucket: &str, prefix: &str| LogTiles::Bucket { bucket: bucket.into(), prefix: prefix.into() };
        let check = |text: &str, expected: Option<LogTiles>| assert_eq!(text.parse().ok(), expected, "{text}");
        check("/srv/log", Some(LogTiles::Folder("/srv/log".into())));
        check("s3://logs", Some(bucket("logs", "")));
        check("s3://logs/ours/tiles/", Some(bucket("logs", "ours/tiles")));
        for other in ["s3://", "s3:///ours", "s3://logs//ours", "s3://key:secret@logs", "s3://logs?a", "https://logs"] {
            check(other, None);
        }
    }
}
