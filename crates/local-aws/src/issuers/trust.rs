//! Whom an issuer's server must be: one that a public authority vouches for, else one with a certificate that the
//! provider names by its thumbprint.
//!
//! Source: IAM User Guide, "Obtain the thumbprint for an OpenID Connect identity provider": AWS verifies with its library
//! of trusted root certificate authorities, and only where that does not know the server's, with the thumbprints.

use std::sync::{Arc, LazyLock};

use aws_lc_rs::digest;
use rustls::{
    CertificateError, ClientConfig, DigitallySignedStruct, Error, RootCertStore, SignatureScheme,
    client::{
        WebPkiServerVerifier,
        danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier},
    },
    crypto::{CryptoProvider, aws_lc_rs as provider, verify_tls12_signature, verify_tls13_signature},
    pki_types::{CertificateDer, ServerName, UnixTime},
};

/// The authorities that this machine trusts.
static ROOTS: LazyLock<Arc<RootCertStore>> = LazyLock::new(|| {
    let mut roots = RootCertStore::empty();
    let found = rustls_native_certs::load_native_certs();
    roots.add_parsable_certificates(found.certs);
    if roots.is_empty() {
        let why: Vec<String> = found.errors.iter().map(ToString::to_string).collect();
        tracing::warn!(
            why = why.join("; "),
            "this machine trusts no certificate authority: an OpenID Connect issuer is known by its provider's thumbprints \
             only; install some (ca-certificates), or name a file of theirs by SSL_CERT_FILE"
        );
    }
    Arc::new(roots)
});

static PROVIDER: LazyLock<Arc<CryptoProvider>> = LazyLock::new(|| Arc::new(provider::default_provider()));

/// TLS with whom these thumbprints (SHA-1, in hexadecimal) name, beside those whom authorities vouch for.
pub(super) fn config(thumbprints: &[String]) -> Result<ClientConfig, Error> {
    let verifier = Verifier { thumbprints: thumbprints.iter().map(|text| text.to_ascii_lowercase()).collect() };
    let config = ClientConfig::builder_with_provider(Arc::clone(&PROVIDER)).with_safe_default_protocol_versions()?;
    Ok(config.dangerous().with_custom_certificate_verifier(Arc::new(verifier)).with_no_client_auth())
}

#[derive(Debug)]
struct Verifier {
    thumbprints: Vec<String>,
}

impl Verifier {
    fn is_named(&self, certificate: &CertificateDer<'_>) -> bool {
        let print = digest::digest(&digest::SHA1_FOR_LEGACY_USE_ONLY, certificate);
        let print = print.as_ref().iter().map(|byte| format!("{byte:02x}")).collect::<String>();
        self.thumbprints.contains(&print)
    }
}

/// Whether the roots vouch for the server, by this name and at this time.
fn vouched(
    roots: Arc<RootCertStore>,
    end_entity: &CertificateDer<'_>,
    intermediates: &[CertificateDer<'_>],
    name: &ServerName<'_>,
    now: UnixTime,
) -> Result<ServerCertVerified, Error> {
    if roots.is_empty() {
        return Err(CertificateError::UnknownIssuer.into());
    }
    let verifier = WebPkiServerVerifier::builder_with_provider(roots, Arc::clone(&PROVIDER));
    let verifier = verifier.build().map_err(|error| Error::General(error.to_string()))?;
    verifier.verify_server_cert(end_entity, intermediates, name, &[], now)
}

impl ServerCertVerifier for Verifier {
    fn verify_server_cert(
        &self,
        end_entity: &CertificateDer<'_>,
        intermediates: &[CertificateDer<'_>],
        server_name: &ServerName<'_>,
        _ocsp_response: &[u8],
        now: UnixTime,
    ) -> Result<ServerCertVerified, Error> {
        let unknown = match vouched(Arc::clone(&ROOTS), end_entity, intermediates, server_name, now) {
            Err(unknown @ Error::InvalidCertificate(CertificateError::UnknownIssuer)) => unknown,
            known => return known,
        };
        let mut named = RootCertStore::empty();
        for certificate in intermediates.iter().chain([end_entity]).filter(|certificate| self.is_named(certificate)) {
            named.add(certificate.clone().into_owned())?;
        }
        if named.is_empty() {
            return Err(unknown);
        }
        vouched(Arc::new(named), end_entity, intermediates, server_name, now)
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        verify_tls12_signature(message, certificate, signature, &PROVIDER.signature_verification_algorithms)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        verify_tls13_signature(message, certificate, signature, &PROVIDER.signature_verification_algorithms)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        PROVIDER.signature_verification_algorithms.supported_schemes()
    }
}
