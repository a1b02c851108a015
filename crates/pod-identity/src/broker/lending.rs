//! From an association to a session: the role's, and where it has a target role, that one's.

use std::sync::Arc;

use eks_auth::{Assumption, Cluster, Grant};
use jiff::{SignedDuration, Timestamp};
use tokio::{sync::Semaphore, time::Instant};

use super::{
    assumer::{AssumeError, AssumeErrorKind, RoleAssumer},
    lifetimes::{ALWAYS, Lifetimes},
    metrics::Metrics,
    packed::{Breakdown, NEARLY_FULL},
    session::{Session, SessionKeys},
};

/// Calls of STS at once, for all nodes: STS has its own limits, and who waits here is answered sooner than who is throttled.
const MOST_CALLS: usize = 128;
/// What ends sooner is of no use to anybody: it is an answer that cannot be true.
const LEAST: SignedDuration = SignedDuration::from_mins(1);

/// Begins sessions for pods.
#[derive(Debug)]
pub(super) struct Lending {
    assumer: Arc<dyn RoleAssumer>,
    lifetimes: Lifetimes,
    calls: Semaphore,
    metrics: Metrics,
}

impl Lending {
    pub(super) fn new(assumer: Arc<dyn RoleAssumer>, metrics: Metrics) -> Self {
        Self { assumer, lifetimes: Lifetimes::default(), calls: Semaphore::new(MOST_CALLS), metrics }
    }

    /// The session that a pod gets. An error names the role that it is about.
    pub(super) async fn lend(
        &self,
        grant: &Grant<'_>,
        cluster: Cluster<'_>,
        now: Timestamp,
    ) -> Result<Session, AssumeError> {
        let session = self.begin(None, &grant.role, cluster, now).await?;
        match &grant.target {
            Some(target) => self.begin(Some(&session.keys), target, cluster, now).await,
            None => Ok(session),
        }
    }

    /// Looks again for what calls are signed with.
    pub(super) async fn reload(&self) {
        self.assumer.reload().await;
        self.lifetimes.forget();
    }

    async fn begin(
        &self,
        by: Option<&SessionKeys>,
        wanted: &Assumption<'_>,
        cluster: Cluster<'_>,
        now: Timestamp,
    ) -> Result<Session, AssumeError> {
        let is_chained = by.is_some() || self.assumer.identity().is_some_and(|identity| identity.is_role());
        let longest = if is_chained { wanted.lasts.min(ALWAYS) } else { wanted.lasts };
        let lasts = self.lifetimes.of(wanted.role, longest, now);
        let mut begun = self.call(by, wanted, lasts).await;
        if lasts > ALWAYS && matches!(&begun, Err(error) if error.kind == AssumeErrorKind::TooLong) {
            self.lifetimes.remember(wanted.role, now);
            begun = self.call(by, wanted, ALWAYS).await;
        }
        let session = begun.map_err(|error| explained(error, wanted))?;
        if let Some(packed) = session.packed {
            self.metrics.packed(packed);
            if packed >= NEARLY_FULL {
                let (role, cluster, takes) = (wanted.role.as_str(), cluster.name, Breakdown::of(wanted));
                tracing::warn!(role, cluster, packed, "tags and policy nearly fill what STS packs: {takes}");
            }
        }
        check(session, wanted, now)
    }

    async fn call(
        &self,
        by: Option<&SessionKeys>,
        wanted: &Assumption<'_>,
        lasts: SignedDuration,
    ) -> Result<Session, AssumeError> {
        // Closed never: an error would be that.
        let _turn = self.calls.acquire().await;
        let started = Instant::now();
        let begun = self.assumer.assume(by, wanted, lasts).await;
        self.metrics.called(begun.as_ref().err().map(|error| error.kind), started.elapsed());
        begun
    }
}

/// What was said, with what can be done about it where that is not plain.
fn explained(error: AssumeError, wanted: &Assumption<'_>) -> AssumeError {
    let AssumeError { kind, message } = error;
    let role = wanted.role.as_str();
    let more = match kind {
        AssumeErrorKind::PackedTooLarge => format!("; {}", Breakdown::of(wanted)),
        AssumeErrorKind::Denied if wanted.tags.is_empty() => {
            "; its trust policy has to allow sts:AssumeRole".to_owned()
        }
        AssumeErrorKind::Denied => {
            "; its trust policy has to allow sts:AssumeRole and sts:TagSession (`claviger pod-identity broker \
             trust-policy` writes one)"
                .to_owned()
        }
        _ => String::new(),
    };
    AssumeError { kind, message: format!("cannot assume the role {role}: {message}{more}") }
}

/// The session, if it can be what was asked for: of that role, under that name, and not over.
fn check(session: Session, wanted: &Assumption<'_>, now: Timestamp) -> Result<Session, AssumeError> {
    let untrue = |said: &str| AssumeError {
        kind: AssumeErrorKind::Untrue,
        message: format!("cannot assume the role {}: STS answered {said}", wanted.role.as_str()),
    };
    // The session's ARN has the role's name without its path.
    let name = wanted.role.resource().rsplit('/').next().unwrap_or_default();
    let account = wanted.role.account();
    let own = format!(":sts::{account}:assumed-role/{name}/{}", wanted.session_name);
    if !session.arn.ends_with(&own) {
        return Err(untrue("with a session of another role"));
    }
    if session.expires.duration_since(now) < LEAST {
        return Err(untrue("with a session that is over"));
    }
    Ok(session)
}
