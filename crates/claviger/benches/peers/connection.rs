//! A connection that sends the same request again and again, with no more of HTTP than that needs: the client must not be
//! what is measured.

use std::{net::SocketAddr, sync::Arc};

use tokio::{
    io::{AsyncRead, AsyncReadExt as _, AsyncWrite, AsyncWriteExt as _},
    net::TcpStream,
};

/// What carries a connection.
trait Stream: AsyncRead + AsyncWrite + Send + Unpin {}

impl<S: AsyncRead + AsyncWrite + Send + Unpin> Stream for S {}

/// A connection that sends one request over and over.
pub(crate) struct Connection {
    address: SocketAddr,
    stream: Box<dyn Stream>,
    request: Arc<[u8]>,
    buffer: Vec<u8>,
}

/// An answer, whole.
#[derive(Clone, Copy)]
pub(crate) struct Answer<'a> {
    whole: &'a [u8],
    body: usize,
}

impl<'a> Answer<'a> {
    pub(crate) fn status(self) -> u16 {
        str::from_utf8(&self.whole[9..12]).unwrap().parse().unwrap()
    }

    pub(crate) fn body(self) -> &'a [u8] {
        &self.whole[self.body..]
    }

    pub(crate) fn holds(self, marker: &str) -> bool {
        self.body().windows(marker.len()).any(|window| window == marker.as_bytes())
    }
}

impl Connection {
    pub(crate) async fn open(address: SocketAddr, request: impl Into<Arc<[u8]>>) -> std::io::Result<Self> {
        Ok(Self::over(address, connect(address).await?, request))
    }

    /// Over a stream that is there: one from another address, one with TLS.
    pub(crate) fn over(
        address: SocketAddr,
        stream: impl AsyncRead + AsyncWrite + Send + Unpin + 'static,
        request: impl Into<Arc<[u8]>>,
    ) -> Self {
        Self { address, stream: Box::new(stream), request: request.into(), buffer: Vec::new() }
    }

    /// The same connection, with another request.
    pub(crate) fn asking(self, request: impl Into<Arc<[u8]>>) -> Self {
        Self { request: request.into(), ..self }
    }

    pub(crate) async fn call(&mut self) -> std::io::Result<Answer<'_>> {
        self.stream.write_all(&self.request).await?;
        self.stream.flush().await?;
        self.buffer.clear();
        loop {
            if self.stream.read_buf(&mut self.buffer).await? == 0 {
                return Err(std::io::ErrorKind::UnexpectedEof.into());
            }
            let Some(end) = self.buffer.windows(4).position(|window| window == b"\r\n\r\n") else { continue };
            let head = &self.buffer[..end];
            let length: usize = header(head, "content-length").and_then(|length| length.parse().ok()).unwrap();
            let whole = end + 4 + length;
            if self.buffer.len() < whole {
                continue;
            }
            // moto keeps no connection open.
            if header(head, "connection") == Some("close") {
                self.stream = Box::new(connect(self.address).await?);
            }
            return Ok(Answer { whole: &self.buffer[..whole], body: end + 4 });
        }
    }

    /// One call of a closed loop, whose answer must hold `marker`.
    pub(crate) async fn expect(mut self, marker: &str) -> Self {
        let answer = self.call().await.unwrap();
        assert!(answer.holds(marker), "no {marker} in {}", String::from_utf8_lossy(answer.body()));
        self
    }
}

/// The value of a header, whose name is written in any case.
fn header<'a>(head: &'a [u8], name: &str) -> Option<&'a str> {
    let lines = str::from_utf8(head).unwrap().split("\r\n");
    let value = |line: &'a str| line.split_once(':').filter(|(is, _)| is.eq_ignore_ascii_case(name));
    lines.filter_map(value).map(|(_, value)| value.trim()).next()
}

pub(crate) async fn connect(address: SocketAddr) -> std::io::Result<TcpStream> {
    let stream = TcpStream::connect(address).await?;
    stream.set_nodelay(true)?;
    Ok(stream)
}
