//! Who asks, for the audit record.

use std::fmt;

use daemon::unix_socket::Peer;

/// One call's origin.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CallerInfo {
    /// The `uid` by which the apiserver's own logs know this call; empty on v1beta1, which has none.
    pub uid: String,
    /// Through which API it came.
    pub api: Api,
    /// The process at the other end of the socket.
    pub peer: Peer,
}

/// The three KMS plugin APIs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Api {
    /// `/v1beta1.KeyManagementService`.
    V1Beta1,
    /// `/v2alpha1.KeyManagementService`, which only apiserver 1.26 speaks.
    V2Alpha1,
    /// `/v2.KeyManagementService`.
    V2,
}

impl Api {
    /// Every one.
    pub const ALL: [Self; 3] = [Self::V1Beta1, Self::V2Alpha1, Self::V2];

    /// The name in logs and metrics: that of the gRPC package.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::V1Beta1 => "v1beta1",
            Self::V2Alpha1 => "v2alpha1",
            Self::V2 => "v2",
        }
    }

    /// What the `version` field of its answers must say. Apiservers 1.27 and 1.28 take only `v2beta1` from `/v2`; later
    /// ones take `v2` as well, but must not see it change (`apiserver: envelope/kmsv2/envelope.go`).
    pub fn version(self) -> &'static str {
        match self {
            Self::V1Beta1 => "v1beta1",
            Self::V2Alpha1 => "v2alpha1",
            Self::V2 => "v2beta1",
        }
    }
}

impl fmt::Display for Api {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}
