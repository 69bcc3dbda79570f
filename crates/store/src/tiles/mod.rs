//! Where the tiles of logs are kept (`seaworthy_service::ports::TileStore`).

mod folder;

pub use folder::FolderTiles;
