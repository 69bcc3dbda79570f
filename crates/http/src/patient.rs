//! A connection that is neither waited for without end nor cut off in the middle of an answer.
//!
//! Two things hyper leaves to its caller: a client that takes no bytes of an answer is given up after a while; and a
//! connection that is closed while its client still sends is drained for a moment first, or the kernel would throw
//! away the answer (413, 408) together with what was not read.

use std::io;
use std::pin::Pin;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::time::{Sleep, sleep};

/// Most that is read and thrown away before a connection is closed.
const MOST_DRAINED: usize = 16 * 1024 * 1024;
/// Longest time that it takes.
const LONGEST_DRAINED: Duration = Duration::from_secs(1);

/// A stream with a limit to how long a write may hang, and a gentle end.
#[derive(Debug)]
pub(crate) struct Patient<S> {
    stream: S,
    write_timeout: Duration,
    hanging: Option<Pin<Box<Sleep>>>,
    end: End,
}

#[derive(Debug)]
enum End {
    Open,
    Draining { until: Pin<Box<Sleep>>, left: usize },
    Closed,
}

impl<S> Patient<S> {
    pub(crate) fn new(stream: S, write_timeout: Duration) -> Patient<S> {
        Patient { stream, write_timeout, hanging: None, end: End::Open }
    }

    /// Passes on what a write came to; one that hangs is given up in time.
    fn watched<T>(&mut self, context: &mut Context<'_>, written: Poll<io::Result<T>>) -> Poll<io::Result<T>> {
        if written.is_ready() {
            self.hanging = None;
            return written;
        }
        let timeout = self.write_timeout;
        let hanging = self.hanging.get_or_insert_with(|| Box::pin(sleep(timeout)));
        ready!(hanging.as_mut().poll(context));
        Poll::Ready(Err(io::ErrorKind::TimedOut.into()))
    }
}

impl<S: AsyncRead + Unpin> AsyncRead for Patient<S> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_read(context, buffer)
    }
}

impl<S: AsyncRead + AsyncWrite + Unpin> AsyncWrite for Patient<S> {
    fn poll_write(mut self: Pin<&mut Self>, context: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        let written = Pin::new(&mut self.stream).poll_write(context, bytes);
        self.watched(context, written)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        slices: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let written = Pin::new(&mut self.stream).poll_write_vectored(context, slices);
        self.watched(context, written)
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        let flushed = Pin::new(&mut self.stream).poll_flush(context);
        self.watched(context, flushed)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        let this = &mut *self;
        loop {
            match &mut this.end {
                End::Open => {
                    ready!(Pin::new(&mut this.stream).poll_shutdown(context))?;
                    this.end = End::Draining { until: Box::pin(sleep(LONGEST_DRAINED)), left: MOST_DRAINED };
                }
                End::Draining { until, left } => {
                    if until.as_mut().poll(context).is_pending() {
                        ready!(drained(&mut this.stream, context, left));
                    }
                    this.end = End::Closed;
                }
                End::Closed => return Poll::Ready(Ok(())),
            }
        }
    }
}

/// Reads and forgets until the client closes, breaks off, or has sent too much.
fn drained<S: AsyncRead + Unpin>(stream: &mut S, context: &mut Context<'_>, left: &mut usize) -> Poll<()> {
    let mut bytes = [0; 4096];
    while *left > 0 {
        let mut buffer = ReadBuf::new(&mut bytes);
        let read = ready!(Pin::new(&mut *stream).poll_read(context, &mut buffer));
        let length = buffer.filled().len();
        if read.is_err() || length == 0 {
            break;
        }
        *left = left.saturating_sub(length);
    }
    Poll::Ready(())
}
