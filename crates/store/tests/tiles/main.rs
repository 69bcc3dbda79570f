//! The contract of places of tiles (`seaworthy_service::ports::TileStore`), kept by each: a folder, and a bucket of an S3
//! server that runs here.

#[cfg(test)]
mod contract;
#[cfg(test)]
mod outage;
#[cfg(test)]
mod sequence;
#[cfg(test)]
mod server;
