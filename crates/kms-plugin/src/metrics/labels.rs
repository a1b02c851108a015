//! The labels of each metric.

use std::sync::Arc;

use key_service::ErrorClass;
use prometheus_client::encoding::EncodeLabelSet;

use super::Call;
use crate::caller::Api;

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
pub(super) struct KeyLabel {
    pub(super) key: Arc<str>,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
pub(super) struct LaneLabels {
    pub(super) key: Arc<str>,
    pub(super) lane: &'static str,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
pub(super) struct RequestLabels {
    pub(super) key: Arc<str>,
    pub(super) operation: &'static str,
    pub(super) api: &'static str,
    pub(super) outcome: &'static str,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
pub(super) struct RequestDuration {
    pub(super) key: Arc<str>,
    pub(super) operation: &'static str,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
pub(super) struct CallLabels {
    pub(super) key: Arc<str>,
    pub(super) call: &'static str,
    pub(super) purpose: &'static str,
    pub(super) outcome: &'static str,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
pub(super) struct CallDuration {
    pub(super) key: Arc<str>,
    pub(super) call: &'static str,
}

/// Source: aws-encryption-provider 6d4f71e, `pkg/plugin/metrics.go` and `pkg/kmsplugin/kms.go`.
#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
pub(super) struct PeerLabels {
    key_arn: Arc<str>,
    status: &'static str,
    operation: &'static str,
    version: &'static str,
}

impl PeerLabels {
    pub(super) fn new(key_arn: Arc<str>, call: Call, api: Api, error: Option<ErrorClass>) -> Self {
        let status = match error {
            None => "success",
            Some(ErrorClass::Throttled) => "failure-throttle",
            Some(_) => "failure",
        };
        let operation = match call {
            Call::Seal => "encrypt",
            Call::Open => "decrypt",
        };
        let version = match api {
            Api::V1Beta1 => "v1",
            Api::V2Alpha1 | Api::V2 => "v2",
        };
        Self { key_arn, status, operation, version }
    }
}
