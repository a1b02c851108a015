//! An authority, and what it issues.

use aws_lc_rs::digest;
use jiff::{SignedDuration, Timestamp, tz::Offset};
use rcgen::{
    BasicConstraints, CertificateParams, DnType, ExtendedKeyUsagePurpose, IsCa, Issuer, KeyPair, KeyUsagePurpose,
    SanType,
};
use zeroize::Zeroizing;

use super::{AUTHORITY_DAYS, CERTIFICATE_DAYS, Issued, MakeError, Trusted};

pub(super) struct Authority {
    issuer: Issuer<'static, KeyPair>,
    print: String,
    pem: String,
    ends: Timestamp,
}

impl Authority {
    pub(super) fn make(now: Timestamp) -> Result<Self, MakeError> {
        let key = KeyPair::generate().map_err(failed)?;
        let mut parameters = parameters(&key);
        let ends = valid(&mut parameters, now, midnight(now, AUTHORITY_DAYS));
        let pem = parameters.self_signed(&key).map_err(failed)?.pem();
        Ok(Self { print: print(&key), issuer: Issuer::new(self::parameters(&key), key), pem, ends })
    }

    /// The one of this key, which has made `trusted`.
    pub(super) fn of(trusted: &Trusted, key: &str) -> Result<Self, MakeError> {
        let key = KeyPair::from_pem(key).map_err(failed)?;
        if print(&key) != trusted.print {
            return Err(MakeError("the authority's key is another one's".to_owned()));
        }
        let print = trusted.print.clone();
        Ok(Self { issuer: Issuer::new(parameters(&key), key), print, pem: trusted.pem.clone(), ends: trusted.ends })
    }

    pub(super) fn key(&self) -> Zeroizing<String> {
        Zeroizing::new(self.issuer.key().serialize_pem())
    }

    pub(super) fn trusted(&self, now: Timestamp) -> Trusted {
        Trusted { pem: self.pem.clone(), print: self.print.clone(), since: now, ends: self.ends }
    }

    /// A certificate for these names, which ends no later than the authority.
    pub(super) fn issue(&self, names: &[String], latest: Timestamp, now: Timestamp) -> Result<Issued, MakeError> {
        let key = KeyPair::generate().map_err(failed)?;
        let mut parameters = CertificateParams::default();
        parameters.distinguished_name.push(DnType::CommonName, "Claviger's Pod Identity webhook");
        parameters.subject_alt_names = names.iter().map(|name| alternative(name)).collect::<Result<_, _>>()?;
        parameters.key_usages = vec![KeyUsagePurpose::DigitalSignature];
        parameters.extended_key_usages = vec![ExtendedKeyUsagePurpose::ServerAuth];
        parameters.use_authority_key_identifier_extension = true;
        let ends = valid(&mut parameters, now, midnight(now, CERTIFICATE_DAYS).min(latest));
        let certificate = parameters.signed_by(&key, &self.issuer).map_err(failed)?;
        Ok(Issued {
            pem: certificate.pem(),
            key: Zeroizing::new(key.serialize_pem()),
            names: names.to_vec(),
            by: self.print.clone(),
            since: now,
            ends,
        })
    }
}

/// What an authority with this key is, but for its time. Its name has some of the key's digest, so that the former and the
/// newest are told apart.
fn parameters(key: &KeyPair) -> CertificateParams {
    let mut parameters = CertificateParams::default();
    parameters.distinguished_name.push(DnType::CommonName, format!("Claviger webhook authority {}", print(key)));
    parameters.is_ca = IsCa::Ca(BasicConstraints::Constrained(0));
    parameters.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign];
    parameters
}

fn print(key: &KeyPair) -> String {
    let print = digest::digest(&digest::SHA256, key.public_key_raw());
    print.as_ref().iter().take(8).map(|octet| format!("{octet:02x}")).collect()
}

fn alternative(name: &str) -> Result<SanType, MakeError> {
    match name.parse() {
        Ok(address) => Ok(SanType::IpAddress(address)),
        Err(_) => Ok(SanType::DnsName(name.try_into().map_err(|_| MakeError(format!("`{name}` is no name")))?)),
    }
}

/// The beginning of the day that is `days` from now.
fn midnight(now: Timestamp, days: i64) -> Timestamp {
    let day = SignedDuration::from_hours(24);
    let then = now + day * i32::try_from(days).unwrap_or(i32::MAX);
    then - SignedDuration::from_secs(then.as_second().rem_euclid(day.as_secs()))
}

/// Good from yesterday on, whatever the clocks of apiservers say, until the day of `ends` begins, which is returned.
fn valid(parameters: &mut CertificateParams, now: Timestamp, ends: Timestamp) -> Timestamp {
    let date = |at: Timestamp| {
        let date = Offset::UTC.to_datetime(at).date();
        rcgen::date_time_ymd(date.year().into(), date.month().unsigned_abs(), date.day().unsigned_abs())
    };
    parameters.not_before = date(now - SignedDuration::from_hours(24));
    parameters.not_after = date(ends);
    ends
}

fn failed(error: rcgen::Error) -> MakeError {
    MakeError(error.to_string())
}
