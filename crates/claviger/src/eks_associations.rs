//! The associations of an EKS cluster, live or embedded. EKS tells of no change: it is asked.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
    time::Duration,
};

use aws_client::{Aws, CallError, Client, Unusable};
use aws_config::{BehaviorVersion, Region};
use aws_wire::model::ServiceId;
use eks_auth::{Association, Associations, NamePattern};
use serde_json::{Value, json};
use tokio::{
    sync::watch,
    time::{Instant, sleep},
};

/// How often it is asked which there are.
const LOOK: Duration = Duration::from_secs(30);
/// At the most so long until each is asked for again, since the list says nothing of its role; sooner where there are few,
/// so that EKS is asked no more than this often.
const DESCRIBE: Duration = Duration::from_secs(300);
const BETWEEN_CALLS: Duration = Duration::from_millis(500);

/// Who hears of them. `None`: they have not been had yet.
pub(crate) type AssociationsFeed = watch::Receiver<Option<Arc<Associations>>>;

/// A cluster of an EKS.
#[derive(Clone)]
pub(crate) struct EksCluster {
    client: Client,
    name: String,
}

/// Those of a cluster by their ids, each with when it was asked for.
type ById = BTreeMap<String, (Association, Instant)>;

impl EksCluster {
    /// The one of this name, in this region or else in the environment's.
    ///
    /// # Errors
    /// Where nothing says which EKS is meant.
    pub(crate) async fn new(name: &str, region: Option<&str>) -> Result<Self, Unusable> {
        let mut loader = aws_config::defaults(BehaviorVersion::latest());
        if let Some(region) = region {
            loader = loader.region(Region::new(region.to_owned()));
        }
        Self::of(&Aws::new(&loader.load().await), name)
    }

    /// The one of this name at an AWS.
    ///
    /// # Errors
    /// As [`new`](Self::new).
    pub(crate) fn of(aws: &Aws, name: &str) -> Result<Self, Unusable> {
        Ok(Self { client: aws.client(ServiceId::Eks)?, name: name.to_owned() })
    }

    /// Its associations, and a future that keeps them up to date for as long as it is polled. `read` hears each time whether
    /// EKS could be asked: where not, those before stay.
    pub(crate) fn follow(mut self, read: impl Fn(bool) + Send) -> (AssociationsFeed, impl Future<Output = ()> + Send) {
        let (publish, feed) = watch::channel(None::<Arc<Associations>>);
        let following = async move {
            let (mut kept, mut published) = (ById::new(), Vec::new());
            loop {
                let looked = self.look(&mut kept).await;
                read(looked.is_ok());
                if let Err(error) = looked {
                    tracing::warn!(cluster = self.name, %error, "the associations of EKS cannot be had; those before stay");
                    // What it signs with may be another by now.
                    let region = self.client.region().to_owned();
                    if let Ok(anew) = Self::new(&self.name, Some(&region)).await {
                        self = anew;
                    }
                } else {
                    let found: Vec<_> = kept.values().map(|(association, _)| association.clone()).collect();
                    if found != published || publish.borrow().is_none() {
                        tracing::info!(cluster = self.name, associations = found.len(), "associations of EKS");
                        published.clone_from(&found);
                        publish.send_replace(Some(Arc::new(Associations::all_but_refused(found).0)));
                    }
                }
                sleep(LOOK).await;
            }
        };
        (feed, following)
    }

    /// Brings `kept` up to date. What was asked for before a failure stays asked for, so that the next look ends sooner.
    async fn look(&self, kept: &mut ById) -> Result<(), CallError> {
        let listed = self.list().await?;
        let ids: BTreeSet<&str> = listed.iter().filter_map(|one| text(one, "/associationId")).collect();
        kept.retain(|id, _| ids.contains(id.as_str()));
        let good_for = good_for(ids.len());
        for id in ids {
            if kept.get(id).is_some_and(|(_, at)| at.elapsed() < good_for) {
                continue;
            }
            match self.describe(id).await? {
                Some(association) => drop(kept.insert(id.to_owned(), (association, Instant::now()))),
                None => drop(kept.remove(id)),
            }
        }
        Ok(())
    }

    /// What EKS says of all, which is not all of each.
    ///
    /// # Errors
    /// As EKS refuses.
    pub(crate) async fn list(&self) -> Result<Vec<Value>, CallError> {
        let asked = json!({ "clusterName": self.name });
        self.client.items("ListPodIdentityAssociations", asked, "associations").await
    }

    /// One of them; `None`, where it has gone.
    ///
    /// # Errors
    /// As EKS refuses.
    pub(crate) async fn describe(&self, id: &str) -> Result<Option<Association>, CallError> {
        let asked = json!({ "clusterName": self.name, "associationId": id });
        match self.client.call("DescribePodIdentityAssociation", asked).await {
            Ok(told) => Ok(told.get("association").and_then(of_answer)),
            Err(error) if error.is("ResourceNotFoundException") || error.is("NotFoundException") => Ok(None),
            Err(error) => Err(error),
        }
    }
}

/// How long what was asked for of one counts, of so many.
fn good_for(associations: usize) -> Duration {
    let paced = BETWEEN_CALLS.saturating_mul(u32::try_from(associations).unwrap_or(u32::MAX));
    // The next look comes later than this by what this one takes.
    paced.clamp(LOOK, DESCRIBE)
}

/// Source: Amazon EKS API Reference, "PodIdentityAssociation".
fn of_answer(told: &Value) -> Option<Association> {
    let arn = |member: &str| text(told, member)?.parse().ok();
    // Without a target that cannot be read, its pods would get what may be more.
    let target_role = match text(told, "/targetRoleArn") {
        Some(target) => Some(target.parse().ok()?),
        None => None,
    };
    let named = |member: &str| Some(NamePattern::exact(text(told, member)?));
    let id = text(told, "/associationId")?.to_owned();
    Some(Association {
        target_role,
        external_id: text(told, "/externalId").map(str::to_owned),
        session_tags: told.get("disableSessionTags").and_then(Value::as_bool) != Some(true),
        policy: text(told, "/policy").map(str::to_owned),
        ..Association::new(id, named("/namespace")?, named("/serviceAccount")?, arn("/roleArn")?)
    })
}

fn text<'a>(told: &'a Value, pointer: &str) -> Option<&'a str> {
    told.pointer(pointer).and_then(Value::as_str).filter(|text| !text.is_empty())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_association_whose_target_role_cannot_be_read_is_none() {
        let mut told = json!({
            "associationId": "a-1", "namespace": "shop", "serviceAccount": "api",
            "roleArn": "arn:aws:iam::111122223333:role/pods", "targetRoleArn": "arn:aws:iam::444455556666:role/target",
        });
        assert!(of_answer(&told).is_some_and(|association| association.target_role.is_some()));
        told["targetRoleArn"] = "arn:aws:iam::44445555666".into();
        assert!(of_answer(&told).is_none());
    }

    #[test]
    fn few_are_asked_for_with_every_look_and_many_seldom() {
        let seconds = [0, 1, 60, 120, 600, 100_000].map(|associations| good_for(associations).as_secs());
        assert_eq!(seconds, [30, 30, 30, 60, 300, 300]);
    }
}
