//! Where the tiles of the logs are: a folder, or a bucket with an access key out of a file.

use std::fs;
use std::path::Path;
use std::sync::Arc;

use seaworthy_model::Code;
use seaworthy_service::ports::TileStore;
use seaworthy_store::tiles::{BucketAddress, BucketTiles, Credentials, FolderTiles};

use crate::failure::Failure;
use crate::settings::{LogTiles, Settings};

/// Folder of the data folder in which tiles are where no setting says otherwise.
const LOG: &str = "log";

/// The place that the settings name.
pub fn open(settings: &Settings) -> Result<Arc<dyn TileStore>, Failure> {
    match &settings.log_tiles {
        None => Ok(Arc::new(FolderTiles::new(&settings.data.join(LOG)))),
        Some(LogTiles::Folder(folder)) => Ok(Arc::new(FolderTiles::new(folder))),
        Some(LogTiles::Bucket { bucket, prefix }) => {
            let address = BucketAddress {
                bucket: bucket.clone(),
                prefix: prefix.clone(),
                endpoint: settings.log_tiles_endpoint.clone(),
                region: settings.log_tiles_region.clone(),
                credentials: settings.log_tiles_credentials.as_deref().map(credentials).transpose()?,
            };
            let tiles = BucketTiles::new(&address).map_err(|fault| unusable(&format!("log_tiles: {fault}")))?;
            Ok(Arc::new(tiles))
        }
    }
}

/// Reads an access key in the form of Amazon's tools.
fn credentials(path: &Path) -> Result<Credentials, Failure> {
    let text = fs::read_to_string(path).map_err(|error| error.to_string());
    let read = text.and_then(|text| parse(&text).ok_or_else(|| "it lacks a key, or has more than one".to_owned()));
    read.map_err(|what| unusable(&format!("log_tiles_credentials: {}: {what}", path.display())))
}

/// The one access key in a text of `aws_access_key_id = …` and `aws_secret_access_key = …`.
fn parse(text: &str) -> Option<Credentials> {
    let pairs = text.lines().filter_map(|line| line.split_once('='));
    let pairs: Vec<(&str, &str)> = pairs.map(|(name, value)| (name.trim(), value.trim())).collect();
    let only = |wanted: &str| {
        let mut values = pairs.iter().filter(|(name, _)| *name == wanted).map(|(_, value)| (*value).to_owned());
        values.next().filter(|value| !value.is_empty() && values.next().is_none())
    };
    Some(Credentials { id: only("aws_access_key_id")?, secret: only("aws_secret_access_key")? })
}

fn unusable(what: &str) -> Failure {
    Failure::new(Code::ConfigurationValue, what)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_has_one_key() {
        let read = parse("# ours\n[default]\naws_access_key_id = AK\r\naws_secret_access_key=a+b/c=\n").unwrap();
        assert_eq!((read.id.as_str(), read.secret.as_str()), ("AK", "a+b/c="));
        let id = "aws_access_key_id = AK\n";
        for text in ["", id, &format!("{id}aws_secret_access_key =\n"), &format!("{id}{id}aws_secret_access_key = a\n")]
        {
            assert!(parse(text).is_none(), "{text}");
        }
    }
}
