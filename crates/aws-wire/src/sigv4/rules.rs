//! Where services differ.

/// How one service wants its requests canonicalised.
///
/// [`Rules::for_service`] knows the exceptions; everything else is [`Rules::STANDARD`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Rules {
    /// What happens to the path.
    pub path: PathRule,
    /// Whether the body may be left out.
    pub payload: PayloadRule,
    /// Whether the session token may be left out.
    pub token: TokenRule,
    /// Whether `X-Amz-Expires` says how long a presigned request lives.
    ///
    /// Outside S3 it does not: a presigned request lives for 15 minutes, whatever the parameter says
    /// (aws/aws-sdk-go#2167, kubernetes-sigs/aws-iam-authenticator#160).
    pub expires_is_lifetime: bool,
}

/// What the canonical form does to the path.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PathRule {
    /// Dot segments and repeated slashes go, then every octet is encoded, the `%` of earlier escapes too.
    Normalized,
    /// As [`Normalized`](Self::Normalized), but dot segments and repeated slashes stay.
    Unnormalized,
    /// S3: the object's key, encoded once: escapes of the wire that encode nothing special count as what they mean.
    EncodedOnce,
}

/// Whether the body must be part of the signature.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PayloadRule {
    /// It must.
    Signed,
    /// S3: `x-amz-content-sha256: UNSIGNED-PAYLOAD` leaves it out, and so does a presigned request.
    MayBeUnsigned,
}

/// Whether the session token must be part of the signature.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TokenRule {
    /// It must.
    Signed,
    /// The service wants it added after signing.
    AddedAfterSigning,
}

impl Rules {
    /// The rules of all services but a few.
    pub const STANDARD: Self = Self {
        path: PathRule::Normalized,
        payload: PayloadRule::Signed,
        token: TokenRule::Signed,
        expires_is_lifetime: false,
    };

    /// The rules of a service, by the name in its credential scope.
    ///
    /// Sources: IAM User Guide, "Create a canonical request" (S3 neither normalizes nor encodes twice; its payload
    /// may be unsigned); AWS IoT Core Developer Guide, "Device communication protocols" (the token of a WebSocket
    /// URL is appended after signing).
    pub fn for_service(signing_name: &str) -> Self {
        match signing_name {
            "s3" | "s3express" | "s3-object-lambda" | "s3-outposts" => Self {
                path: PathRule::EncodedOnce,
                payload: PayloadRule::MayBeUnsigned,
                token: TokenRule::Signed,
                expires_is_lifetime: true,
            },
            "iotdevicegateway" => Self { token: TokenRule::AddedAfterSigning, ..Self::STANDARD },
            _ => Self::STANDARD,
        }
    }
}
