//! Opens the lists that apt downloads (`/var/lib/apt/lists`), compressed or not, as
//! streams with limits: 2 GiB of text, and 64 MiB of memory for a decompressor.
//!
//! apt keeps lists as they came or, where `Acquire::GzipIndexes` asks for it,
//! compressed. Nothing is mapped into memory: a file that shrinks under us must be an
//! error, not a signal.

use std::fs::File;
use std::io::{self, BufRead, BufReader, Read};
use std::path::{Path, PathBuf};

use thiserror::Error;

use crate::root::{ReadError, Root};

/// No list is longer; Debian's longest has 50 MB.
pub const LONGEST_LIST: u64 = 2 << 30;

/// The most memory a decompressor's dictionary or window may take.
const LARGEST_WINDOW: u64 = 64 << 20;

/// Bytes read at once.
pub const CHUNK: usize = 64 << 10;

/// Why a list cannot be read.
#[derive(Debug, Error)]
pub enum ListError {
    /// The file cannot be opened.
    #[error(transparent)]
    Open(#[from] ReadError),
    /// Compressed in a way this program does not read.
    #[error("{path}: lists that end in .{ending} are not supported")]
    Compression {
        /// Which list.
        path: PathBuf,
        /// Its ending.
        ending: String,
    },
    /// Reading or decompressing failed: a broken or truncated file.
    #[error("{path}: the list cannot be read")]
    Broken {
        /// Which list.
        path: PathBuf,
        /// What the reader says.
        source: io::Error,
    },
    /// More than [`LONGEST_LIST`] bytes of text.
    #[error("{path}: the list is longer than 2 GiB")]
    TooLong {
        /// Which list.
        path: PathBuf,
    },
}

/// How a list is stored.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Encoding {
    /// As text.
    Plain,
    /// `.lz4`, LZ4 frame format.
    Lz4,
    /// `.gz`, RFC 1952.
    Gzip,
    /// `.xz`.
    Xz,
    /// `.zst`, RFC 8878.
    Zstd,
}

impl Encoding {
    /// By the ending after the last dot of a file name.
    fn of(path: &Path) -> Result<Self, ListError> {
        let name = path.file_name().map(|name| name.to_string_lossy().into_owned());
        let ending = name.as_deref().and_then(|name| name.rsplit_once('.')).map(|(_, ending)| ending);
        match ending {
            Some("lz4") => Ok(Self::Lz4),
            Some("gz") => Ok(Self::Gzip),
            Some("xz") => Ok(Self::Xz),
            Some("zst") => Ok(Self::Zstd),
            Some(ending @ ("bz2" | "lzma")) => {
                Err(ListError::Compression { path: path.to_owned(), ending: ending.to_owned() })
            }
            // A dot in the address of an archive is no ending.
            _ => Ok(Self::Plain),
        }
    }
}

/// An opened list.
#[derive(Debug)]
pub struct List {
    path: PathBuf,
    file: File,
    encoding: Encoding,
    stored: u64,
}

/// Opens a list of a root.
///
/// # Errors
/// The file cannot be opened, or is compressed in a way that is not supported.
pub fn open(root: &Root, path: &Path) -> Result<List, ListError> {
    let encoding = Encoding::of(path)?;
    let file = root.open(path)?;
    let broken = |source| ListError::Broken { path: path.to_owned(), source };
    let stored = file.metadata().map_err(broken)?.len();
    Ok(List { path: path.to_owned(), file, encoding, stored })
}

impl List {
    /// Where the list is.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// How it is stored.
    #[must_use]
    pub fn encoding(&self) -> Encoding {
        self.encoding
    }

    /// Its bytes on disk.
    #[must_use]
    pub fn stored(&self) -> u64 {
        self.stored
    }

    /// Reads an uncompressed list from an offset, for readers that share the work.
    ///
    /// # Errors
    /// Reading fails, or the file ends before `buffer` is full.
    pub fn read_at(&self, buffer: &mut [u8], offset: u64) -> Result<(), ListError> {
        std::os::unix::fs::FileExt::read_exact_at(&self.file, buffer, offset).map_err(|source| self.broken(source))
    }

    /// Gives the text to `take`, chunk after chunk.
    ///
    /// # Errors
    /// The list is broken or too long, or what `take` says.
    pub fn for_each_chunk<E: From<ListError>>(&self, mut take: impl FnMut(&[u8]) -> Result<(), E>) -> Result<(), E> {
        let mut reader = self.reader()?;
        let mut length = 0_u64;
        loop {
            let chunk = reader.fill_buf().map_err(|source| self.broken(source))?;
            if chunk.is_empty() {
                return Ok(());
            }
            let taken = chunk.len();
            length += taken as u64;
            if length > LONGEST_LIST {
                return Err(ListError::TooLong { path: self.path.clone() }.into());
            }
            take(chunk)?;
            reader.consume(taken);
        }
    }

    /// The text as a stream. Whoever reads it must bound what it takes;
    /// [`List::for_each_chunk`] does.
    ///
    /// # Errors
    /// The head of the compressed file is broken.
    pub fn reader(&self) -> Result<Box<dyn BufRead + '_>, ListError> {
        let file = BufReader::with_capacity(CHUNK, Positioned { file: &self.file, at: 0 });
        Ok(match self.encoding {
            Encoding::Plain => Box::new(file),
            Encoding::Lz4 => Box::new(lz4_flex::frame::FrameDecoder::new(file)),
            Encoding::Gzip => Box::new(buffered(flate2::bufread::MultiGzDecoder::new(file))),
            Encoding::Xz => {
                let limit = u32::try_from(LARGEST_WINDOW >> 10).unwrap_or(u32::MAX);
                Box::new(buffered(lzma_rust2::XzReader::new_mem_limit(file, true, limit)))
            }
            Encoding::Zstd => Box::new(buffered(Frames::new(file))),
        })
    }

    fn broken(&self, source: io::Error) -> ListError {
        ListError::Broken { path: self.path.clone(), source }
    }
}

/// Reads from its own position, so that readers of one list do not move each other.
struct Positioned<'a> {
    file: &'a File,
    at: u64,
}

impl Read for Positioned<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let length = std::os::unix::fs::FileExt::read_at(self.file, buffer, self.at)?;
        self.at += length as u64;
        Ok(length)
    }
}

fn buffered<R: Read>(reader: R) -> BufReader<R> {
    BufReader::with_capacity(CHUNK, reader)
}

/// The frames of a Zstandard file, one after the other (RFC 8878 §3).
struct Frames<R: BufRead> {
    state: Option<State<R>>,
}

enum State<R: BufRead> {
    Between(R),
    Inside(Box<ruzstd::decoding::StreamingDecoder<R, ruzstd::decoding::FrameDecoder>>),
}

impl<R: BufRead> Frames<R> {
    fn new(source: R) -> Self {
        Self { state: Some(State::Between(source)) }
    }
}

impl<R: BufRead> Read for Frames<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        loop {
            // A failed step leaves no state behind: further reads say «end».
            match self.state.take() {
                None => return Ok(0),
                Some(State::Between(mut source)) => {
                    if source.fill_buf()?.is_empty() {
                        return Ok(0);
                    }
                    let decoder = ruzstd::decoding::StreamingDecoder::new_with_max_window_size(source, LARGEST_WINDOW)
                        .map_err(|error| io::Error::new(io::ErrorKind::InvalidData, error.to_string()))?;
                    self.state = Some(State::Inside(Box::new(decoder)));
                }
                Some(State::Inside(mut decoder)) => {
                    let length = decoder.read(buffer)?;
                    if length > 0 {
                        self.state = Some(State::Inside(decoder));
                        return Ok(length);
                    }
                    self.state = Some(State::Between(decoder.into_inner()));
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::Write;

    /// Pseudo-random text that compresses a little.
    fn text() -> Vec<u8> {
        let mut state = 1_u32;
        let mut step = || {
            state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            b'a' + u8::try_from(state >> 28).unwrap()
        };
        (0..700_000).map(|_| step()).collect()
    }

    fn read_back(ending: &str, stored: &[u8]) -> Result<Vec<u8>, ListError> {
        let folder = std::env::temp_dir().join(format!("seaworthy-lists-{}-{ending}", std::process::id()));
        std::fs::create_dir_all(&folder).unwrap();
        std::fs::write(folder.join(format!("x_Packages{ending}")), stored).unwrap();
        let list = open(&Root::disk(&folder), Path::new(&format!("/x_Packages{ending}")));
        let mut out = Vec::new();
        let result = list.and_then(|list| {
            list.for_each_chunk::<ListError>(|chunk| {
                out.extend_from_slice(chunk);
                Ok(())
            })
        });
        std::fs::remove_dir_all(&folder).unwrap();
        result.map(|()| out)
    }

    fn lz4(text: &[u8]) -> Vec<u8> {
        let mut encoder = lz4_flex::frame::FrameEncoder::new(Vec::new());
        encoder.write_all(text).unwrap();
        encoder.finish().unwrap()
    }

    #[test]
    fn every_encoding_gives_the_text_back() {
        let text = text();
        let mut gzip = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
        gzip.write_all(&text).unwrap();
        let zstd = ruzstd::encoding::compress_to_vec(&text[..], ruzstd::encoding::CompressionLevel::Fastest);
        let twice = [zstd.clone(), zstd.clone()].concat();
        assert!(read_back("", &text).unwrap() == text);
        assert!(read_back(".lz4", &lz4(&text)).unwrap() == text);
        assert!(read_back(".gz", &gzip.finish().unwrap()).unwrap() == text);
        assert!(read_back(".zst", &zstd).unwrap() == text);
        assert!(read_back(".zst", &twice).unwrap() == [text.clone(), text].concat());
    }

    #[test]
    fn broken_files_are_errors() {
        let whole = lz4(&text());
        let error = read_back(".lz4", &whole[..whole.len() / 2]).unwrap_err();
        assert!(error.to_string().ends_with("the list cannot be read"), "{error}");
        for ending in [".lz4", ".gz", ".xz", ".zst"] {
            assert!(read_back(ending, b"not compressed at all").is_err(), "{ending}");
        }
        let error = read_back(".bz2", b"").unwrap_err();
        assert_eq!(error.to_string(), "/x_Packages.bz2: lists that end in .bz2 are not supported");
    }
}
