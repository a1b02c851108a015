//! Beside botocore: each service, in a region of each partition, with and without FIPS and IPv6.

use std::{env, path::Path, process::Command};

use serde_json::Value;

use super::*;

const REGIONS: [&str; 12] = [
    "us-east-1",
    "us-west-2",
    "eu-central-1",
    "us-west-9",
    "cn-north-1",
    "us-gov-west-1",
    "us-gov-east-1",
    "us-iso-east-1",
    "us-isob-east-1",
    "eu-isoe-west-1",
    "us-isof-south-1",
    "eusc-de-east-1",
];

/// Prints `{service: {region: {fips-dual: [url, signing region or null]}}}`.
const THEIRS: &str = "
import json, sys
from botocore.endpoint_provider import EndpointProvider
from botocore.loaders import Loader
loader, told = Loader(), {}
partitions = loader.load_data('partitions')
services, regions = json.loads(sys.argv[1])
for service in services:
    rules = loader.load_service_model(service, 'endpoint-rule-set-1')
    provider = EndpointProvider(rules, partitions)
    takes = lambda given: {name: value for name, value in given.items() if name in rules['parameters']}
    for region in regions:
        for fips in (False, True):
            for dual in (False, True):
                given = takes({'Region': region, 'UseFIPS': fips, 'UseDualStack': dual, 'UseGlobalEndpoint': False})
                endpoint = provider.resolve_endpoint(**given)
                scheme = endpoint.properties.get('authSchemes', [{}])[0]
                of_region = told.setdefault(service, {}).setdefault(region, {})
                of_region[f'{fips}-{dual}'.lower()] = [endpoint.url, scheme.get('signingRegion')]
print(json.dumps(told))
";

#[test]
fn every_endpoint_is_the_one_that_botocore_finds() {
    let services: Vec<&str> = ServiceId::ALL.iter().map(|id| &*service(*id).metadata().signing_name).collect();
    let theirs = theirs(&services);
    let mut seen = 0;
    for (id, name) in ServiceId::ALL.into_iter().zip(services) {
        for text in REGIONS {
            let region: Region = text.parse().unwrap();
            for (fips, dual) in [(false, false), (false, true), (true, false), (true, true)] {
                let own = own(id, &region, Variant { fips, dual });
                let their = &theirs[name][text][format!("{fips}-{dual}")];
                assert_eq!(their[0], format!("https://{}", own.host), "{name} {text} fips={fips} dual={dual}");
                let signing = their[1].as_str().unwrap_or(text);
                assert_eq!(signing, own.signing_region, "{name} {text}");
                seen += 1;
            }
        }
    }
    assert_eq!(seen, 11 * 12 * 4);
}

fn theirs(services: &[&str]) -> Value {
    let tools = env::var("CLAVIGER_TOOLS")
        .map_or_else(|_| Path::new(env!("CARGO_MANIFEST_DIR")).join("../../target/tools"), Into::into);
    let python = tools.join("venv/bin/python");
    let asked = serde_json::to_string(&(services, REGIONS)).unwrap();
    let output = Command::new(&python).args(["-c", THEIRS, &asked]).output();
    let output = output.unwrap_or_else(|error| panic!("{}: {error}; run `cargo xtask tools`", python.display()));
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    serde_json::from_slice(&output.stdout).unwrap()
}
