//! The private halves of the organisations' keys: files of mode 0600 in the folder `keys` of the data folder. They are in
//! no store and no backup; whoever runs several replicas gives them one folder.

use std::collections::HashMap;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

use seaworthy_http::desk::{KeyStore, KeyStoreError};
use seaworthy_protocol::Digest;
use seaworthy_stamp::SigningKey;

use crate::folder;

/// The folder of keys.
pub struct Keyring {
    folder: PathBuf,
    known: Mutex<HashMap<Digest, Arc<SigningKey>>>,
}

impl Keyring {
    /// The folder `keys` of a data folder, made if need be.
    pub fn open(data: &Path) -> io::Result<Keyring> {
        let folder = data.join("keys");
        folder::make(&folder)?;
        Ok(Keyring { folder, known: Mutex::new(HashMap::new()) })
    }

    fn path(&self, id: &Digest) -> PathBuf {
        self.folder.join(format!("{id}.key"))
    }

    fn remember(&self, id: Digest, key: SigningKey) -> Arc<SigningKey> {
        let key = Arc::new(key);
        self.known.lock().unwrap_or_else(PoisonError::into_inner).insert(id, Arc::clone(&key));
        key
    }
}

impl KeyStore for Keyring {
    fn key(&self, id: &Digest) -> Result<Arc<SigningKey>, KeyStoreError> {
        if let Some(key) = self.known.lock().unwrap_or_else(PoisonError::into_inner).get(id) {
            return Ok(Arc::clone(key));
        }
        let path = self.path(id);
        let failed = |error: &dyn std::fmt::Display| KeyStoreError::Failed(format!("{}: {error}", path.display()));
        let text = match fs::read_to_string(&path) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Err(KeyStoreError::Missing(*id)),
            read => read.map_err(|error| failed(&error))?,
        };
        let key = SigningKey::parse(&text).map_err(|error| failed(&error))?;
        if Digest::from(key.public().id()) != *id {
            return Err(failed(&"holds another key than its name says"));
        }
        Ok(self.remember(*id, key))
    }

    fn put(&self, key: SigningKey) -> Result<Arc<SigningKey>, KeyStoreError> {
        let id = Digest::from(key.public().id());
        let written = folder::write(&self.folder, &format!("{id}.key"), key.to_pem().as_bytes());
        written.map_err(|error| KeyStoreError::Failed(format!("{}: {error}", self.folder.display())))?;
        Ok(self.remember(id, key))
    }
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt;

    use super::*;

    #[test]
    fn keys_are_kept_for_their_owner_alone_and_read_back() {
        let data = tempfile::tempdir().unwrap();
        let key = Keyring::open(data.path()).unwrap().put(SigningKey::from_seed(&[7; 32]).unwrap()).unwrap();
        let id = Digest::from(key.public().id());
        let again = Keyring::open(data.path()).unwrap();
        assert_eq!(again.key(&id).unwrap().public(), key.public());
        assert_eq!(fs::metadata(again.path(&id)).unwrap().permissions().mode() & 0o777, 0o600);
        assert_eq!(again.key(&Digest::ZERO).unwrap_err(), KeyStoreError::Missing(Digest::ZERO));
    }

    #[test]
    fn a_file_that_holds_another_key_is_not_used() {
        let data = tempfile::tempdir().unwrap();
        let keyring = Keyring::open(data.path()).unwrap();
        let [one, other] = [7, 8].map(|seed| SigningKey::from_seed(&[seed; 32]).unwrap());
        let id = Digest::from(one.public().id());
        fs::write(keyring.path(&id), other.to_pem()).unwrap();
        assert!(keyring.key(&id).unwrap_err().to_string().contains("another key"));
    }
}
