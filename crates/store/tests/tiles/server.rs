//! A real S3 server (`s3s-fs`): it keeps what it has in a folder, checks who signed each request, and knows conditional
//! writes. It can be stopped, and started again on the same port.

use std::net::{Ipv4Addr, SocketAddr};
use std::path::Path;
use std::sync::Arc;

use hyper::server::conn::http1::Builder;
use hyper_util::rt::TokioIo;
use s3s::auth::SimpleAuth;
use s3s::service::{S3Service, S3ServiceBuilder};
use s3s_fs::FileSystem;
use seaworthy_store::tiles::{BucketAddress, BucketTiles, Credentials};
use tempfile::TempDir;
use tokio::net::TcpListener;
use tokio::runtime::Runtime;

const SECRET: &str = "a secret of a test";
const ID: &str = "TESTKEY";
const BUCKET: &str = "logs";

/// A server with one bucket.
pub struct S3 {
    folder: TempDir,
    address: SocketAddr,
    running: Option<Runtime>,
}

impl S3 {
    pub fn start() -> S3 {
        let folder = tempfile::tempdir().unwrap();
        std::fs::create_dir(folder.path().join(BUCKET)).unwrap();
        let mut server = S3 { folder, address: (Ipv4Addr::LOCALHOST, 0).into(), running: None };
        server.start_again();
        server
    }

    /// Goes on where it was stopped.
    pub fn start_again(&mut self) {
        let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap();
        let listener = runtime.block_on(TcpListener::bind(self.address)).unwrap();
        self.address = listener.local_addr().unwrap();
        runtime.spawn(serve(listener, service(self.folder.path())));
        self.running = Some(runtime);
    }

    /// Breaks off whatever it is doing.
    pub fn stop(&mut self) {
        self.running.take().into_iter().for_each(Runtime::shutdown_background);
    }

    pub fn address(&self, secret: &str) -> BucketAddress {
        BucketAddress {
            bucket: BUCKET.into(),
            prefix: "a/place".into(),
            endpoint: Some(format!("http://{}", self.address)),
            region: Some("us-east-1".into()),
            credentials: Some(Credentials { id: ID.into(), secret: secret.into() }),
        }
    }

    pub fn tiles(&self) -> BucketTiles {
        BucketTiles::new(&self.address(SECRET)).unwrap()
    }

    /// The object at a key, below the prefix.
    pub fn object(&self, key: &str) -> Option<Vec<u8>> {
        std::fs::read(self.folder.path().join(BUCKET).join("a/place").join(key)).ok()
    }
}

impl Drop for S3 {
    fn drop(&mut self) {
        self.stop();
    }
}

fn service(folder: &Path) -> S3Service {
    let mut builder = S3ServiceBuilder::new(FileSystem::new(folder).unwrap());
    builder.set_auth(SimpleAuth::from_single(ID, SECRET));
    builder.build()
}

async fn serve(listener: TcpListener, service: S3Service) {
    let service = Arc::new(service);
    while let Ok((stream, _)) = listener.accept().await {
        let service = S3Service::clone(&service);
        stream.set_nodelay(true).unwrap();
        tokio::spawn(Builder::new().serve_connection(TokioIo::new(stream), service));
    }
}
