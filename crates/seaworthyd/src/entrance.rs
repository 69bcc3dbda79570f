//! How people come in, as the settings say: providers from their file, passwords where they are allowed.

use std::fs;
use std::net::SocketAddr;
use std::path::Path;
use std::sync::Arc;

use seaworthy_http::desk::{Ceremonies, Desk, Offer};
use seaworthy_http::signin::Provider;
use seaworthy_model::Code;
use serde::Deserialize;

use crate::failure::Failure;
use crate::settings::Settings;

/// The file of providers.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Providers {
    /// One table each.
    #[serde(default)]
    provider: Vec<Provider>,
}

/// Opens the entrance. Takes the time of a password hash where passwords are allowed.
pub fn open(settings: &Settings, desk: &Arc<Desk>) -> Result<Arc<Ceremonies>, Failure> {
    let providers = settings.openid.as_deref().map(providers).transpose()?.unwrap_or_default();
    let offer = Offer { providers, passwords: settings.allow_passwords };
    let opened = Ceremonies::new(Arc::clone(desk), offer);
    opened.map(Arc::new).map_err(|fault| Failure::new(Code::ConfigurationValue, format!("openid: {fault}")))
}

fn providers(path: &Path) -> Result<Vec<Provider>, Failure> {
    let wrong =
        |what: String| Failure::new(Code::ConfigurationValue, format!("openid: {}: {}", path.display(), what.trim()));
    let text = fs::read_to_string(path).map_err(|error| wrong(error.to_string()))?;
    let read: Providers = toml::from_str(&text).map_err(|error| wrong(error.to_string()))?;
    Ok(read.provider)
}

/// Where people and devices reach a server whose settings do not say. On the machine itself it is called by its name:
/// browsers know no passkeys for addresses.
pub fn reached_at(scheme: &str, listens_at: SocketAddr) -> String {
    match listens_at {
        SocketAddr::V4(address) if scheme == "http" && address.ip().is_loopback() => {
            format!("http://localhost:{}", address.port())
        }
        _ => format!("{scheme}://{listens_at}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn providers_are_tables_of_known_keys() {
        let read = |text: &str| toml::from_str::<Providers>(text).map(|read| read.provider.len());
        let one = "[[provider]]\nname = \"main\"\nlabel = \"Main\"\nissuer = \"https://id.example.org\"\nclient_id = \"sw\"\n";
        assert_eq!(read(""), Ok(0));
        assert_eq!(read(&format!("{one}client_secret_file = \"secret\"\n{one}")), Ok(2));
        assert!(read(&format!("{one}colour = \"red\"\n")).is_err());
        assert!(read("[[provider]]\nname = \"main\"\n").is_err());
    }

    #[test]
    fn the_machine_itself_has_a_name() {
        let check = |scheme: &str, address: &str, expected: &str| {
            assert_eq!(reached_at(scheme, address.parse().unwrap()), expected);
        };
        check("http", "127.0.0.1:8440", "http://localhost:8440");
        check("https", "127.0.0.1:8440", "https://127.0.0.1:8440");
        check("http", "[::1]:8440", "http://[::1]:8440");
        check("https", "192.0.2.1:443", "https://192.0.2.1:443");
    }
}
