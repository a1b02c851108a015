//! Makes every apiserver's `:authority` acceptable to h2, in place, before h2 sees it.
//!
//! The apiserver dials the bare path of the socket, so its `:authority` is that path: raw (`/run/kms.sock`) up to
//! 1.28, percent-encoded (`%2Frun%2Fkms.sock`) from 1.30 on. Neither is an authority in the sense of RFC 3986, and h2
//! refuses the stream with `PROTOCOL_ERROR`. What the value says is of no use on a unix socket, so its octets are
//! overwritten with `a`, as many as there were:
//!
//! ```text
//! socket -> AuthorityRewrite -> h2 -> tonic
//!             frames.rs   finds the header blocks in the stream of octets
//!             fields.rs   finds the `:authority` values in a header block (RFC 7541)
//! ```
//!
//! No frame changes its length, nothing is buffered, decoded or allocated. Two invariants make it sound:
//!
//! - **h2 and the client agree on the dynamic table.** A value of L characters becomes N <= L octets (N is L, or the
//!   length of its shorter Huffman form), so h2's table is never fuller than the client's, and h2 never evicts what the
//!   client still names. A client whose Huffman form is *longer* than the plain one can have a stream refused, but never
//!   a field mistaken for another: entries are counted from the newest on both sides.
//! - **When in doubt, leave it.** At the first thing that h2 would refuse, or treat other than we do, rewriting stops
//!   for the rest of the connection and h2 answers as it would have.

mod fields;
mod frames;

use std::{
    io::{self, IoSlice},
    pin::Pin,
    task::{Context, Poll, ready},
};

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

pub use self::frames::Rewriter;

/// A connection whose `:authority` values are rewritten as they are read. Writes pass through.
#[derive(Debug)]
pub struct AuthorityRewrite<S> {
    stream: S,
    rewriter: Rewriter,
}

impl<S> AuthorityRewrite<S> {
    /// Wraps a connection of which nothing was read yet.
    pub fn new(stream: S) -> Self {
        Self { stream, rewriter: Rewriter::default() }
    }
}

impl<S: AsyncRead + Unpin> AsyncRead for AuthorityRewrite<S> {
    fn poll_read(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        let already_there = buf.filled().len();
        ready!(Pin::new(&mut self.stream).poll_read(cx, buf))?;
        if let Some(octets) = buf.filled_mut().get_mut(already_there..) {
            self.rewriter.rewrite(octets);
        }
        Poll::Ready(Ok(()))
    }
}

impl<S: AsyncWrite + Unpin> AsyncWrite for AuthorityRewrite<S> {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, octets: &[u8]) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.stream).poll_write(cx, octets)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        slices: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.stream).poll_write_vectored(cx, slices)
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(cx)
    }
}
