//! What Karpenter has asked of AWS, as the embedded AWS's trail has it, held against the table in
//! `docs/reference/karpenter.md`.
//!
//! What hangs on time is asked in one run and not in the next: the page has it all the same, and no run fails for it.

use std::{
    collections::{BTreeMap, BTreeSet},
    env,
    fmt::Write as _,
    fs,
};

use aws_wire::model::ServiceId::CloudTrail;
use serde_json::{Value, json};
use test_support::REGION;

use crate::world::{SESSION, Text as _, World};

const PAGE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../../docs/reference/karpenter.md");
const BEGIN: &str = "<!-- calls: begin -->\n";
const END: &str = "<!-- calls: end -->\n";
const HEAD: &str = "| call | parameters | filters | refusals that it takes |\n|---|---|---|---|\n";

/// Calls that a run may do without, since a launch template may be forgotten, or an answer come, sooner or later.
const AT_TIMES: [&str; 1] = ["`ec2` `DeleteLaunchTemplate`"];

/// Parameters, filters and refusals, each in one text of its cell.
type Row = [BTreeSet<String>; 3];
type Rows = BTreeMap<String, Row>;

/// The page tells what was asked, no more and no less.
pub(crate) async fn is_what_the_page_tells(world: &World) {
    let asked = asked(world).await;
    let page = fs::read_to_string(PAGE).unwrap();
    let (before, rest) = page.split_once(BEGIN).unwrap();
    let (table, after) = rest.split_once(END).unwrap();
    let told = read(table);
    let mut expected = asked.clone();
    for call in AT_TIMES {
        for (name, row) in told.iter().filter(|(name, _)| *name == call) {
            let known = expected.entry(name.clone()).or_default();
            known.iter_mut().zip(row).for_each(|(known, told)| known.extend(told.iter().cloned()));
        }
    }
    if env::var_os("UPDATE_DOCS").is_some() {
        fs::write(PAGE, format!("{before}{BEGIN}{}{END}{after}", write(&expected))).unwrap();
    } else {
        let (told, expected) = (write(&told), write(&expected));
        let stale = told.lines().filter(|line| !expected.contains(line)).map(|line| format!("on the page: {line}"));
        let new = expected.lines().filter(|line| !told.contains(line)).map(|line| format!("asked: {line}"));
        let differs: Vec<String> = stale.chain(new).collect();
        assert!(differs.is_empty(), "the page is not what was asked: run this test with UPDATE_DOCS=1\n{differs:#?}");
    }
}

/// All that the controller's session asked itself: what EC2 asked of KMS in its name is `launches.md`'s.
async fn asked(world: &World) -> Rows {
    let mut rows = Rows::new();
    for event in [events(world, REGION).await, events(world, "us-east-1").await].concat() {
        if event["userIdentity"]["invokedBy"] != Value::Null {
            continue;
        }
        let service = event["eventSource"].text();
        let service = service.strip_suffix(".amazonaws.com").unwrap();
        let row = rows.entry(format!("`{service}` `{}`", event["eventName"].text())).or_default();
        let mut parameters = event["requestParameters"].clone();
        let filters = parameters.as_object_mut().and_then(|parameters| parameters.remove("filters"));
        for filter in filters.iter().filter_map(Value::as_array).flatten() {
            row[1].insert(format!("`{}`", filter["name"].text()));
        }
        leaves("", &parameters, &mut row[0]);
        let refusal = event["errorCode"].as_str();
        row[2].extend(refusal.map(|code| format!("`{}`", code.trim_start_matches("Client."))));
    }
    rows
}

async fn events(world: &World, region: &'static str) -> Vec<Value> {
    let cluster = world.cluster.in_region(region);
    let mut asked = json!({ "LookupAttributes": [{ "AttributeKey": "Username", "AttributeValue": SESSION }] });
    let mut events = Vec::new();
    loop {
        let answer = cluster.call(CloudTrail, "LookupEvents", asked.clone()).await;
        let page = answer["Events"].as_array().unwrap().iter();
        events.extend(page.map(|event| serde_json::from_str::<Value>(&event["CloudTrailEvent"].text()).unwrap()));
        match &answer["NextToken"] {
            Value::Null => return events,
            token => asked["NextToken"] = token.clone(),
        }
    }
}

/// The paths of what is given: `launchTemplateData.blockDeviceMappings.ebs.kmsKeyId`. Tags by their keys.
fn leaves(path: &str, value: &Value, into: &mut BTreeSet<String>) {
    let below = |name: &str| if path.is_empty() { name.to_owned() } else { format!("{path}.{name}") };
    match value {
        Value::Object(members) => members.iter().for_each(|(name, value)| leaves(&below(name), value, into)),
        Value::Array(elements) => elements.iter().for_each(|element| leaves(path, element, into)),
        Value::Null => {}
        _ => _ = into.insert(format!("`{path}`")),
    }
}

fn write(rows: &Rows) -> String {
    let mut table = HEAD.to_owned();
    for (call, row) in rows {
        let [parameters, filters, refusals] =
            row.each_ref().map(|cell| cell.iter().map(String::as_str).collect::<Vec<_>>().join(", "));
        _ = writeln!(table, "| {call} | {parameters} | {filters} | {refusals} |");
    }
    table
}

fn read(table: &str) -> Rows {
    let rows = table.strip_prefix(HEAD).unwrap_or_default().lines().map(|line| {
        let cells: Vec<&str> = line.trim_matches('|').split('|').map(str::trim).collect();
        let cell = |at: usize| {
            let texts = cells.get(at).into_iter().flat_map(|cell| cell.split(", "));
            texts.filter(|text| !text.is_empty()).map(str::to_owned).collect()
        };
        (cells.first().map_or("", |call| *call).to_owned(), [cell(1), cell(2), cell(3)])
    });
    rows.collect()
}

/// Without the minute that the launches take.
#[test]
fn the_page_has_the_table() {
    let page = fs::read_to_string(PAGE).unwrap();
    let (_, rest) = page.split_once(BEGIN).unwrap();
    let (table, _) = rest.split_once(END).unwrap();
    assert_eq!(write(&read(table)), table, "the table is not as it is written");
}
