//! Certificates that the webhook makes itself: apiservers trust it at every time, through each change of certificate and
//! authority.

use std::{collections::BTreeMap, sync::Arc};

use jiff::{SignedDuration, Timestamp};
use pod_identity::{
    Certificate,
    webhook::certificates::{Kept, after_loss, renewed},
};
use rustls::{
    RootCertStore,
    client::{WebPkiServerVerifier, danger::ServerCertVerifier as _},
    pki_types::{CertificateDer, ServerName, UnixTime, pem::PemObject as _},
};

const NAME: &str = "webhook.claviger.svc";

fn names() -> Vec<String> {
    vec![NAME.to_owned(), "127.0.0.1".to_owned()]
}

fn start() -> Timestamp {
    "2026-11-30T13:00:00Z".parse().unwrap()
}

/// Whether an apiserver that has heard of these authorities trusts this certificate.
fn is_trusted(authorities: &str, certificate: &str, name: &str, now: Timestamp) -> Result<(), rustls::Error> {
    let mut roots = RootCertStore::empty();
    for root in CertificateDer::pem_slice_iter(authorities.as_bytes()) {
        roots.add(root.unwrap()).unwrap();
    }
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    let verifier = WebPkiServerVerifier::builder_with_provider(Arc::new(roots), provider).build().unwrap();
    let certificate = CertificateDer::from_pem_slice(certificate.as_bytes()).unwrap();
    let at = UnixTime::since_unix_epoch(now.duration_since(Timestamp::UNIX_EPOCH).unsigned_abs());
    let name = ServerName::try_from(name.to_owned()).unwrap();
    verifier.verify_server_cert(&certificate, &[], &name, &[], at).map(drop)
}

/// Through what a Secret holds, as between two replicas.
fn through_a_secret(kept: &Kept) -> Kept {
    let read = Kept::read(&kept.write().unwrap()).unwrap().unwrap();
    assert!(read == *kept, "it comes back as it was");
    read
}

#[test]
fn the_first_is_trusted_under_each_name_and_stays() {
    let kept = renewed(None, &names(), start()).unwrap().unwrap();
    for name in names() {
        is_trusted(&kept.authorities(), kept.certificate(), &name, start()).unwrap();
    }
    is_trusted(&kept.authorities(), kept.certificate(), "evil.example", start()).unwrap_err();
    assert!(renewed(Some(&kept), &names(), start() + SignedDuration::from_hours(24)).unwrap().is_none());
    Certificate::awaited().unwrap().put(kept.certificate(), kept.key()).unwrap();
}

/// One replica notices that the Secret was emptied; the other has what was there before for up to a minute.
#[test]
fn a_secret_that_was_emptied_leaves_no_gap() {
    let held = renewed(None, &names(), start()).unwrap().unwrap();
    let mut now = start() + SignedDuration::from_hours(48);
    let next = after_loss(&held, &names(), now).unwrap();
    assert_ne!(next.authorities(), held.authorities(), "another authority, too");
    assert_eq!(next.certificate(), held.certificate());
    is_trusted(&next.authorities(), held.certificate(), NAME, now).unwrap();
    assert!(after_loss(&next, &names(), now).unwrap() == next, "emptied again, it is put back");
    // Once it is heard of, the former is spoken by no more, and goes.
    let mut kept = through_a_secret(&next);
    for _ in 0..2 {
        now += SignedDuration::from_hours(1);
        kept = through_a_secret(&renewed(Some(&kept), &names(), now).unwrap().unwrap());
    }
    is_trusted(&kept.authorities(), kept.certificate(), NAME, now).unwrap();
    is_trusted(&kept.authorities(), held.certificate(), NAME, now).unwrap_err();
    assert!(renewed(Some(&kept), &names(), now).unwrap().is_none());
    // What was held too long is nothing to go on with.
    let late = start() + SignedDuration::from_hours(91 * 24);
    let fresh = after_loss(&held, &names(), late).unwrap();
    is_trusted(&fresh.authorities(), fresh.certificate(), NAME, late).unwrap();
}

/// Twenty-five years, looked at every other week and, after a change, often: an apiserver that has not heard of the last
/// change for up to an hour trusts the webhook, and so does one that has.
#[test]
fn no_change_of_certificate_or_authority_leaves_a_gap() {
    let mut now = start();
    let mut kept = renewed(None, &names(), now).unwrap().unwrap();
    // What apiservers may still have.
    let mut heard: Vec<(Timestamp, String)> = vec![(now, kept.authorities())];
    let (mut certificates, mut authorities) = (1, 1);
    let (mut quiet, end) = (true, start() + SignedDuration::from_hours(25 * 365 * 24));
    while now < end {
        now += if quiet { SignedDuration::from_hours(14 * 24) } else { SignedDuration::from_mins(20) };
        match renewed(Some(&kept), &names(), now).unwrap() {
            Some(next) => {
                certificates += usize::from(next.certificate() != kept.certificate());
                authorities += usize::from(
                    !kept.authorities().starts_with(&next.authorities()) && next.authorities() != kept.authorities(),
                );
                kept = through_a_secret(&next);
                heard.push((now, kept.authorities()));
                quiet = false;
            }
            None => quiet = heard.last().unwrap().0 + SignedDuration::from_hours(3) < now,
        }
        let latest = heard.len() - 1;
        for (at, bundle) in &heard[latest.saturating_sub(3)..] {
            // One that was replaced less than an hour ago may still be what an apiserver has.
            let replaced = heard.iter().map(|(at, _)| *at).find(|later| later > at);
            if replaced.is_none_or(|replaced| now < replaced + SignedDuration::from_mins(59)) {
                let trusted = is_trusted(bundle, kept.certificate(), NAME, now);
                assert!(trusted.is_ok(), "{now}: {trusted:?}, heard at {at}: {kept:?}");
            }
        }
    }
    // Every 60 days, seen every 14, and every 6.7 years.
    assert!((120..=170).contains(&certificates), "{certificates}");
    assert_eq!(authorities, 4);
}

#[test]
fn other_names_have_another_certificate_by_the_same_authority() {
    let kept = renewed(None, &names(), start()).unwrap().unwrap();
    let later = start() + SignedDuration::from_hours(2);
    let other = vec!["other.claviger.svc".to_owned()];
    let next = renewed(Some(&kept), &other, later).unwrap().unwrap();
    assert_eq!(next.authorities(), kept.authorities());
    is_trusted(&kept.authorities(), next.certificate(), &other[0], later).unwrap();
}

#[test]
fn what_was_off_for_years_begins_anew() {
    let kept = renewed(None, &names(), start()).unwrap().unwrap();
    let later = start() + SignedDuration::from_hours(24 * 365);
    let next = renewed(Some(&kept), &names(), later).unwrap().unwrap();
    is_trusted(&next.authorities(), next.certificate(), NAME, later).unwrap();
}

#[test]
fn a_secret_of_the_end_of_time_is_taken_as_it_is() {
    let kept = renewed(None, &names(), start()).unwrap().unwrap();
    let mut data = kept.write().unwrap();
    let mut about: serde_json::Value = serde_json::from_slice(&data["about.json"]).unwrap();
    let last = serde_json::json!(Timestamp::MAX);
    for time in ["/newest/since", "/newest/ends", "/since", "/ends"] {
        *about.pointer_mut(time).unwrap() = last.clone();
    }
    data.insert("about.json".to_owned(), about.to_string().into_bytes());
    let kept = Kept::read(&data).unwrap().unwrap();
    assert!(renewed(Some(&kept), &names(), start()).unwrap().is_none());
}

#[test]
fn a_secret_that_somebody_else_made_is_left_alone_and_keys_are_not_told() {
    assert!(Kept::read(&BTreeMap::new()).unwrap().is_none());
    let foreign = BTreeMap::from([("tls.crt".to_owned(), b"x".to_vec()), ("tls.key".to_owned(), b"y".to_vec())]);
    let error = Kept::read(&foreign).unwrap_err().to_string();
    assert!(error.contains("name another one, or delete it"), "{error}");
    let kept = renewed(None, &names(), start()).unwrap().unwrap();
    assert!(!format!("{kept:?}").contains("PRIVATE"));
    let mut damaged = kept.write().unwrap();
    damaged.insert("about.json".to_owned(), b"{}".to_vec());
    Kept::read(&damaged).unwrap_err();
}
