//! Roles: made and deleted in turn, and made in an account that has ten thousand of them.

use std::{net::SocketAddr, path::Path, time::Instant};

use local_aws::{Credential, LocalAws, Options, State, kms::Quotas, store::MasterKey};
use test_support::{ACCESS_KEY, SECRET_KEY};

use super::{
    report::reached,
    wire::{self, Connection},
};

/// How many connections make roles at once, and how many roles are made for one rate.
const CONNECTIONS: usize = 16;
const MADE: usize = 1000;
const MANY: usize = 10_000;
const ACCOUNT: &str = "111122223333";

const TRUST: &str = "%7B%22Version%22%3A%222012-10-17%22%2C%22Statement%22%3A%5B%7B%22Effect%22%3A%22Allow%22%2C%22\
                     Principal%22%3A%7B%22Service%22%3A%22ec2.amazonaws.com%22%7D%2C%22Action%22%3A%22sts%3AAssumeRole\
                     %22%7D%5D%7D";

/// A connection that makes a role, deletes it, and so on.
pub(crate) struct Turns {
    connection: Connection,
    requests: [Vec<u8>; 2],
    at: usize,
}

impl Turns {
    pub(crate) async fn open(address: SocketAddr, name: &str) -> Self {
        let delete = wire::iam(address, &format!("Action=DeleteRole&RoleName={name}"));
        let requests = [create(address, name), delete];
        Self { connection: Connection::open(address, Vec::new()).await.unwrap(), requests, at: 0 }
    }

    pub(crate) async fn call(self) -> Self {
        let Self { connection, requests, at } = self;
        let marker = ["<RoleId>", "DeleteRoleResponse"][at];
        let connection = connection.asking(requests[at].clone()).expect(marker).await;
        Self { connection, requests, at: 1 - at }
    }
}

/// How many roles a second are made in an account that has none, and in one that has ten thousand. Client and server share
/// the process, so that the two say something beside each other alone.
pub(crate) async fn at_ten_thousand(folder: &Path) {
    let credential: Credential = format!("{ACCESS_KEY}:{SECRET_KEY}:{ACCOUNT}").parse().unwrap();
    let state = State::File { path: folder.join("roles"), master_key: MasterKey::Beside };
    let quotas = Quotas { roles: 2 * MANY, ..Quotas::default() };
    let listen = SocketAddr::from(([127, 0, 0, 1], 0));
    let options = Options { listen, credentials: vec![credential], state, quotas, ..Options::default() };
    let aws = LocalAws::start(options).await.unwrap();
    let first = make(aws.local_addr(), 0, MADE).await;
    make(aws.local_addr(), MADE, MANY).await;
    let last = make(aws.local_addr(), MANY, MANY + MADE).await;
    aws.shutdown().await;
    let said = format!("{first:.0} roles/s in an empty account, {last:.0} in one of 10,000: {:.2}x", last / first);
    reached("IAM CreateRole, durable", &said, Some("flat"));
}

/// Makes roles of these numbers, and returns how many a second.
async fn make(address: SocketAddr, from: usize, to: usize) -> f64 {
    let mut makers = Vec::new();
    for maker in 0..CONNECTIONS {
        let requests: Vec<Vec<u8>> =
            (from + maker..to).step_by(CONNECTIONS).map(|number| create(address, &format!("role-{number}"))).collect();
        makers.push((Connection::open(address, Vec::new()).await.unwrap(), requests));
    }
    let started = Instant::now();
    let making: Vec<_> = makers
        .into_iter()
        .map(|(mut connection, requests)| {
            tokio::spawn(async move {
                for request in requests {
                    connection = connection.asking(request).expect("<RoleId>").await;
                }
            })
        })
        .collect();
    for each in making {
        each.await.unwrap();
    }
    (to - from) as f64 / started.elapsed().as_secs_f64()
}

fn create(address: SocketAddr, name: &str) -> Vec<u8> {
    wire::iam(address, &format!("Action=CreateRole&RoleName={name}&AssumeRolePolicyDocument={TRUST}"))
}
