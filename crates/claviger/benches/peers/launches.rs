//! An account that has ten thousand instances, each with its volume under a key, beside one that has none.

use std::{net::SocketAddr, path::PathBuf};

use local_aws::{Credential, LocalAws, Options, Running, State, store::MasterKey};
use serde_json::{Value, json};

use super::{
    connection::Connection,
    large::{MADE, MANY, OWNER, Row},
    load::Pace,
    rates::{CONNECTIONS, Rates},
    wire,
};

const IMAGE: &str = "/aws/service/ami-amazon-linux-latest/al2023-ami-kernel-default-x86_64";

/// The rows: what is called, how often a second with none, and with ten thousand.
pub(crate) async fn rows(path: PathBuf, pace: Pace) -> Vec<Row> {
    let account = Account::start(path).await;
    let empty = account.rates(0, pace).await;
    let rates = Rates { address: account.aws.local_addr(), pace };
    rates.make(MADE, MANY, |number| account.launch(number)).await;
    let full = account.rates(MANY, pace).await;
    account.aws.shutdown().await;
    empty.into_iter().zip(full).map(|((what, empty), (_, full))| (what, empty, full)).collect()
}

struct Account {
    aws: Running,
    key: String,
    image: String,
}

impl Account {
    async fn start(path: PathBuf) -> Self {
        let credential: Credential =
            format!("{}:{}:{OWNER}", wire::ROOT.access_key_id, wire::ROOT.secret).parse().unwrap();
        let (listen, state) =
            (SocketAddr::from(([127, 0, 0, 1], 0)), State::File { path, master_key: MasterKey::Beside });
        let options = Options { listen, credentials: vec![credential], state, ..Options::default() };
        let aws = LocalAws::start(options).await.unwrap();
        let address = aws.local_addr();
        let made = answer(address, wire::kms(address, "CreateKey", &json!({}))).await;
        let found = answer(address, wire::ssm(address, "GetParameter", &json!({ "Name": IMAGE }))).await;
        let text = |value: &Value| value.as_str().unwrap().to_owned();
        Self { aws, key: text(&made["KeyMetadata"]["KeyId"]), image: text(&found["Parameter"]["Value"]) }
    }

    /// What is called, and how often a second. Instances are numbered from `from` on.
    async fn rates(&self, from: usize, pace: Pace) -> Vec<(&'static str, f64)> {
        let address = self.aws.local_addr();
        let rates = Rates { address, pace };
        let ec2 = |parameters: &str| wire::ec2(address, parameters);
        let first = launched(address, self.launch(from)).await;
        let by_id = format!("Action=DescribeInstances&InstanceId.1={first}");
        let of_it = format!("Action=DescribeVolumes&Filter.1.Name=attachment.instance-id&Filter.1.Value.1={first}");
        let by_tag = "Action=DescribeInstances&Filter.1.Name=tag%3Anumber&Filter.1.Value.1=0\
                      &Filter.2.Name=instance-state-name&Filter.2.Value.1=running&Filter.2.Value.2=pending";
        vec![
            ("EC2 RunInstances, a key's volume", rates.make(from + 1, from + MADE, |number| self.launch(number)).await),
            ("EC2 RunInstances, Terminate", self.turns(rates).await),
            ("EC2 DescribeInstances, by id", rates.load(ec2(&by_id), "<instanceId>").await),
            ("EC2 DescribeInstances, by tag", rates.load(ec2(by_tag), "<instanceId>").await),
            (
                "EC2 DescribeInstances, 100",
                rates.load(ec2("Action=DescribeInstances&MaxResults=100"), "<instanceId>").await,
            ),
            (
                "EC2 DescribeInstanceStatus, 100",
                rates.load(ec2("Action=DescribeInstanceStatus&MaxResults=100"), "<instanceId>").await,
            ),
            ("EC2 DescribeVolumes, of one", rates.load(ec2(&of_it), "<volumeId>").await),
            ("EC2 DescribeVolumes, 100", rates.load(ec2("Action=DescribeVolumes&MaxResults=100"), "<volumeId>").await),
        ]
    }

    /// An instance with a number for a tag, whose volume is under the key.
    fn launch(&self, number: usize) -> Vec<u8> {
        let parameters = format!(
            "Action=RunInstances&ImageId={}&InstanceType=m5.large&MinCount=1&MaxCount=1\
             &BlockDeviceMapping.1.DeviceName=%2Fdev%2Fxvda&BlockDeviceMapping.1.Ebs.Encrypted=true\
             &BlockDeviceMapping.1.Ebs.KmsKeyId={}&TagSpecification.1.ResourceType=instance\
             &TagSpecification.1.Tag.1.Key=number&TagSpecification.1.Tag.1.Value={number}",
            self.image, self.key,
        );
        wire::ec2(self.aws.local_addr(), &parameters)
    }

    /// Launches and ends, in turn.
    async fn turns(&self, rates: Rates) -> f64 {
        // Of a number that nobody looks for.
        let launch = self.launch(usize::MAX);
        let mut callers = Vec::new();
        for _ in 0..CONNECTIONS {
            callers.push((Connection::open(rates.address, Vec::new()).await.unwrap(), launch.clone()));
        }
        let call = move |(connection, launch): (Connection, Vec<u8>)| async move {
            let mut connection = connection.asking(launch.clone());
            let id = id(connection.call().await.unwrap().body());
            let terminate = wire::ec2(rates.address, &format!("Action=TerminateInstances&InstanceId.1={id}"));
            (connection.asking(terminate).expect("shutting-down").await, launch)
        };
        rates.pace.closed_loop(std::process::id(), callers, call).await.per_second()
    }
}

async fn launched(address: SocketAddr, request: Vec<u8>) -> String {
    id(Connection::open(address, request).await.unwrap().call().await.unwrap().body())
}

/// The instance of an answer.
fn id(answer: &[u8]) -> String {
    let text = String::from_utf8_lossy(answer);
    let (_, behind) = text.split_once("<instanceId>").unwrap_or_else(|| panic!("{text}"));
    behind.split('<').next().unwrap().to_owned()
}

async fn answer(address: SocketAddr, request: Vec<u8>) -> Value {
    serde_json::from_slice(Connection::open(address, request).await.unwrap().call().await.unwrap().body()).unwrap()
}
