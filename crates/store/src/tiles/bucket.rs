//! Tiles in a bucket of an S3 server, each log under a name of its own, which can be served as it is.
//!
//! An object is there as a whole or not at all, and is durable when the server has answered. A tile is made only where
//! none is (`If-None-Match: *`), and the checkpoint replaced only where it is the one that was compared (`If-Match`): of
//! two writers, one finds out. The server MUST know such conditional writes, as S3 and most others do.

use std::fmt;
use std::io;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use object_store::aws::{AmazonS3, AmazonS3Builder};
use object_store::path::Path;
use object_store::{
    Attribute, BackoffConfig, Error, ObjectStore, ObjectStoreExt, PutMode, PutOptions, RetryConfig, UpdateVersion,
};
use seaworthy_service::Id;
use seaworthy_service::ports::{Fault, TileStore};
use seaworthy_tlog::Place;

use super::at_once::at_once;
use super::connector::Connector;
use super::{never_smaller, partials};

/// How often a request is made again.
const RETRIES: usize = 3;
/// After this time, none is made again.
const RETRIED_FOR: Duration = Duration::from_secs(15);
/// Of how many full tiles the partial ones are looked up before they are removed.
const PRUNED_TOGETHER: usize = 64;
/// Codes of servers that have no room.
const FULL: [&str; 3] = ["507 Insufficient Storage", "StorageFull", "QuotaExceeded"];

/// Which bucket, and how it is reached.
#[derive(Clone, Debug, Default)]
pub struct BucketAddress {
    /// Its name.
    pub bucket: String,
    /// What the names of its objects begin with.
    pub prefix: String,
    /// The server, as `https://HOST[:PORT]`; without it, Amazon's for the region.
    pub endpoint: Option<String>,
    /// The region.
    pub region: Option<String>,
    /// Who writes; without this, whom the environment (`AWS_…`) or the machine's role says.
    pub credentials: Option<Credentials>,
}

/// An access key.
#[derive(Clone)]
pub struct Credentials {
    /// Its public part.
    pub id: String,
    /// Its secret part.
    pub secret: String,
}

/// Without the secret.
impl fmt::Debug for Credentials {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Credentials(…)")
    }
}

/// Tiles in a bucket.
pub struct BucketTiles {
    store: AmazonS3,
    prefix: Path,
}

impl BucketTiles {
    /// The tiles in a bucket. Nothing is asked of it yet.
    pub fn new(address: &BucketAddress) -> Result<BucketTiles, Fault> {
        let mut builder = AmazonS3Builder::from_env()
            .with_http_connector(Connector::new())
            .with_bucket_name(&address.bucket)
            .with_disable_bulk_delete(true)
            .with_retry(patience());
        if let Some(endpoint) = &address.endpoint {
            builder = builder.with_endpoint(endpoint);
        }
        if let Some(region) = &address.region {
            builder = builder.with_region(region);
        }
        if let Some(Credentials { id, secret }) = &address.credentials {
            builder = builder.with_access_key_id(id).with_secret_access_key(secret);
        }
        let prefix = Path::parse(&address.prefix).map_err(|error| Fault::Other(error.to_string()))?;
        Ok(BucketTiles { store: builder.build().map_err(told)?, prefix })
    }

    fn key(&self, organisation: Id, place: &impl fmt::Display) -> Path {
        let names = format!("{organisation}/{place}");
        names.split('/').fold(self.prefix.clone(), |path, name| path.join(name))
    }

    /// An object, and which version of it.
    fn object(&self, key: &Path) -> Result<Option<(Vec<u8>, UpdateVersion)>, Fault> {
        wait(async {
            let found = match self.store.get(key).await {
                Err(Error::NotFound { .. }) => return Ok(None),
                found => found?,
            };
            let version = UpdateVersion { e_tag: found.meta.e_tag.clone(), version: None };
            Ok(Some((found.bytes().await?.to_vec(), version)))
        })
    }

    fn put(&self, key: &Path, bytes: &[u8], mode: PutMode, kind: &'static str, keep: &'static str) -> Written {
        let attributes = [(Attribute::ContentType, kind), (Attribute::CacheControl, keep)].into_iter().collect();
        let options = PutOptions { mode, attributes, ..PutOptions::default() };
        wait(async {
            match self.store.put_opts(key, bytes.to_vec().into(), options).await {
                Err(Error::AlreadyExists { .. } | Error::Precondition { .. }) => Ok(false),
                put => put.map(|_| true),
            }
        })
    }

    fn write_tile(&self, organisation: Id, place: &Place, bytes: &[u8]) -> Result<(), Fault> {
        let key = self.key(organisation, place);
        let keep = "public, max-age=31536000, immutable";
        if self.put(&key, bytes, PutMode::Create, "application/octet-stream", keep)? {
            return Ok(());
        }
        match self.object(&key)? {
            Some((found, _)) if found == bytes => Ok(()),
            Some(_) => Err(Fault::Conflict(format!("{place} has other bytes"))),
            None => Err(Fault::Unavailable(format!("{place} was there, and is not"))),
        }
    }

    /// The objects right below a name.
    fn below(&self, name: &Path) -> Result<Vec<Path>, Fault> {
        let found = wait(self.store.list_with_delimiter(Some(name)))?;
        Ok(found.objects.into_iter().map(|object| object.location).collect())
    }

    /// Removes an object, if it is there.
    fn delete(&self, key: &Path) -> Result<(), Fault> {
        wait(async {
            match self.store.delete(key).await {
                Err(Error::NotFound { .. }) => Ok(()),
                removed => removed,
            }
        })
    }
}

/// Whether it was written: not where something stands there already, or not what was expected.
type Written = Result<bool, Fault>;

impl TileStore for BucketTiles {
    fn read(&self, organisation: Id, place: &Place) -> Result<Option<Vec<u8>>, Fault> {
        Ok(self.object(&self.key(organisation, place))?.map(|(bytes, _)| bytes))
    }

    fn write(&self, organisation: Id, files: &[(Place, Vec<u8>)]) -> Result<(), Fault> {
        at_once(files, no_thread, |(place, bytes)| self.write_tile(organisation, place, bytes))
    }

    fn publish(&self, organisation: Id, checkpoint: &[u8]) -> Result<(), Fault> {
        let key = self.key(organisation, &Place::Checkpoint);
        let mode = match self.object(&key)? {
            None => PutMode::Create,
            Some((found, version)) => {
                never_smaller(&found, checkpoint)?;
                PutMode::Update(version)
            }
        };
        let written = self.put(&key, checkpoint, mode, "text/plain; charset=utf-8", "no-cache")?;
        if written { Ok(()) } else { Err(Fault::Conflict("another checkpoint was published meanwhile".into())) }
    }

    fn remove(&self, organisation: Id, places: &[Place]) -> Result<(), Fault> {
        at_once(places, no_thread, |place| self.delete(&self.key(organisation, place)))
    }

    fn prune(&self, organisation: Id, full: &[Place]) -> Result<(), Fault> {
        full.chunks(PRUNED_TOGETHER).try_for_each(|full| {
            let replaced = Mutex::new(Vec::new());
            at_once(full, no_thread, |place| {
                let found = self.below(&self.key(organisation, &partials(place)))?;
                replaced.lock().unwrap_or_else(PoisonError::into_inner).extend(found);
                Ok(())
            })?;
            let replaced = replaced.into_inner().unwrap_or_else(PoisonError::into_inner);
            at_once(&replaced, no_thread, |key| self.delete(key))
        })
    }
}

/// Waits here for a request: the caller's thread may block.
fn wait<T>(work: impl Future<Output = Result<T, Error>>) -> Result<T, Fault> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_time().build();
    runtime.map_err(no_thread)?.block_on(work).map_err(told)
}

fn patience() -> RetryConfig {
    let backoff = BackoffConfig { max_backoff: Duration::from_secs(2), ..BackoffConfig::default() };
    RetryConfig { backoff, max_retries: RETRIES, retry_timeout: RETRIED_FOR }
}

fn no_thread(error: io::Error) -> Fault {
    Fault::Unavailable(format!("threads: {error}"))
}

fn told(error: Error) -> Fault {
    let text = error.to_string();
    match error {
        _ if FULL.iter().any(|full| text.contains(full)) => Fault::Full(text),
        Error::Generic { .. } | Error::JoinError { .. } => Fault::Unavailable(text),
        _ => Fault::Other(text),
    }
}
