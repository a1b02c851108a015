//! What must hold of any text that is imported. The fuzz target runs this, and so does the replay of its corpus.

use std::net::SocketAddr;

use local_aws::{LocalAws, Options, Running};
use serde_json::Value;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
    runtime::{Builder, Runtime},
};

/// An embedded AWS in which there is nothing, and what it exports.
pub(crate) struct Place {
    runtime: Runtime,
    aws: Running,
    empty: String,
}

impl Place {
    pub(crate) fn new() -> Self {
        let runtime = Builder::new_current_thread().enable_all().build().unwrap();
        let listen = SocketAddr::from(([127, 0, 0, 1], 0));
        let aws = runtime.block_on(LocalAws::start(Options { listen, ..Options::default() })).unwrap();
        let mut place = Self { runtime, aws, empty: String::new() };
        place.empty = place.export();
        place
    }

    /// Imports a text. Says whether it is a state.
    pub(crate) fn check(&self, text: &str) -> bool {
        let (status, answer) = self.ask("import", text);
        if status != 200 {
            assert_eq!(status, 400, "{answer}");
            let told: Value = serde_json::from_str(&answer).unwrap();
            assert!(told["error"].as_str().is_some_and(|error| !error.is_empty()), "{answer}");
            if let Some(line) = told["line"].as_u64() {
                assert!(usize::try_from(line).unwrap() <= text.split('\n').count(), "{answer}");
            }
            assert_eq!(self.export(), self.empty, "nothing of what is refused is there");
            return false;
        }
        // What was taken can be taken again, and is the same then; and it goes away whole.
        let state = self.export();
        assert_eq!(self.ask("import", &state).0, 200);
        assert_eq!(self.export(), state);
        assert_eq!(self.ask("import", &self.empty).0, 200);
        assert_eq!(self.export(), self.empty);
        true
    }

    fn export(&self) -> String {
        let (status, state) = self.ask("export", r#"{"secrets": true}"#);
        assert_eq!(status, 200, "{state}");
        state
    }

    fn ask(&self, route: &str, body: &str) -> (u16, String) {
        self.runtime.block_on(async {
            let mut stream = TcpStream::connect(self.aws.local_addr()).await.unwrap();
            let head = format!(
                "POST /_claviger/{route} HTTP/1.1\r\nhost: localhost\r\ncontent-type: application/json\r\n\
                 connection: close\r\ncontent-length: {}\r\n\r\n",
                body.len()
            );
            stream.write_all(&[head.as_bytes(), body.as_bytes()].concat()).await.unwrap();
            let mut answer = String::new();
            stream.read_to_string(&mut answer).await.unwrap();
            let (head, body) = answer.split_once("\r\n\r\n").unwrap();
            (head.split(' ').nth(1).unwrap().parse().unwrap(), body.to_owned())
        })
    }
}
