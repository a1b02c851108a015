//! The authority that vouches for the embedded AWS to clients that trust it.

use std::{
    fs::{self, DirBuilder},
    io::{self, Write as _},
    os::unix::fs::{DirBuilderExt as _, MetadataExt as _, PermissionsExt as _},
    path::{Path, PathBuf},
};

use aws_lc_rs::digest;
use jiff::{SignedDuration, Timestamp, civil::Date, tz::Offset};
use rcgen::{
    BasicConstraints, CertificateParams, DnType, ExtendedKeyUsagePurpose, IsCa, Issuer, KeyPair, KeyUsagePurpose,
    SanType,
};
use rustls::pki_types::{CertificateDer, PrivateKeyDer, PrivatePkcs8KeyDer, pem::PemObject as _};

use super::{
    TlsError,
    certificate::{self, read_chain},
};
use crate::store::create_whole;

const CERTIFICATE: &str = "ca.pem";
const KEY: &str = "ca.key";

/// How long the authority is good for, in days.
const LASTS: i64 = 3653;

/// How long what it issues is good for, in days: longer than any test runs, and no longer than clients take.
const ISSUED_LASTS: i64 = 397;

/// An authority.
pub(super) struct Authority {
    issuer: Issuer<'static, KeyPair>,
    pem: String,
    ends: Timestamp,
}

impl Authority {
    /// A new one, which is nowhere else.
    pub(super) fn make(now: Timestamp) -> Result<Self, TlsError> {
        let key = KeyPair::generate().map_err(made)?;
        let pem = certificate_of(&key, now)?;
        Self::of(key, pem)
    }

    /// The one in a directory, which is made there if there is none.
    pub(super) fn kept_in(directory: &Path, now: Timestamp) -> Result<Self, TlsError> {
        let (certificate, key_file) = (directory.join(CERTIFICATE), directory.join(KEY));
        DirBuilder::new().recursive(true).mode(0o700).create(directory).map_err(io_error("make", directory))?;
        let key = match read_key(&key_file)? {
            Some(key) => key,
            None if certificate.exists() => {
                return Err(TlsError::NoKeyOfAuthority { certificate, key: key_file });
            }
            // The key first: without it nobody can be told whom to trust.
            None => made_whole(&key_file, KeyPair::generate().map_err(made)?.serialize_pem().as_bytes())
                .and_then(|()| read_key(&key_file))?
                .ok_or_else(|| TlsError::Absent { what: "private key", path: key_file.clone() })?,
        };
        if !certificate.exists() {
            made_whole(&certificate, certificate_of(&key, now)?.as_bytes())?;
            // Clients of other users are to trust it, too.
            let readable = fs::Permissions::from_mode(0o644);
            fs::set_permissions(&certificate, readable).map_err(io_error("make readable", &certificate))?;
        }
        let pem = fs::read_to_string(&certificate).map_err(io_error("read the authority", &certificate))?;
        let ends = read_chain(&certificate)?.first().and_then(certificate::end);
        let ends = ends.ok_or_else(|| TlsError::Absent { what: "certificate", path: certificate.clone() })?;
        if ends <= now {
            let help = "remove it and its key to have another authority made, which clients must trust anew";
            return Err(TlsError::Ended { path: certificate, at: ends, help });
        }
        let authority = Self::of(key, pem)?;
        authority.belongs_together(&certificate, &key_file, now)?;
        Ok(authority)
    }

    fn of(key: KeyPair, pem: String) -> Result<Self, TlsError> {
        let der = CertificateDer::from_pem_slice(pem.as_bytes()).map_err(|error| TlsError::Make(error.to_string()))?;
        let ends = certificate::end(&der).unwrap_or(Timestamp::MAX);
        Ok(Self { issuer: Issuer::new(parameters(&key), key), pem, ends })
    }

    /// Whether clients that trust the certificate trust what the key signs.
    fn belongs_together(&self, certificate: &Path, key: &Path, now: Timestamp) -> Result<(), TlsError> {
        let apart = |reason: String| TlsError::Apart { certificate: certificate.into(), key: key.into(), reason };
        let name = SanType::DnsName("localhost".try_into().map_err(made)?);
        let (issued, _) = self.issue(vec![name], now)?;
        let mut roots = rustls::RootCertStore::empty();
        for root in read_chain(certificate)? {
            roots.add(root).map_err(|error| apart(error.to_string()))?;
        }
        let provider = rustls::crypto::aws_lc_rs::default_provider();
        let verifier =
            rustls::client::WebPkiServerVerifier::builder_with_provider(roots.into(), provider.into()).build();
        let verifier = verifier.map_err(|error| apart(error.to_string()))?;
        let name = "localhost".try_into().map_err(|_| TlsError::Name("localhost".into()))?;
        let at =
            rustls::pki_types::UnixTime::since_unix_epoch(now.duration_since(Timestamp::UNIX_EPOCH).unsigned_abs());
        rustls::client::danger::ServerCertVerifier::verify_server_cert(&*verifier, &issued, &[], &name, &[], at)
            .map_err(|error| apart(error.to_string()))?;
        Ok(())
    }

    /// A certificate for these names, and its key, which is nowhere else.
    pub(super) fn issue(
        &self,
        names: Vec<SanType>,
        now: Timestamp,
    ) -> Result<(CertificateDer<'static>, PrivateKeyDer<'static>), TlsError> {
        let key = KeyPair::generate().map_err(made)?;
        let mut parameters = CertificateParams::default();
        parameters.distinguished_name.push(DnType::CommonName, "Claviger's embedded AWS");
        parameters.subject_alt_names = names;
        parameters.key_usages = vec![KeyUsagePurpose::DigitalSignature];
        parameters.extended_key_usages = vec![ExtendedKeyUsagePurpose::ServerAuth];
        parameters.use_authority_key_identifier_extension = true;
        valid(&mut parameters, now, day(now, ISSUED_LASTS).min(day(self.ends, 0)));
        let certificate = parameters.signed_by(&key, &self.issuer).map_err(made)?;
        Ok((certificate.der().clone(), PrivatePkcs8KeyDer::from(key.serialize_der()).into()))
    }

    pub(super) fn into_pem(self) -> String {
        self.pem
    }
}

fn certificate_of(key: &KeyPair, now: Timestamp) -> Result<String, TlsError> {
    let mut parameters = parameters(key);
    valid(&mut parameters, now, day(now, LASTS));
    Ok(parameters.self_signed(key).map_err(made)?.pem())
}

/// What an authority with this key is, but for its time. Its name has some of the key's digest, so that who trusts several
/// can tell them apart.
fn parameters(key: &KeyPair) -> CertificateParams {
    let print = digest::digest(&digest::SHA256, key.public_key_raw());
    let print: String = print.as_ref().iter().take(4).map(|byte| format!("{byte:02x}")).collect();
    let mut parameters = CertificateParams::default();
    parameters.distinguished_name.push(DnType::CommonName, format!("Claviger local authority {print}"));
    parameters.is_ca = IsCa::Ca(BasicConstraints::Constrained(0));
    parameters.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign];
    parameters
}

/// The key in a file that only its owner may read, if there is one.
fn read_key(path: &Path) -> Result<Option<KeyPair>, TlsError> {
    let mode = match fs::metadata(path) {
        Ok(metadata) => metadata.mode() & 0o777,
        Err(gone) if gone.kind() == io::ErrorKind::NotFound => return Ok(None),
        Err(source) => return Err(io_error("read the authority's key", path)(source)),
    };
    if mode & 0o077 != 0 {
        return Err(TlsError::Exposed { path: path.to_owned(), mode });
    }
    let text = fs::read_to_string(path).map(zeroize::Zeroizing::new);
    let text = text.map_err(io_error("read the authority's key", path))?;
    let key = KeyPair::from_pem(&text);
    key.map(Some).map_err(|_| TlsError::Absent { what: "private key", path: path.to_owned() })
}

/// Makes a file; whoever was faster made it.
fn made_whole(path: &Path, content: &[u8]) -> Result<(), TlsError> {
    match create_whole(path, |file| file.write_all(content)) {
        Err(lost) if lost.kind() != io::ErrorKind::AlreadyExists => Err(io_error("make", path)(lost)),
        _ => Ok(()),
    }
}

/// The day that is so many after a time.
fn day(at: Timestamp, days: i64) -> Date {
    let later = at.checked_add(SignedDuration::from_hours(24 * days)).unwrap_or(Timestamp::MAX);
    Offset::UTC.to_datetime(later).date()
}

/// Good from the day before, for whose clock is behind, to the beginning of a day.
fn valid(parameters: &mut CertificateParams, now: Timestamp, end: Date) {
    let of = |day: Date| (i32::from(day.year()), day.month().unsigned_abs(), day.day().unsigned_abs());
    let ((year, month, first), (last_year, last_month, last)) = (of(day(now, -1)), of(end));
    parameters.not_before = rcgen::date_time_ymd(year, month, first);
    parameters.not_after = rcgen::date_time_ymd(last_year, last_month, last);
}

fn io_error(doing: &'static str, path: &Path) -> impl FnOnce(io::Error) -> TlsError {
    let path: PathBuf = path.to_owned();
    move |source| TlsError::Io { doing, path, source }
}

fn made(error: rcgen::Error) -> TlsError {
    TlsError::Make(error.to_string())
}
