//! What who asks is told instead of credentials.

use http::StatusCode;

use super::metrics::Outcome;

/// No credentials: EKS Auth's code, and who said what.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Refusal {
    pub(super) code: Code,
    pub(super) message: String,
    /// Under what it is counted, where the code does not tell it.
    pub(super) outcome: Outcome,
}

/// The errors of EKS Auth.
///
/// Source: Amazon EKS API Reference, "AssumeRoleForPodIdentity" > "Errors".
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Code {
    AccessDenied,
    ExpiredToken,
    InvalidToken,
    InvalidParameter,
    InvalidRequest,
    ResourceNotFound,
    Throttling,
    InternalServer,
    ServiceUnavailable,
    /// Of no operation, so that no model has them. An agent that is not known is not told `AccessDenied`, on which agents
    /// take credentials back that pods have.
    MissingAuthentication,
    UnrecognizedClient,
    UnknownOperation,
}

impl Refusal {
    pub(super) fn new(code: Code, message: impl Into<String>) -> Self {
        Self { code, message: message.into(), outcome: code.outcome() }
    }

    /// The same, counted as something of its own.
    pub(super) fn counted(self, outcome: Outcome) -> Self {
        Self { outcome, ..self }
    }
}

impl Code {
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::AccessDenied => "AccessDeniedException",
            Self::ExpiredToken => "ExpiredTokenException",
            Self::InvalidToken => "InvalidTokenException",
            Self::InvalidParameter => "InvalidParameterException",
            Self::InvalidRequest => "InvalidRequestException",
            Self::ResourceNotFound => "ResourceNotFoundException",
            Self::Throttling => "ThrottlingException",
            Self::InternalServer => "InternalServerException",
            Self::ServiceUnavailable => "ServiceUnavailableException",
            Self::MissingAuthentication => "MissingAuthenticationTokenException",
            Self::UnrecognizedClient => "UnrecognizedClientException",
            Self::UnknownOperation => "UnknownOperationException",
        }
    }

    pub(super) fn status(self) -> StatusCode {
        match self {
            Self::AccessDenied
            | Self::ExpiredToken
            | Self::InvalidToken
            | Self::InvalidParameter
            | Self::InvalidRequest => StatusCode::BAD_REQUEST,
            Self::ResourceNotFound | Self::UnknownOperation => StatusCode::NOT_FOUND,
            Self::MissingAuthentication | Self::UnrecognizedClient => StatusCode::FORBIDDEN,
            Self::Throttling => StatusCode::TOO_MANY_REQUESTS,
            Self::InternalServer => StatusCode::INTERNAL_SERVER_ERROR,
            Self::ServiceUnavailable => StatusCode::SERVICE_UNAVAILABLE,
        }
    }

    fn outcome(self) -> Outcome {
        match self {
            Self::AccessDenied => Outcome::RoleRefused,
            Self::ExpiredToken => Outcome::ExpiredToken,
            Self::InvalidToken => Outcome::InvalidToken,
            Self::InvalidParameter | Self::InvalidRequest => Outcome::InvalidRequest,
            Self::ResourceNotFound => Outcome::NoAssociation,
            Self::Throttling => Outcome::Throttled,
            Self::InternalServer => Outcome::Untrue,
            Self::ServiceUnavailable => Outcome::Away,
            Self::MissingAuthentication | Self::UnrecognizedClient => Outcome::AgentRefused,
            Self::UnknownOperation => Outcome::NotFound,
        }
    }
}
