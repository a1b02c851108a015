//! The addresses that pods call. One that is not there is told once, and taken up when it appears: a node without IPv6 has
//! an agent all the same.

use std::{
    fmt, io,
    net::{IpAddr, SocketAddr},
    str::FromStr,
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use daemon::{http::Health, shutdown::Shutdown};
use tokio::{
    net::{TcpListener, TcpSocket},
    task::JoinSet,
    time::sleep,
};

use super::desk::Desk;
use crate::connections;

/// How often an address that could not be bound is tried again.
const TRY_AGAIN: Duration = Duration::from_secs(2);
/// Connections that wait to be accepted.
const BACKLOG: u32 = 1024;

/// An address to bind, as the peer takes it: `169.254.170.23`, `[fd00:ec2::23]`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct BindHost(IpAddr);

/// The text is no address.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is no address to bind: write an IPv4 address, or an IPv6 address in brackets")]
pub struct InvalidBindHost(pub String);

impl FromStr for BindHost {
    type Err = InvalidBindHost;

    fn from_str(text: &str) -> Result<Self, InvalidBindHost> {
        let inner = text.strip_prefix('[').and_then(|rest| rest.strip_suffix(']')).unwrap_or(text);
        let address = if inner == "localhost" { Ok(IpAddr::from([127, 0, 0, 1])) } else { inner.parse() };
        address.map(Self).map_err(|_| InvalidBindHost(text.to_owned()))
    }
}

impl fmt::Display for BindHost {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// What is bound and what is not, which is also whether pods can be answered.
#[derive(Debug, Default)]
pub struct Listening(Mutex<Vec<Place>>);

#[derive(Debug)]
struct Place {
    address: SocketAddr,
    bound: Result<SocketAddr, String>,
}

impl Listening {
    /// Binds what can be bound of `hosts`, and answers there until the end; goes on trying the others.
    ///
    /// # Errors
    /// Where the process may not bind the port at all: nothing would change that.
    pub async fn start(
        hosts: &[BindHost],
        port: u16,
        desk: Arc<Desk>,
        shutdown: Shutdown,
    ) -> io::Result<(Arc<Self>, JoinSet<()>)> {
        let listening = Arc::new(Self::default());
        let mut tasks = JoinSet::new();
        for host in hosts {
            let address = SocketAddr::new(host.0, port);
            let first = bind(address);
            if let Err(error) = &first {
                if error.kind() == io::ErrorKind::PermissionDenied {
                    return Err(io::Error::new(error.kind(), format!("cannot listen on {address}: {error}")));
                }
                tracing::warn!(%address, %error, "not listening there yet: {}", advice(error));
            }
            let index = listening.note(address, &first);
            desk.metrics.bound(&host.to_string(), first.is_ok());
            let place = (Arc::clone(&listening), index, *host, address);
            tasks.spawn(hold(place, first, Arc::clone(&desk), shutdown.clone()));
        }
        Ok((listening, tasks))
    }

    /// The addresses that are bound.
    #[must_use]
    pub fn addresses(&self) -> Vec<SocketAddr> {
        let places = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        places.iter().filter_map(|place| place.bound.clone().ok()).collect()
    }

    fn note(&self, address: SocketAddr, first: &io::Result<TcpListener>) -> usize {
        let mut places = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        places.push(Place { address, bound: told(first) });
        places.len() - 1
    }

    fn change(&self, index: usize, bound: Result<SocketAddr, String>) {
        if let Some(place) = self.0.lock().unwrap_or_else(PoisonError::into_inner).get_mut(index) {
            place.bound = bound;
        }
    }
}

async fn hold(
    (listening, index, host, address): (Arc<Listening>, usize, BindHost, SocketAddr),
    first: io::Result<TcpListener>,
    desk: Arc<Desk>,
    shutdown: Shutdown,
) {
    let mut bound = first;
    loop {
        match bound {
            Ok(listener) => {
                let address = listener.local_addr().unwrap_or(address);
                listening.change(index, Ok(address));
                desk.metrics.bound(&host.to_string(), true);
                tracing::info!(%address, "listening");
                return connections::serve(listener, None, desk, shutdown).await;
            }
            Err(error) => listening.change(index, Err(error.to_string())),
        }
        tokio::select! {
            () = shutdown.requested() => return,
            () = sleep(TRY_AGAIN) => {}
        }
        bound = bind(address);
    }
}

fn bind(address: SocketAddr) -> io::Result<TcpListener> {
    let socket = if address.is_ipv4() { TcpSocket::new_v4() } else { TcpSocket::new_v6() }?;
    socket.set_reuseaddr(true)?;
    socket.bind(address)?;
    socket.listen(BACKLOG)
}

fn told(bound: &io::Result<TcpListener>) -> Result<SocketAddr, String> {
    match bound {
        Ok(listener) => listener.local_addr().map_err(|error| error.to_string()),
        Err(error) => Err(error.to_string()),
    }
}

fn advice(error: &io::Error) -> &'static str {
    match error.kind() {
        io::ErrorKind::AddrInUse => "another process has the port; it is taken over when that one ends",
        io::ErrorKind::AddrNotAvailable => {
            "the address is not set up; run `claviger pod-identity initialize`, or do without this family"
        }
        _ => "this family is done without as long as the kernel refuses it",
    }
}

impl Health for Listening {
    fn name(&self) -> &str {
        "listening"
    }

    fn live(&self) -> Result<(), String> {
        Ok(())
    }

    /// Whether any pod can be answered: by one family at least.
    fn ready(&self) -> Result<(), String> {
        let places = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if places.iter().any(|place| place.bound.is_ok()) {
            return Ok(());
        }
        let failed =
            places.iter().filter_map(|place| Some(format!("{}: {}", place.address, place.bound.as_ref().err()?)));
        Err(failed.collect::<Vec<_>>().join("; "))
    }
}
