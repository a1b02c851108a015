//! The trail's files: each call is in one of them once.

use std::{collections::HashSet, fs, io::Read as _, path::Path, time::Duration};

use flate2::read::GzDecoder;
use serde_json::Value;

/// Accounts and regions that have files of their own: IAM's events are in another region than KMS's.
const GROUPS: u64 = 8 * 2;

/// Asserts that the files have an event for each of `calls`, which were made since then, and are no more than it takes.
pub(crate) fn holds(trail: &Path, since: &str, calls: u64, lasted: Duration) {
    let to_the_second = |time: &str| time.get(..19).unwrap().to_owned();
    let since = to_the_second(since);
    let (mut ids, mut files, mut octets) = (HashSet::new(), 0, 0);
    let mut folders = vec![trail.to_owned()];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(folder).unwrap() {
            let entry = entry.unwrap();
            if entry.file_type().unwrap().is_dir() {
                folders.push(entry.path());
                continue;
            }
            let name = entry.file_name().into_string().unwrap();
            if name.starts_with('.') {
                // What a kill left half written.
                continue;
            }
            let mut text = String::new();
            GzDecoder::new(fs::File::open(entry.path()).unwrap()).read_to_string(&mut text).unwrap();
            let file: Value = serde_json::from_str(&text).unwrap();
            let events = file["Records"].as_array().unwrap().iter();
            let told = |event: &Value, field: &str| event[field].as_str().unwrap().to_owned();
            let of_calls = events.filter(|event| event["eventType"] == "AwsApiCall");
            let before = ids.len();
            for event in of_calls.filter(|event| to_the_second(&told(event, "eventTime")) >= since) {
                assert!(ids.insert(told(event, "eventID")), "twice: {event}");
                octets += event.to_string().len() as u64;
            }
            files += u64::from(ids.len() > before);
        }
    }
    assert_eq!(ids.len() as u64, calls, "events of the calls");
    // Every ten seconds, and when events take up a mebibyte: as text they are half of that at the least, since an event of
    // two accounts counts twice.
    let deliveries = lasted.as_secs() / 10 + octets / (512 << 10) + 2;
    let most = GROUPS * deliveries;
    assert!(files <= most, "{files} files for {calls} calls in {lasted:?}, at most {most} were to come");
}
