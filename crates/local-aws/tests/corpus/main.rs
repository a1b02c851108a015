//! The authorization corpus, decided by the embedded AWS over HTTP. `tests/corpus/authorization/README.md` tells the
//! format; `crates/authz/tests/corpus/` runs the same cases by the library.
//!
//! Each question that one signed call can ask is asked by one, of a server that was started with the case's world, with
//! a credential that the admin route made. Every other one, if the server could be told it, is asked of the same
//! server's authorizer by the admin route `decide`. The cases whose keys the server does not make are named below. And
//! the world that each server tells (`GET /_claviger/world`) is read and asked by the library.
#![expect(clippy::unwrap_used, clippy::indexing_slicing, clippy::panic, reason = "a failing test says which case")]

mod call;
#[path = "../server/wire.rs"]
#[expect(dead_code, reason = "the client of the server's own tests, of which this needs a part")]
mod wire;

use std::{
    collections::{BTreeMap, BTreeSet},
    fs, io,
    net::SocketAddr,
    path::{Path, PathBuf},
};

use authz::{
    decision::Verdict,
    file::{
        NoFiles,
        case::{self, Case, Expected, ExpectedKeyState, Question},
        world,
    },
    rules::Assumptions,
    text::SourceText,
    world::World,
};
use local_aws::{LocalAws, Options, Running};
use serde_json::Value;

use self::call::{Call, Unaskable};
use self::wire::{Answer, Request, Signer};

/// The cases whose keys the server does not make, by what it says of them. Of every other case it has to serve the world.
const UNFIT: [(&str, &[&str]); 3] = [
    (
        "the state PendingImport, of imported key material, is not supported by the embedded AWS",
        &[
            "PutKeyPolicy goes through on a key that is PendingImport",
            "a key without material does not encrypt",
            "a key without material does not let itself be enabled",
            "a key without material does not take grants",
            "a key without material has no rotation to ask for",
            "a key without material takes it",
        ],
    ),
    (
        "a usage other than SymmetricEncryption is not supported by the embedded AWS",
        &[
            "a Deny of all algorithms but one overrides a grant",
            "another account's key of codes makes codes",
            "another account's signing key signs",
            "another algorithm than SYMMETRIC_DEFAULT fails",
            "kms:KeyUsage is the key's own",
        ],
    ),
    (
        "a grant that may not have spread yet is not supported by the embedded AWS",
        &[
            "a grant of which nobody told whether it has spread counts with its token",
            "a grant of which nobody told whether it has spread may count",
            "a grant's token adds no operation",
            "a new grant counts with its token",
            "a new grant does not count without its token",
            "a new grant is retired with its token",
            "a new grant makes grants with its token",
            "a token may be that of a new grant whose own nobody told",
            "the token of another grant does not hurry a new one",
        ],
    ),
];

/// What became of a question.
enum Outcome {
    /// Asked by a signed call.
    Called,
    /// Asked of the server's authorizer.
    Decided,
    /// Not asked: the server does not make a key of its world, for this reason.
    Unfit(String),
}

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests/corpus/authorization")
}

fn cases() -> Vec<Case> {
    let files = |path: &str| -> io::Result<String> { fs::read_to_string(root().join(path)) };
    let names = fs::read_dir(root()).unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap());
    let mut names: Vec<_> = names.filter(|name| name.ends_with(".yaml")).collect();
    names.sort();
    let read = |name: String| {
        let text = files(&name).unwrap();
        case::read(&SourceText::new(name, text), &files).unwrap_or_else(|error| panic!("{error}")).requests
    };
    names.into_iter().flat_map(read).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn the_embedded_aws_decides_every_case_as_the_library_does() {
    let mut counts: BTreeMap<String, usize> = BTreeMap::new();
    let (mut failed, mut unfit) = (Vec::new(), BTreeSet::new());
    for case in cases() {
        for (question, expect, key_state) in questions(&case) {
            let outcome = match ask(&case, question, &expect, key_state).await {
                Ok(outcome) => outcome,
                Err(difference) => {
                    let place = case.about.source.place(case.about.span);
                    failed.push(format!(
                        "{}:{place}: {}\n     {difference}",
                        case.about.source.name(),
                        case.about.name
                    ));
                    continue;
                }
            };
            let count = match outcome {
                Outcome::Called => "asked by a signed call".to_owned(),
                Outcome::Decided => "asked of the server's authorizer".to_owned(),
                Outcome::Unfit(why) => {
                    let why = why.split_once(" cannot be made: ").map(|(_, why)| why.to_owned());
                    unfit.insert((why.unwrap_or_default(), case.about.name.clone()));
                    "not asked: the server does not make the world's keys".to_owned()
                }
            };
            *counts.entry(count).or_default() += 1;
        }
    }
    let told: Vec<String> = counts.iter().map(|(what, count)| format!("{count:5}  {what}")).collect();
    println!("{}", told.join("\n"));
    assert!(failed.is_empty(), "{} questions are answered otherwise:\n{}", failed.len(), failed.join("\n"));
    let named = UNFIT.iter().flat_map(|(why, cases)| cases.iter().map(|case| ((*why).to_owned(), (*case).to_owned())));
    assert_eq!(unfit, named.collect(), "other cases than those that are named are not asked");
    let called = counts.get("asked by a signed call").copied().unwrap_or_default();
    assert!(called >= 800, "only {called} questions were asked by signed calls");
}

/// The question of a case, and its mutant's, which is allowed.
fn questions(case: &Case) -> Vec<(&Question, Expected, Option<&ExpectedKeyState>)> {
    let own = (&case.question, case.expect.clone(), case.key_state.as_ref());
    let mutant = case.mutant.iter().map(|mutant| (mutant, Expected::Allowed, None));
    std::iter::once(own).chain(mutant).collect()
}

async fn ask(
    case: &Case,
    question: &Question,
    expect: &Expected,
    key_state: Option<&ExpectedKeyState>,
) -> Result<Outcome, String> {
    let off = |assumptions: Assumptions, id: &String| assumptions.with(id, false);
    let assumptions = &case.about.off.iter().try_fold(Assumptions::default(), off).unwrap();
    let aws = match start(question, assumptions).await {
        Ok(aws) => aws,
        Err(why) => return Ok(Outcome::Unfit(why)),
    };
    told(&aws, question).await?;
    let asked = match Call::of(question) {
        Ok(_) if matches!(expect, Expected::AllowedIff(_)) => Err(Unaskable("the verdict is conditional")),
        other => other,
    };
    let outcome = match asked {
        Ok(call) => called(&aws, question, assumptions, &call, expect, key_state).await.map(|()| Outcome::Called),
        Err(_) => decided(&aws, question, assumptions, expect).await.map(|()| Outcome::Decided),
    };
    aws.shutdown().await;
    outcome
}

async fn start(question: &Question, assumptions: &Assumptions) -> Result<Running, String> {
    let listen = SocketAddr::from(([127, 0, 0, 1], 0));
    let (world, assumptions) = (question.world.clone(), assumptions.clone());
    let options = Options { listen, world, assumptions, ..Options::default() };
    match LocalAws::start(options).await {
        Ok(aws) => Ok(aws),
        Err(local_aws::StartError::World(unfit)) => Err(unfit.to_string()),
        Err(error) => panic!("{error}"),
    }
}

/// The world that the server tells, asked by the library.
async fn told(aws: &Running, question: &Question) -> Result<(), String> {
    let request = Request { method: "GET", query: String::new(), headers: Vec::new(), body: Vec::new() };
    let answer = request.send_to(aws, "/_claviger/world").await;
    let told = world::read(&SourceText::new("the world that is told", answer.body), &NoFiles);
    let told = told.map_err(|error| error.to_string())?;
    let decide = |world: &World| Expected::of(&world.decide(&question.request, &Assumptions::default())).to_string();
    let (expected, decided) = (decide(&as_served(&question.world).0), decide(&told));
    if decided == expected { Ok(()) } else { Err(format!("the world that is told decides {decided}, not {expected}")) }
}

async fn decided(
    aws: &Running,
    question: &Question,
    assumptions: &Assumptions,
    expect: &Expected,
) -> Result<(), String> {
    let answer = admin(aws, "decide", &question.request_file).await;
    let body: Value = serde_json::from_str(&answer.body).unwrap();
    let (world, is_told_more) = as_served(&question.world);
    let verdict = world.decide(&question.request, assumptions);
    let told = body["verdict"].as_str().unwrap_or(&answer.body);
    // What the server knows besides may decide what the case leaves open; else the case's own word counts.
    let is_met = is_told_more || expect.is_met_by(&verdict);
    if is_met && told == Expected::of(&verdict).to_string() {
        Ok(())
    } else {
        Err(format!("expected {expect}\n     decided  {told}"))
    }
}

/// The world as the server has it, and whether that is more than was told: who makes a key knows of what kind it is.
fn as_served(world: &World) -> (World, bool) {
    let mut served = world.clone();
    let mut is_told_more = false;
    let keys: Vec<_> = world.accounts().flat_map(|(_, account)| account.keys().cloned()).collect();
    for key in keys {
        let kind = if key.arn.is_multi_region() { Some(("kms:multiregionkeytype", "PRIMARY")) } else { None };
        let made = [("kms:keyspec", "SYMMETRIC_DEFAULT"), ("kms:keyorigin", "AWS_KMS")].into_iter().chain(kind);
        for (name, value) in made.filter(|(name, _)| !key.attributes.contains_key(*name)) {
            served.set_key_attribute(&key.arn, name, value).unwrap();
            is_told_more = true;
        }
    }
    (served, is_told_more)
}

async fn called(
    aws: &Running,
    question: &Question,
    assumptions: &Assumptions,
    call: &Call,
    expect: &Expected,
    key_state: Option<&ExpectedKeyState>,
) -> Result<(), String> {
    let made = admin(aws, "credentials", &call.principal).await;
    let credential: Value = serde_json::from_str(&made.body).unwrap();
    let text = |name: &str| credential[name].as_str().map(str::to_owned);
    let Some(access_key_id) = text("AccessKeyId") else {
        // Nobody can call who is not there; the model says so, too.
        return decided(aws, question, assumptions, expect).await;
    };
    let secret = |text: String| aws_model::SecretBytes::new(text.into_bytes());
    let signer = Signer {
        access_key_id,
        secret: secret(text("SecretAccessKey").unwrap()),
        token: text("SessionToken").map(secret),
        region: call.region.clone().leak(),
        service: call.service,
        time: jiff::Timestamp::now(),
    };
    let request = match call.service {
        "sts" => wire::sts(&call.input),
        _ => wire::kms(&call.operation, &call.input),
    };
    let answer = request.signed(aws, &signer).send(aws).await;
    let (code, message) = error(call, &answer);
    let is_denied = matches!(code.as_str(), "AccessDenied" | "AccessDeniedException");
    let wrong = |what: &str| Err(format!("{what}: {} {} answered {code}: {message}", call.operation, call.input));
    match expect {
        Expected::Allowed => match key_state {
            _ if is_denied => wrong("expected to be allowed"),
            Some(ExpectedKeyState::Error(state)) if *state != code && call.tells_key_state => {
                wrong(&format!("expected {state}"))
            }
            // It was let through, and the key's state refused it with just this code.
            Some(ExpectedKeyState::Error(state)) if *state == code => Ok(()),
            _ if is_let_through(call, &code) => Ok(()),
            _ => wrong("expected to be let through"),
        },
        Expected::Denied { .. } if !is_denied => wrong(&format!("expected {expect}")),
        Expected::Denied { .. } => match question.world.decide(&question.request, assumptions) {
            Verdict::Denied(denial) => {
                let phrase = denial.error(&question.request, assumptions).message;
                if phrase == message || call.is_session_unnamed {
                    Ok(())
                } else {
                    wrong(&format!("expected `{phrase}`"))
                }
            }
            other => Err(format!("the library says {}", Expected::of(&other))),
        },
        Expected::AllowedIff(_) => Ok(()),
    }
}

/// Whether what was answered comes behind the authorization.
fn is_let_through(call: &Call, code: &str) -> bool {
    const OF_STATE: [&str; 3] = ["DisabledException", "KMSInvalidStateException", "DryRunOperationException"];
    code.is_empty() || OF_STATE.contains(&code) || call.may_answer.contains(&code)
}

fn error(call: &Call, answer: &Answer) -> (String, String) {
    match (answer.status, call.service) {
        (200, _) => (String::new(), String::new()),
        (_, "sts") => (answer.element("Code"), answer.element("Message")),
        _ => {
            let (_, code, message) = answer.json_error();
            (code, message)
        }
    }
}

async fn admin(aws: &Running, route: &str, body: &str) -> Answer {
    let header = |name: &str, value: &str| (name.to_owned(), value.to_owned());
    let request = Request {
        method: "POST",
        query: String::new(),
        headers: vec![header("content-type", "application/json")],
        body: body.as_bytes().to_vec(),
    };
    request.send_to(aws, &format!("/_claviger/{route}")).await
}
