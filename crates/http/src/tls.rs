//! The server's certificate: PEM files, read again when they change.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError, RwLock};
use std::time::SystemTime;

use rustls::crypto::ring;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::server::{ClientHello, ResolvesServerCert};
use rustls::sign::CertifiedKey;
use rustls::{ServerConfig, crypto::CryptoProvider};

/// Why a certificate cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum CertificateError {
    /// One of the files cannot be read as PEM.
    #[error("{path}: {why}")]
    File {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        why: String,
    },
    /// The two do not belong together, or are of a kind that cannot be used.
    #[error("the key and the certificate do not fit: {0}")]
    Unfit(#[from] rustls::Error),
}

/// A certificate chain and its key, as they stand in two files.
#[derive(Debug)]
pub struct Certificate {
    chain: PathBuf,
    key: PathBuf,
    provider: Arc<CryptoProvider>,
    current: RwLock<Arc<CertifiedKey>>,
    read: Mutex<Stamps>,
}

/// When the files were last changed.
type Stamps = [Option<SystemTime>; 2];

impl Certificate {
    /// Reads both files.
    pub fn read(chain: &Path, key: &Path) -> Result<Arc<Certificate>, CertificateError> {
        let provider = Arc::new(ring::default_provider());
        let stamps = stamps(chain, key);
        let current = RwLock::new(Arc::new(certified(chain, key, &provider)?));
        let (chain, key) = (chain.to_owned(), key.to_owned());
        Ok(Arc::new(Certificate { chain, key, provider, current, read: Mutex::new(stamps) }))
    }

    /// Reads the files again. Where they cannot be used, what was read before stays in use.
    pub fn read_again(&self) -> Result<(), CertificateError> {
        let stamps = stamps(&self.chain, &self.key);
        *self.read.lock().unwrap_or_else(PoisonError::into_inner) = stamps;
        let certified = certified(&self.chain, &self.key, &self.provider)?;
        *self.current.write().unwrap_or_else(PoisonError::into_inner) = Arc::new(certified);
        Ok(())
    }

    /// Whether a file has changed since it was read.
    pub fn is_old(&self) -> bool {
        *self.read.lock().unwrap_or_else(PoisonError::into_inner) != stamps(&self.chain, &self.key)
    }

    /// TLS 1.2 and 1.3 with this certificate.
    pub(crate) fn server(self: &Arc<Certificate>) -> Result<ServerConfig, CertificateError> {
        let versions =
            ServerConfig::builder_with_provider(self.provider.clone()).with_safe_default_protocol_versions()?;
        let mut server = versions.with_no_client_auth().with_cert_resolver(self.clone());
        server.alpn_protocols = vec![b"http/1.1".to_vec()];
        Ok(server)
    }
}

impl ResolvesServerCert for Certificate {
    fn resolve(&self, _: ClientHello<'_>) -> Option<Arc<CertifiedKey>> {
        Some(self.current.read().unwrap_or_else(PoisonError::into_inner).clone())
    }
}

fn stamps(chain: &Path, key: &Path) -> Stamps {
    [chain, key].map(|path| fs::metadata(path).and_then(|metadata| metadata.modified()).ok())
}

fn certified(chain: &Path, key: &Path, provider: &CryptoProvider) -> Result<CertifiedKey, CertificateError> {
    let unreadable = |path: &Path, why: String| CertificateError::File { path: path.to_owned(), why };
    let certificates = CertificateDer::pem_file_iter(chain).and_then(Iterator::collect::<Result<Vec<_>, _>>);
    let certificates = certificates.map_err(|error| unreadable(chain, error.to_string()))?;
    if certificates.is_empty() {
        return Err(unreadable(chain, "there is no certificate in it".to_owned()));
    }
    let key = PrivateKeyDer::from_pem_file(key).map_err(|error| unreadable(key, error.to_string()))?;
    Ok(CertifiedKey::from_der(certificates, key, provider)?)
}
