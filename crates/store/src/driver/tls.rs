//! TLS to a PostgreSQL: the certificate is always proved, for the name in the address.

use std::path::Path;
use std::sync::Arc;

use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject;
use rustls::{ClientConfig, RootCertStore};
use tokio_postgres_rustls::MakeRustlsConnect;

use super::Fault;

/// Where Debian and its kin keep the system's authorities.
const SYSTEM: &str = "/etc/ssl/certs/ca-certificates.crt";

/// Connects by TLS, trusting the authorities of a PEM file, else those of the system.
pub(crate) fn connector(authorities: Option<&Path>) -> Result<MakeRustlsConnect, Fault> {
    let path = authorities.unwrap_or(Path::new(SYSTEM));
    let wrong = |why: &dyn std::fmt::Display| {
        Fault::Other(format!("the address of PostgreSQL: authorities in {} (sslrootcert): {why}", path.display()))
    };
    let mut roots = RootCertStore::empty();
    for certificate in CertificateDer::pem_file_iter(path).map_err(|error| wrong(&error))? {
        // Of a system's many authorities one that cannot be read takes none of the others away.
        let _ = roots.add(certificate.map_err(|error| wrong(&error))?);
    }
    if roots.is_empty() {
        return Err(wrong(&"there is none"));
    }
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let config = ClientConfig::builder_with_provider(provider).with_safe_default_protocol_versions();
    let config = config.map_err(|error| wrong(&error))?.with_root_certificates(roots).with_no_client_auth();
    Ok(MakeRustlsConnect::new(config))
}
