//! Roles, made and deleted in turn.

use std::net::SocketAddr;

use super::{connection::Connection, wire};

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

pub(crate) fn create(address: SocketAddr, name: &str) -> Vec<u8> {
    wire::iam(address, &format!("Action=CreateRole&RoleName={name}&AssumeRolePolicyDocument={TRUST}"))
}
