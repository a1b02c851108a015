//! The certificates, keys and token of one control plane, in files that its parts can read and nobody else.

use std::{
    fs::{self, DirBuilder, OpenOptions},
    io::{self, Write as _},
    net::Ipv4Addr,
    os::unix::fs::{DirBuilderExt as _, OpenOptionsExt as _},
    path::{Path, PathBuf},
};

use rcgen::{
    BasicConstraints, CertificateParams, CertifiedIssuer, DnType, ExtendedKeyUsagePurpose, IsCa, KeyPair,
    KeyUsagePurpose, SanType,
};
use rustls::pki_types::{CertificateDer, PrivateKeyDer, PrivatePkcs8KeyDer};

use crate::error::StartError;

/// A certificate and its key: as files for the programs, as DER for our own clients.
pub(crate) struct Identity {
    pub(crate) certificate_file: PathBuf,
    pub(crate) key_file: PathBuf,
    pub(crate) certificate: CertificateDer<'static>,
    pub(crate) key: PrivateKeyDer<'static>,
}

/// All that the parts of a control plane know each other by.
pub(crate) struct Pki {
    pub(crate) authority_file: PathBuf,
    pub(crate) authority_pem: String,
    pub(crate) authority: CertificateDer<'static>,
    pub(crate) etcd: Identity,
    pub(crate) etcd_client: Identity,
    pub(crate) apiserver: Identity,
    /// Signs the tokens of service accounts, and verifies them.
    pub(crate) service_account_key_file: PathBuf,
    pub(crate) service_account_public_key_file: PathBuf,
    /// Who bears it is in `system:masters`.
    pub(crate) admin_token: String,
    pub(crate) token_file: PathBuf,
}

impl Pki {
    /// Makes everything anew in `folder`.
    pub(crate) fn create(folder: &Path) -> Result<Self, StartError> {
        private_folder(folder)?;
        let authority = authority()?;
        let authority_file = folder.join("ca.crt");
        private_file(&authority_file, authority.pem().as_bytes())?;

        let issue = |subject, names: &[&str], usages: &[_]| issue(&authority, folder, subject, names, usages);
        let server = ExtendedKeyUsagePurpose::ServerAuth;
        let client = ExtendedKeyUsagePurpose::ClientAuth;
        // etcd dials itself, as its own peer and from its JSON gateway, with the certificate that it serves with.
        let etcd = issue("etcd", &["localhost"], &[server.clone(), client.clone()])?;
        let etcd_client = issue("etcd-client", &[], &[client])?;
        let apiserver_names = ["localhost", "kubernetes", "kubernetes.default", "kubernetes.default.svc"];
        let apiserver = issue("kube-apiserver", &apiserver_names, &[server])?;

        let service_account_key = key_pair("service accounts")?;
        let service_account_key_file = folder.join("service-account.key");
        private_file(&service_account_key_file, service_account_key.serialize_pem().as_bytes())?;
        let service_account_public_key_file = folder.join("service-account.pub");
        private_file(&service_account_public_key_file, service_account_key.public_key_pem().as_bytes())?;

        let admin_token = token()?;
        let token_file = folder.join("tokens.csv");
        private_file(&token_file, format!("{admin_token},admin,admin,\"system:masters\"\n").as_bytes())?;

        Ok(Self {
            authority_file,
            authority_pem: authority.pem(),
            authority: authority.der().clone(),
            etcd,
            etcd_client,
            apiserver,
            service_account_key_file,
            service_account_public_key_file,
            admin_token,
            token_file,
        })
    }
}

/// Makes a folder that only we can enter.
pub(crate) fn private_folder(path: &Path) -> Result<(), StartError> {
    DirBuilder::new().recursive(true).mode(0o700).create(path).map_err(|source| write_error(path, source))
}

/// Writes a file that only we can read, whatever stood there before.
pub(crate) fn private_file(path: &Path, content: &[u8]) -> Result<(), StartError> {
    let write = || {
        // A file of an earlier run may have any mode and any owner: `mode` counts for new files only.
        match fs::remove_file(path) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
            _ => {}
        }
        OpenOptions::new().write(true).create_new(true).mode(0o600).open(path)?.write_all(content)
    };
    write().map_err(|source| write_error(path, source))
}

fn write_error(path: &Path, source: io::Error) -> StartError {
    StartError::Write { path: path.to_owned(), source }
}

fn authority() -> Result<CertifiedIssuer<'static, KeyPair>, StartError> {
    const SUBJECT: &str = "the control plane's authority";
    let mut params = parameters("claviger control plane", &[], SUBJECT)?;
    params.is_ca = IsCa::Ca(BasicConstraints::Constrained(0));
    params.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::DigitalSignature];
    CertifiedIssuer::self_signed(params, key_pair(SUBJECT)?).map_err(|error| certificate_error(SUBJECT, &error))
}

fn issue(
    authority: &CertifiedIssuer<'_, KeyPair>,
    folder: &Path,
    subject: &'static str,
    names: &[&str],
    usages: &[ExtendedKeyUsagePurpose],
) -> Result<Identity, StartError> {
    let key = key_pair(subject)?;
    let mut params = parameters(subject, names, subject)?;
    params.subject_alt_names.push(SanType::IpAddress(Ipv4Addr::LOCALHOST.into()));
    params.key_usages = vec![KeyUsagePurpose::DigitalSignature];
    params.extended_key_usages = usages.to_vec();
    let certificate = params.signed_by(&key, authority).map_err(|error| certificate_error(subject, &error))?;

    let certificate_file = folder.join(format!("{subject}.crt"));
    let key_file = folder.join(format!("{subject}.key"));
    private_file(&certificate_file, certificate.pem().as_bytes())?;
    private_file(&key_file, key.serialize_pem().as_bytes())?;
    Ok(Identity {
        certificate_file,
        key_file,
        certificate: certificate.der().clone(),
        key: PrivatePkcs8KeyDer::from(key.serialize_der()).into(),
    })
}

fn parameters(name: &str, names: &[&str], subject: &'static str) -> Result<CertificateParams, StartError> {
    let names: Vec<String> = names.iter().map(|name| (*name).to_owned()).collect();
    let mut params = CertificateParams::new(names).map_err(|error| certificate_error(subject, &error))?;
    params.distinguished_name.push(DnType::CommonName, name);
    Ok(params)
}

fn key_pair(subject: &'static str) -> Result<KeyPair, StartError> {
    KeyPair::generate().map_err(|error| certificate_error(subject, &error))
}

fn token() -> Result<String, StartError> {
    use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
    let mut bytes = [0; 32];
    aws_lc_rs::rand::fill(&mut bytes).map_err(|error| certificate_error("the admin", &error))?;
    Ok(URL_SAFE_NO_PAD.encode(bytes))
}

fn certificate_error(subject: &'static str, reason: &impl ToString) -> StartError {
    StartError::Certificate { subject, reason: reason.to_string() }
}
