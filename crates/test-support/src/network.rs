//! The network between a plugin and the key service: it can be slow, it can speak TLS, and it counts.

use std::{
    net::{Ipv4Addr, SocketAddr},
    ops::Sub,
    path::{Path, PathBuf},
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};

use rcgen::{CertificateParams, KeyPair, SanType};
use rustls::{
    ServerConfig,
    pki_types::{PrivateKeyDer, PrivatePkcs8KeyDer},
};
use tokio::{
    io::{AsyncRead, AsyncReadExt as _, AsyncWrite, AsyncWriteExt as _},
    net::{TcpListener, TcpStream},
    task::JoinHandle,
};
use tokio_rustls::TlsAcceptor;

/// What went through, since the start.
#[derive(Clone, Copy, Debug)]
pub struct Counts {
    /// Connections that were accepted, and with TLS may have failed then.
    pub connections: u64,
    /// Calls of Encrypt.
    pub encrypts: u64,
    /// Calls of Decrypt.
    pub decrypts: u64,
}

impl Counts {
    /// Calls of both.
    #[must_use]
    pub fn calls(self) -> u64 {
        self.encrypts + self.decrypts
    }
}

impl Sub for Counts {
    type Output = Self;

    fn sub(self, earlier: Self) -> Self {
        Self {
            connections: self.connections - earlier.connections,
            encrypts: self.encrypts - earlier.encrypts,
            decrypts: self.decrypts - earlier.decrypts,
        }
    }
}

#[derive(Debug, Default)]
struct State {
    delay: AtomicU64,
    connections: AtomicU64,
    encrypts: AtomicU64,
    decrypts: AtomicU64,
}

/// A proxy in front of one server.
#[derive(Debug)]
pub struct Network {
    address: SocketAddr,
    authority: Option<PathBuf>,
    state: Arc<State>,
    task: JoinHandle<()>,
}

impl Network {
    /// As it comes.
    ///
    /// # Panics
    /// When no port is free.
    pub async fn plain(server: SocketAddr) -> Self {
        Self::start(server, None, None).await
    }

    /// With a certificate of its own making, which it leaves in `folder` for clients to trust.
    ///
    /// # Panics
    /// When that cannot be made or written, or no port is free.
    pub async fn tls(server: SocketAddr, folder: &Path) -> Self {
        let mut params = CertificateParams::default();
        params.subject_alt_names = vec![SanType::IpAddress(Ipv4Addr::LOCALHOST.into())];
        let key_pair = KeyPair::generate().expect("a key pair");
        let certificate = params.self_signed(&key_pair).expect("a certificate");
        let authority = folder.join("network-ca.pem");
        std::fs::write(&authority, certificate.pem()).expect("the folder can be written");

        let key = PrivateKeyDer::Pkcs8(PrivatePkcs8KeyDer::from(key_pair.serialize_der()));
        let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
        let config = ServerConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()
            .expect("the provider has them")
            .with_no_client_auth()
            .with_single_cert(vec![certificate.der().clone()], key)
            .expect("the key is the certificate's");
        Self::start(server, Some(authority), Some(TlsAcceptor::from(Arc::new(config)))).await
    }

    async fn start(server: SocketAddr, authority: Option<PathBuf>, tls: Option<TlsAcceptor>) -> Self {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.expect("a free port");
        let address = listener.local_addr().expect("a bound socket has an address");
        let state = Arc::new(State::default());
        let shared = Arc::clone(&state);
        let task = tokio::spawn(async move {
            while let Ok((client, _)) = listener.accept().await {
                shared.connections.fetch_add(1, Ordering::Relaxed);
                _ = client.set_nodelay(true);
                let (tls, state) = (tls.clone(), Arc::clone(&shared));
                tokio::spawn(async move {
                    match tls {
                        None => carry(client, server, state).await,
                        Some(tls) => {
                            if let Ok(client) = tls.accept(client).await {
                                carry(client, server, state).await;
                            }
                        }
                    }
                });
            }
        });
        Self { address, authority, state, task }
    }

    /// Where to connect instead.
    #[must_use]
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Where an SDK finds the server.
    #[must_use]
    pub fn url(&self) -> String {
        let scheme = if self.authority.is_some() { "https" } else { "http" };
        format!("{scheme}://{}", self.address)
    }

    /// The PEM file to trust, where it speaks TLS.
    #[must_use]
    pub fn authority(&self) -> Option<&Path> {
        self.authority.as_deref()
    }

    /// Every answer is this late from now on.
    pub fn set_delay(&self, delay: Duration) {
        self.state.delay.store(u64::try_from(delay.as_micros()).unwrap_or(u64::MAX), Ordering::Relaxed);
    }

    /// What went through, until now.
    #[must_use]
    pub fn counts(&self) -> Counts {
        Counts {
            connections: self.state.connections.load(Ordering::Relaxed),
            encrypts: self.state.encrypts.load(Ordering::Relaxed),
            decrypts: self.state.decrypts.load(Ordering::Relaxed),
        }
    }
}

impl Drop for Network {
    fn drop(&mut self) {
        self.task.abort();
    }
}

async fn carry(client: impl AsyncRead + AsyncWrite, server: SocketAddr, state: Arc<State>) {
    let Ok(server) = TcpStream::connect(server).await else { return };
    _ = server.set_nodelay(true);
    let (mut from_client, mut to_client) = tokio::io::split(client);
    let (mut from_server, mut to_server) = server.into_split();
    let requests = async {
        let (mut buffer, mut lines) = (vec![0; 16 << 10], Lines::default());
        while let Ok(length @ 1..) = from_client.read(&mut buffer).await {
            let read = buffer.get(..length).unwrap_or_default();
            lines.take(read, &state);
            if to_server.write_all(read).await.is_err() {
                return;
            }
        }
    };
    let answers = async {
        let mut buffer = vec![0; 16 << 10];
        while let Ok(length @ 1..) = from_server.read(&mut buffer).await {
            let delay = state.delay.load(Ordering::Relaxed);
            if delay > 0 {
                tokio::time::sleep(Duration::from_micros(delay)).await;
            }
            if to_client.write_all(buffer.get(..length).unwrap_or_default()).await.is_err() {
                return;
            }
        }
    };
    // Whichever side ends: the other is closed as both are dropped.
    tokio::select! {
        () = requests => {}
        () = answers => {}
    }
}

/// Finds the operations in the headers of HTTP/1.1 requests, wherever a read has cut them.
#[derive(Default)]
struct Lines {
    unfinished: Vec<u8>,
}

impl Lines {
    fn take(&mut self, read: &[u8], state: &State) {
        self.unfinished.extend_from_slice(read);
        let Some(end) = self.unfinished.iter().rposition(|byte| *byte == b'\n') else { return };
        for line in self.unfinished.get(..end).unwrap_or_default().split(|byte| *byte == b'\n') {
            let line = line.trim_ascii_end();
            if line.ends_with(b"TrentService.Encrypt") {
                state.encrypts.fetch_add(1, Ordering::Relaxed);
            } else if line.ends_with(b"TrentService.Decrypt") {
                state.decrypts.fetch_add(1, Ordering::Relaxed);
            }
        }
        self.unfinished.drain(..=end);
    }
}
