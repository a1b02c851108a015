//! A service that answers what it is told to, byte by byte, and remembers what it was asked.

use std::sync::{Arc, Mutex};

use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpListener, TcpStream},
};

/// What is done with a connection once its request is read.
#[derive(Clone, Debug)]
pub(crate) enum Does {
    Answers(String),
    /// It says how long its answer is, and ends before.
    BreaksOff,
    Hangs,
    Closes,
}

pub(crate) struct Stub {
    pub(crate) endpoint: String,
    asked: Arc<Mutex<Vec<String>>>,
}

impl Stub {
    /// Does these in turn; the last one for ever.
    pub(crate) async fn start(script: Vec<Does>) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let endpoint = format!("http://{}", listener.local_addr().unwrap());
        let asked: Arc<Mutex<Vec<String>>> = Arc::default();
        let log = Arc::clone(&asked);
        tokio::spawn(async move {
            let mut script = script.into_iter().peekable();
            let mut does = Does::Closes;
            while let Ok((stream, _)) = listener.accept().await {
                if script.peek().is_some() {
                    does = script.next().unwrap();
                }
                tokio::spawn(serve(stream, does.clone(), Arc::clone(&log)));
            }
        });
        Self { endpoint, asked }
    }

    /// The requests, whole.
    pub(crate) fn asked(&self) -> Vec<String> {
        self.asked.lock().unwrap().clone()
    }
}

async fn serve(mut stream: TcpStream, does: Does, log: Arc<Mutex<Vec<String>>>) {
    let request = read(&mut stream).await;
    log.lock().unwrap().push(request);
    let text = match does {
        Does::Answers(text) => text,
        Does::BreaksOff => "HTTP/1.1 200 OK\r\ncontent-length: 1000\r\n\r\n{\"cluster\":".to_owned(),
        Does::Hangs => return std::future::pending().await,
        Does::Closes => return,
    };
    stream.write_all(text.as_bytes()).await.ok();
}

async fn read(stream: &mut TcpStream) -> String {
    let mut bytes = Vec::new();
    loop {
        let text = String::from_utf8_lossy(&bytes).into_owned();
        if let Some((head, body)) = text.split_once("\r\n\r\n") {
            let length = head.lines().filter_map(|line| line.split_once(": "));
            let length = length.filter(|(name, _)| name.eq_ignore_ascii_case("content-length"));
            let length = length.map(|(_, value)| value.parse::<usize>().unwrap()).next();
            if body.len() >= length.unwrap_or(0) {
                return text;
            }
        }
        let mut some = [0; 4096];
        let read = stream.read(&mut some).await.unwrap_or(0);
        if read == 0 {
            return text;
        }
        bytes.extend_from_slice(&some[..read]);
    }
}

/// A whole answer, on a connection that is then closed.
pub(crate) fn answer(status: &str, headers: &str, body: &str) -> Does {
    let length = body.len();
    Does::Answers(format!("HTTP/1.1 {status}\r\nconnection: close\r\ncontent-length: {length}\r\n{headers}\r\n{body}"))
}
