//! Who is measured, and how it is started.

use std::{
    net::SocketAddr,
    path::{Path, PathBuf},
    process::Command,
    sync::Arc,
};

use super::eks_auth::{EksAuth, session_token};
use crate::{
    CLAVIGER,
    connection::{Answer, Connection},
    nginx,
    server::{Server, free_address},
};

/// What an answer with credentials holds.
pub(super) const CREDENTIALS: &str = "\"SecretAccessKey\"";

/// Who is measured.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Who<'a> {
    /// A server that answers the same to everybody, with the HTTP library of ours.
    Floor,
    /// nginx, which does so, too.
    Nginx,
    Ours,
    /// eks-pod-identity-agent, built here.
    Peer(&'a Path),
}

/// Whether an agent holds back pods that ask often.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Limit {
    AsShipped,
    /// The peer has no flag for it: it takes a build of it without.
    Lifted,
}

/// Starts agents, all before the same EKS Auth.
pub(super) struct Starter<'e> {
    eks_auth: &'e EksAuth,
    folder: PathBuf,
    /// By which the first answer is asked for.
    token: String,
}

/// One server under measurement.
pub(super) struct Subject<'a> {
    pub(super) who: Who<'a>,
    pub(super) server: Server,
}

impl Who<'_> {
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Floor => "floor",
            Self::Nginx => "nginx",
            Self::Ours => "claviger",
            Self::Peer(_) => "peer",
        }
    }

    /// Whether it gives out credentials.
    pub(super) fn is_agent(self) -> bool {
        matches!(self, Self::Ours | Self::Peer(_))
    }
}

impl<'e> Starter<'e> {
    pub(super) fn new(eks_auth: &'e EksAuth, folder: &Path, token: String) -> Self {
        Self { eks_auth, folder: folder.to_owned(), token }
    }

    pub(super) async fn start<'a>(&self, who: Who<'a>, limit: Limit) -> Subject<'a> {
        let address = free_address();
        let folder = self.folder.join(match limit {
            Limit::AsShipped => "as-shipped",
            Limit::Lifted => "lifted",
        });
        std::fs::create_dir_all(&folder).unwrap();
        let request: Arc<[u8]> = request(&self.token).into();
        let answers = async |address| {
            let Ok(mut connection) = Connection::open(address, Arc::clone(&request)).await else { return false };
            connection.call().await.is_ok_and(|answer: Answer<'_>| answer.holds(CREDENTIALS))
        };
        let command = self.command(who, limit, address, &folder);
        Subject { who, server: Server::start(who.name(), address, command, &folder, answers).await }
    }

    fn command(&self, who: Who<'_>, limit: Limit, address: SocketAddr, folder: &Path) -> Command {
        let program = match who {
            Who::Floor => {
                let mut command = Command::new(std::env::current_exe().unwrap());
                command.arg("--serve-constant").arg(address.to_string()).arg(constant());
                return command;
            }
            Who::Nginx => return nginx::command(address, &constant(), folder),
            Who::Ours => Path::new(CLAVIGER),
            Who::Peer(program) => program,
        };
        let mut command = Command::new(program);
        if who == Who::Ours {
            command.arg("pod-identity");
        }
        // The peer's own command and flags: ours takes them, too.
        command.args(["server", "--cluster-name=demo", "--bind-hosts=127.0.0.1", "--metrics-address=127.0.0.1"]);
        command.arg(format!("--endpoint=http://{}", self.eks_auth.address)).arg(format!("--port={}", address.port()));
        for flag in ["probe-port", "metrics-port"] {
            command.arg(format!("--{flag}={}", free_address().port()));
        }
        if who == Who::Ours && limit == Limit::Lifted {
            command.arg("--max-pod-qps=0");
        }
        command.env_clear().env("HOME", folder).env("AWS_EC2_METADATA_DISABLED", "true");
        command
            .env("AWS_REGION", "us-west-2")
            .env("AWS_ACCESS_KEY_ID", "AKIDNODE")
            .env("AWS_SECRET_ACCESS_KEY", "node");
        command
    }
}

/// What servers answer that do nothing: as many octets as an agent.
fn constant() -> String {
    format!(
        r#"{{"AccessKeyId":"ASIAIOSFODNN7EXAMPLE","SecretAccessKey":"wJalrXUtnFEMIK7MDENGbPxRfiCYEXAMPLEKEY12","Token":"{}","AccountId":"111122223333","Expiration":"2026-11-30T12:00:00Z"}}"#,
        session_token()
    )
}

/// As an SDK asks: botocore's headers.
pub(super) fn request(token: &str) -> Vec<u8> {
    format!(
        "GET /v1/credentials HTTP/1.1\r\nHost: 169.254.170.23\r\nAccept-Encoding: identity\r\nAccept: application/json\r\n\
         User-Agent: Boto3/1.43.0 md/Botocore#1.43.0 ua/2.0 os/linux md/arch#x86_64 lang/python#3.12.3\r\n\
         Authorization: {token}\r\n\r\n"
    )
    .into_bytes()
}
