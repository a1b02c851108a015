//! botocore on the other side: it writes requests for us to read, and reads what we answer.

use std::io::{BufRead as _, BufReader, Write as _};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};

use aws_wire::model::{self, Kind, Operation, Protocol, ServiceId, ServiceModel, ShapeRef};
use aws_wire::protocol::{self, EncodedResponse, Received, WireError};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use proptest::strategy::{Strategy as _, ValueTree as _};
use proptest::test_runner::TestRunner;
use serde_json::{Value, json};

use crate::values;

/// Values tried for each operation.
const TRIES: usize = 6;

#[test]
fn we_read_what_botocore_sends() {
    let mut botocore = Botocore::start();
    for_operations(|service, model, operation| {
        let Some(shape) = operation.input() else { return };
        for params in some(model, shape) {
            let sent = botocore.ask("serialize", service, operation, json!({"params": params}));
            let body = STANDARD.decode(sent["body"].as_str().unwrap()).unwrap();
            let target = sent["target"].as_str().unwrap();
            let read = protocol::decode_request(model, operation, &Received::of(target, &body)).unwrap();
            assert_eq!(read, params, "{}: {target} {}", operation.name(), String::from_utf8_lossy(&body));

            let ours = protocol::encode_request(model, operation, &params).unwrap();
            assert_eq!(ours.method, sent["method"].as_str().unwrap(), "{}", operation.name());
            assert_eq!(parts(&ours.target), parts(target), "{}", operation.name());
            let headers: Vec<(String, String)> = serde_json::from_value(sent["headers"].clone()).unwrap();
            let sent_as = |name: &str| headers.iter().find(|(sent, _)| sent.eq_ignore_ascii_case(name));
            for (name, value) in &ours.headers {
                assert_eq!(sent_as(name).map(|(_, value)| value), Some(value), "{}", operation.name());
            }
        }
    });
}

/// The path and the parameters of a target. These have no order but that of values of one name, and of spaces in them there
/// are two spellings.
fn parts(target: &str) -> (String, Vec<String>) {
    let target = target.replace('+', "%20");
    let (path, query) = target.split_once('?').unwrap_or((&target, ""));
    let mut parameters: Vec<_> = query.split('&').map(str::to_owned).collect();
    parameters.sort_by_key(|parameter| parameter.split('=').next().map(str::to_owned));
    (path.to_owned(), parameters)
}

#[test]
fn botocore_reads_what_we_answer() {
    let mut botocore = Botocore::start();
    for_operations(|service, model, operation| {
        let outputs = operation.output().map_or_else(|| vec![json!({})], |shape| some(model, shape));
        for output in outputs {
            let response = protocol::encode_response(model, operation, &output, "request-1").unwrap();
            let answer = botocore.ask("parse", service, operation, question(&response));
            assert_eq!(answer["output"], output, "{}", operation.name());
            assert_eq!(answer["request_id"], "request-1", "{}", operation.name());
        }
    });
}

#[test]
fn botocore_knows_every_declared_error() {
    let mut botocore = Botocore::start();
    for_operations(|service, model, operation| {
        for declared in operation.errors() {
            let error = WireError::new(declared.code.clone(), "<why> & how").with_status(declared.http_status);
            let response = protocol::encode_error(model, &error, "request-1");
            let answer = botocore.ask("parse_error", service, operation, question(&response));
            // SQS keeps the codes of the time when it spoke Query: botocore finds no members for one that is another today.
            let kept = response.headers.iter().find(|(name, _)| *name == "x-amzn-query-error");
            let code = kept.map_or(declared.code.as_str(), |(_, kept)| kept.split(';').next().unwrap_or_default());
            assert_eq!(answer["code"], code, "{}", operation.name());
            assert_eq!(answer["message"], "<why> & how");
            assert_eq!(answer["request_id"], "request-1");
            if model.metadata().protocol == Protocol::Query {
                assert_eq!(answer["type"], if declared.sender_fault { "Sender" } else { "Receiver" });
                // botocore looks for the exception's `message`; Query writes `Message`.
                assert_eq!(answer["modelled"], json!({}), "botocore has a class for {}", declared.code);
            } else if code == declared.code && has_message(model, declared.shape) {
                assert_eq!(answer["modelled"]["message"], "<why> & how", "botocore has a class for {}", declared.code);
            }
        }
    });
}

/// EC2's model declares none of its errors.
#[test]
fn botocore_reads_ec2s_errors() {
    let mut botocore = Botocore::start();
    let model = model::service(ServiceId::Ec2);
    let operation = model.operation("RunInstances").unwrap();
    for (code, status) in [("DryRunOperation", 412), ("UnauthorizedOperation", 403), ("InvalidAMIID.NotFound", 400)] {
        let error = WireError::new(code, "<why> & how").with_status(status);
        let response = protocol::encode_error(model, &error, "request-1");
        let answer = botocore.ask("parse_error", ServiceId::Ec2, operation, question(&response));
        assert_eq!((&answer["code"], &answer["message"]), (&json!(code), &json!("<why> & how")));
        assert_eq!(answer["request_id"], "request-1");
        assert_eq!(protocol::decode_error(model, status, None, &response.body), error);
    }
}

/// Whether an error has a member for its message; CloudTrail's have none.
fn has_message(model: &ServiceModel, shape: ShapeRef) -> bool {
    let Kind::Structure(structure) = &model.shape(shape).kind else { return false };
    structure.members.iter().any(|member| member.name == "message")
}

/// A process that answers questions about botocore.
struct Botocore {
    process: Child,
    questions: ChildStdin,
    answers: BufReader<ChildStdout>,
}

impl Botocore {
    fn start() -> Self {
        let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
        let tools = std::env::var_os("CLAVIGER_TOOLS").map_or_else(|| root.join("target/tools"), PathBuf::from);
        let python = tools.join("venv/bin/python");
        let mut process = Command::new(&python)
            .arg(root.join("tests/clients/wire_oracle.py"))
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap_or_else(|error| panic!("{}: {error}; run `cargo xtask tools`", python.display()));
        let questions = process.stdin.take().unwrap();
        let answers = BufReader::new(process.stdout.take().unwrap());
        Self { process, questions, answers }
    }

    fn ask(&mut self, what: &str, service: ServiceId, operation: &Operation, mut question: Value) -> Value {
        let service = match service {
            ServiceId::Iam => "iam",
            ServiceId::Kms => "kms",
            ServiceId::Sts => "sts",
            ServiceId::CloudTrail => "cloudtrail",
            ServiceId::Organizations => "organizations",
            ServiceId::Eks => "eks",
            ServiceId::EksAuth => "eks-auth",
            ServiceId::Ec2 => "ec2",
            ServiceId::Sqs => "sqs",
            ServiceId::Ssm => "ssm",
            ServiceId::AutoScaling => "autoscaling",
        };
        question["do"] = what.into();
        question["service"] = service.into();
        question["operation"] = operation.name().into();
        writeln!(self.questions, "{question}").unwrap();
        let mut answer = String::new();
        self.answers.read_line(&mut answer).unwrap();
        serde_json::from_str(&answer).unwrap_or_else(|error| panic!("{error} in `{answer}` to {question}"))
    }
}

impl Drop for Botocore {
    fn drop(&mut self) {
        // It also ends by itself, with its input; a test that failed should not wait for that.
        let _ended = self.process.kill();
        let _reaped = self.process.wait();
    }
}

fn question(response: &EncodedResponse) -> Value {
    json!({"status": response.status, "headers": response.headers, "body": STANDARD.encode(&response.body)})
}

/// The same values in every run.
fn some(model: &'static ServiceModel, shape: ShapeRef) -> Vec<Value> {
    let mut runner = TestRunner::deterministic();
    let values = values::document(model, shape);
    (0..TRIES).map(|_| values.new_tree(&mut runner).unwrap().current()).collect()
}

fn for_operations(mut check: impl FnMut(ServiceId, &'static ServiceModel, &'static Operation)) {
    for id in ServiceId::ALL {
        let model = model::service(id);
        for operation in model.operations() {
            check(id, model, operation);
        }
    }
}
