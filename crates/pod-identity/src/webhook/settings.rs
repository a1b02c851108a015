//! What is injected: EKS's own values, and what of them can be changed.

/// What every pod gets that gets anything.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Settings {
    /// What the annotations of service accounts and pods begin with.
    pub annotation_prefix: String,
    /// `AWS_REGION` and `AWS_DEFAULT_REGION`.
    pub region: Option<String>,
    /// Whether there is `AWS_STS_REGIONAL_ENDPOINTS=regional`.
    pub regional_sts: bool,
    /// How long a token is good for.
    pub token_expiration: Expiration,
    /// `AWS_CONTAINER_CREDENTIALS_FULL_URI`: where the node's agent is.
    pub credentials_uri: String,
    /// The token for the agent.
    pub pod_identity: Token,
    /// The token for STS, of a service account with a role's ARN.
    pub web_identity: Token,
}

/// A token in a file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Token {
    /// Whom it is for.
    pub audience: String,
    /// The volume's name.
    pub volume: String,
    /// Where containers have the volume.
    pub mount_path: String,
    /// The file in it.
    pub file: String,
}

/// How long a token is good for, in seconds: within what Kubernetes takes.
///
/// Source: Kubernetes API, `ServiceAccountTokenProjection.expirationSeconds`, "at least 10 minutes"; its validation refuses
/// more than 2^32 seconds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Expiration(i64);

impl Expiration {
    /// EKS's own.
    pub const DAY: Self = Self(86_400);

    /// This many seconds, or the nearest that Kubernetes takes.
    #[must_use]
    pub fn of(seconds: i64) -> Self {
        Self(seconds.clamp(600, 1 << 32))
    }

    /// As an annotation has it; one that is no number is as if it were not there.
    pub(super) fn parse(text: &str) -> Option<Self> {
        text.parse().ok().map(Self::of)
    }

    /// What is asked for. A whole day is shortened by up to two hours, so that tokens of pods that were made at once do not
    /// all end at once.
    pub(super) fn jittered(self, jitter: u64) -> i64 {
        const SPREAD: u64 = 7200;
        let less = i64::try_from(jitter % (SPREAD + 1)).unwrap_or_default();
        if self == Self::DAY { self.0 - less } else { self.0 }
    }
}

impl Default for Settings {
    /// As on EKS, without a region.
    fn default() -> Self {
        Self {
            annotation_prefix: "eks.amazonaws.com".to_owned(),
            region: None,
            regional_sts: true,
            token_expiration: Expiration::DAY,
            credentials_uri: "http://169.254.170.23/v1/credentials".to_owned(),
            pod_identity: Token {
                audience: eks_auth::AUDIENCE.to_owned(),
                volume: "eks-pod-identity-token".to_owned(),
                mount_path: "/var/run/secrets/pods.eks.amazonaws.com/serviceaccount".to_owned(),
                file: "eks-pod-identity-token".to_owned(),
            },
            web_identity: Token {
                audience: "sts.amazonaws.com".to_owned(),
                volume: "aws-iam-token".to_owned(),
                mount_path: "/var/run/secrets/eks.amazonaws.com/serviceaccount".to_owned(),
                file: "token".to_owned(),
            },
        }
    }
}
