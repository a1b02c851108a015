//! What is kept, what is made anew, and what is refused.

use std::{fs, net::Ipv4Addr, os::unix::fs::PermissionsExt as _};

use jiff::SignedDuration;
use rcgen::{CertificateParams, KeyPair, SanType};
use rustls::pki_types::pem::PemObject as _;
use tempfile::TempDir;

use super::{authority::Authority, *};

const DAY: i64 = 24 * 3600;

fn generated(directory: &Path) -> Result<Identity, TlsError> {
    let directory = Some(directory.to_owned());
    Tls::Generated { directory, names: Vec::new() }.identity(Ipv4Addr::LOCALHOST.into())
}

fn refused(outcome: Result<Identity, TlsError>) -> String {
    outcome.err().expect("it is refused").to_string()
}

/// A certificate of nobody's that is good until that year, and its key, in files.
fn given(folder: &TempDir, until: i32) -> (PathBuf, PathBuf) {
    let key = KeyPair::generate().unwrap();
    let mut parameters = CertificateParams::new(vec!["localhost".to_owned()]).unwrap();
    parameters.not_after = rcgen::date_time_ymd(until, 2, 3);
    let (certificate, key_file) = (folder.path().join("own.pem"), folder.path().join("own.key"));
    fs::write(&certificate, parameters.self_signed(&key).unwrap().pem()).unwrap();
    fs::write(&key_file, key.serialize_pem()).unwrap();
    (certificate, key_file)
}

/// What comes of a certificate and a key of somebody else's.
fn taken(certificate: &Path, key: &Path) -> Result<Identity, TlsError> {
    Tls::Given { certificate: certificate.into(), key: key.into() }.identity(Ipv4Addr::LOCALHOST.into())
}

fn later(seconds: i64) -> Timestamp {
    Timestamp::now().checked_add(SignedDuration::from_secs(seconds)).unwrap()
}

#[test]
fn an_authority_is_made_once_and_its_key_is_its_owners() {
    let folder = tempfile::tempdir().unwrap();
    let directory = folder.path().join("aws.redb.tls");
    let first = generated(&directory).unwrap().authority.unwrap();
    assert_eq!(generated(&directory).unwrap().authority.unwrap(), first);
    assert_eq!(fs::read_to_string(directory.join("ca.pem")).unwrap(), first);
    let mode = |name: &str| fs::metadata(directory.join(name)).unwrap().permissions().mode() & 0o777;
    assert_eq!((mode("ca.key"), mode("ca.pem")), (0o600, 0o644));
    assert_eq!(fs::read_dir(&directory).unwrap().count(), 2, "nothing else is left");

    // A kill between the two files leaves a key that nobody was told to trust.
    fs::remove_file(directory.join("ca.pem")).unwrap();
    let again = generated(&directory).unwrap().authority.unwrap();
    assert_eq!(fs::read_to_string(directory.join("ca.pem")).unwrap(), again);
}

#[test]
fn what_an_authority_lost_or_never_was_is_told_and_left_alone() {
    let folder = tempfile::tempdir().unwrap();
    let (certificate, key) = (folder.path().join("ca.pem"), folder.path().join("ca.key"));
    generated(folder.path()).unwrap();
    let (good, good_key) = (fs::read(&certificate).unwrap(), fs::read(&key).unwrap());

    fs::set_permissions(&key, fs::Permissions::from_mode(0o640)).unwrap();
    assert!(refused(generated(folder.path())).ends_with("(its mode is 640): `chmod 600` it"));
    fs::remove_file(&key).unwrap();
    assert!(refused(generated(folder.path())).contains("has lost its key"));
    assert_eq!(fs::read(&certificate).unwrap(), good);

    let write_key = |content: &[u8]| {
        fs::write(&key, content).unwrap();
        fs::set_permissions(&key, fs::Permissions::from_mode(0o600)).unwrap();
    };
    write_key(KeyPair::generate().unwrap().serialize_pem().as_bytes());
    assert!(refused(generated(folder.path())).contains("do not belong together"));
    write_key(b"nothing");
    assert!(refused(generated(folder.path())).starts_with("there is no private key in"));
    write_key(&good_key);
    fs::write(&certificate, "nothing").unwrap();
    assert!(refused(generated(folder.path())).starts_with("there is no certificate in"));
    fs::write(&certificate, &good).unwrap();
    generated(folder.path()).unwrap();
}

#[test]
fn what_it_vouches_for_is_new_each_time_and_ends_with_it_at_the_latest() {
    let now = Timestamp::now();
    let folder = tempfile::tempdir().unwrap();
    let authority = Authority::kept_in(folder.path(), now).unwrap();
    let names = || names::all(&[], Ipv4Addr::LOCALHOST.into()).unwrap();
    let (first, _) = authority.issue(names(), now).unwrap();
    let (second, _) = Authority::kept_in(folder.path(), now).unwrap().issue(names(), now).unwrap();
    assert_ne!(first, second);
    let lasts = certificate::end(&first).unwrap().duration_since(now).as_secs() / DAY;
    assert!((395..=397).contains(&lasts), "{lasts}");

    let (last, _) = authority.issue(names(), later(3640 * DAY)).unwrap();
    let of_authority = CertificateDer::from_pem_file(folder.path().join("ca.pem")).unwrap();
    assert_eq!(certificate::end(&last), certificate::end(&of_authority));
    let over = Authority::kept_in(folder.path(), later(3654 * DAY)).err().unwrap().to_string();
    assert!(
        over.ends_with("remove it and its key to have another authority made, which clients must trust anew"),
        "{over}"
    );
}

#[test]
fn a_given_certificate_is_taken_with_its_key_while_it_is_good() {
    let folder = tempfile::tempdir().unwrap();
    let (certificate, key) = given(&folder, 2099);
    assert_eq!(taken(&certificate, &key).unwrap().authority, None);
    assert!(refused(taken(&key, &certificate)).starts_with("there is no certificate in"));
    assert!(refused(taken(&certificate, &certificate)).starts_with("there is no private key in"));
    fs::write(&key, KeyPair::generate().unwrap().serialize_pem()).unwrap();
    assert!(refused(taken(&certificate, &key)).contains("do not belong together"));
    fs::remove_file(&key).unwrap();
    assert!(refused(taken(&certificate, &key)).starts_with("cannot read the key"));

    let (certificate, key) = given(&folder, 2021);
    let over = refused(taken(&certificate, &key));
    assert!(over.ends_with("ended at 2021-02-03T00:00:00Z: get another one, and start again"), "{over}");
}

/// RFC 5280, section 4.1.2.5: until 2049 years have two digits, from 2050 on four.
#[test]
fn the_end_of_a_certificate_is_read_and_of_no_bytes_made_up() {
    for (year, end) in [(1999, "1999-02-03"), (2049, "2049-02-03"), (2050, "2050-02-03"), (4096, "4096-02-03")] {
        let mut parameters = CertificateParams::default();
        parameters.not_before = rcgen::date_time_ymd(1980, 1, 1);
        parameters.not_after = rcgen::date_time_ymd(year, 2, 3);
        let made = parameters.self_signed(&KeyPair::generate().unwrap()).unwrap().der().clone();
        assert_eq!(certificate::end(&made), Some(format!("{end}T00:00:00Z").parse().unwrap()));
        for cut in 0..made.len() {
            let cut = certificate::end(&made[..cut].to_vec().into());
            assert!(cut.is_none() || cut == certificate::end(&made));
        }
        for at in 0..made.len().min(200) {
            let mut other = made.to_vec();
            other[at] ^= 0xff;
            let _ = certificate::end(&other.into());
        }
    }
}

#[test]
fn names_are_hosts_and_addresses() {
    let given = |names: &[&str]| {
        let names: Vec<String> = names.iter().map(|name| (*name).to_owned()).collect();
        names::all(&names, "192.0.2.7".parse().unwrap())
    };
    let all = given(&["Host.docker.internal", "*.aws.example", "[2001:db8::1]", "127.0.0.1"]).unwrap();
    let told = |name: &str| all.contains(&SanType::DnsName(name.try_into().unwrap()));
    for name in ["localhost", "host.docker.internal", "*.aws.example"] {
        assert!(told(name), "{name}");
    }
    for address in ["127.0.0.1", "::1", "192.0.2.7", "2001:db8::1"] {
        assert!(all.contains(&SanType::IpAddress(address.parse().unwrap())), "{address}");
    }
    assert_eq!(all.len(), 7);
    for wrong in ["", "a b", "https://localhost", "a..b", "-a", "*", "a.*.b", "ä.example", &"a".repeat(64)] {
        assert!(matches!(given(&[wrong]), Err(TlsError::Name(name)) if name == wrong), "{wrong}");
    }
}
