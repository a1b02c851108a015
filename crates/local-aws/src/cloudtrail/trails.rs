//! Trails: what is set for them, and whether they log.
//!
//! That is all there is to them: every event is kept without any, and there are no buckets to deliver to. What
//! `claviger local-aws --trail` writes follows from none of them.

use std::{
    collections::BTreeMap,
    sync::{PoisonError, RwLock},
};

use aws_model::{AccountId, Region, SecretBytes};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};

use super::name::{Named, named};
use crate::{
    caller::CallContext,
    error::ServiceError,
    store::{Batch, OpenError, Store, Table},
};

/// A row for each trail.
const TRAILS: Table = Table::plain("cloudtrail.trail");
/// What is kept of CloudTrail.
pub(crate) const TABLES: &[Table] = &[TRAILS];

/// How many trails there can be in a region.
///
/// Source: AWS CloudTrail User Guide, "Quotas in AWS CloudTrail".
const MOST: usize = 5;

/// The trails of every account.
#[derive(Debug)]
pub(super) struct Trails {
    store: Store,
    known: RwLock<Known>,
}

type Known = BTreeMap<Place, TrailRecord>;

/// An account, a home region, a name.
type Place = (AccountId, Region, String);

#[derive(Clone, Debug, Serialize, Deserialize)]
struct TrailRecord {
    account: AccountId,
    home: Region,
    name: String,
    settings: Settings,
    logging: bool,
    started: Option<Timestamp>,
    stopped: Option<Timestamp>,
}

/// What is set, under the names that answers have for it.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Settings {
    s3_bucket_name: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    s3_key_prefix: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    sns_topic_name: Option<String>,
    include_global_service_events: bool,
    is_multi_region_trail: bool,
    log_file_validation_enabled: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    cloud_watch_logs_log_group_arn: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    cloud_watch_logs_role_arn: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    kms_key_id: Option<String>,
}

/// What CreateTrail and UpdateTrail take.
#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Wished {
    name: String,
    s3_bucket_name: Option<String>,
    s3_key_prefix: Option<String>,
    sns_topic_name: Option<String>,
    include_global_service_events: Option<bool>,
    is_multi_region_trail: Option<bool>,
    enable_log_file_validation: Option<bool>,
    cloud_watch_logs_log_group_arn: Option<String>,
    cloud_watch_logs_role_arn: Option<String>,
    kms_key_id: Option<String>,
    is_organization_trail: Option<bool>,
    #[serde(default)]
    tags_list: Vec<Value>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct OneTrail {
    name: String,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct DescribeTrails {
    #[serde(default)]
    trail_name_list: Vec<String>,
    include_shadow_trails: Option<bool>,
}

impl Trails {
    /// Those that the store kept.
    pub(super) fn open(store: Store) -> Result<Self, OpenError> {
        let mut known = Known::new();
        for row in store.rows(TRAILS)? {
            let record: TrailRecord = store.decode(TRAILS, &row)?;
            known.insert(record.place(), record);
        }
        Ok(Self { store, known: RwLock::new(known) })
    }

    /// A new trail. It does not log before StartLogging.
    pub(super) fn create(&self, context: &CallContext<'_>, input: Value) -> Result<Value, ServiceError> {
        let wished: Wished = read(input)?;
        let name = match named(&wished.name)? {
            Named::Name(name) => name,
            Named::Arn { .. } => return Err(super::name::no_name(&wished.name)),
        };
        let settings = wished.over(Settings { include_global_service_events: true, ..Settings::default() })?;
        let (account, home) = (context.caller.account, context.region.clone());
        let record = TrailRecord { account, home, name, settings, logging: false, started: None, stopped: None };
        let mut known = self.known.write().unwrap_or_else(PoisonError::into_inner);
        if known.contains_key(&record.place()) {
            let message = format!("Trail {} already exists for customer: {account}", record.name);
            return Err(ServiceError::new("TrailAlreadyExistsException", message));
        }
        let here = known.values().filter(|other| other.account == account && other.home == record.home);
        if here.count() >= MOST {
            let message = format!("User: {account} already has {MOST} trails in {}.", record.home);
            return Err(ServiceError::new("MaximumNumberOfTrailsExceededException", message));
        }
        let answer = record.answer();
        self.put(&mut known, record);
        Ok(answer)
    }

    pub(super) fn update(&self, context: &CallContext<'_>, input: Value) -> Result<Value, ServiceError> {
        let wished: Wished = read(input)?;
        let name = wished.name.clone();
        let updated = self.change(context, &name, |record| {
            record.settings = wished.over(record.settings.clone())?;
            Ok(())
        })?;
        Ok(updated.answer())
    }

    pub(super) fn delete(&self, context: &CallContext<'_>, input: Value) -> Result<Value, ServiceError> {
        let OneTrail { name } = read(input)?;
        let mut known = self.known.write().unwrap_or_else(PoisonError::into_inner);
        let place = find(&known, context, &name)?.at_home(context)?.place();
        let mut batch = Batch::new();
        batch.delete(TRAILS, row_key(&place));
        self.store.write(batch);
        known.remove(&place);
        Ok(json!({}))
    }

    pub(super) fn get(&self, context: &CallContext<'_>, input: Value) -> Result<Value, ServiceError> {
        let OneTrail { name } = read(input)?;
        let known = self.known.read().unwrap_or_else(PoisonError::into_inner);
        Ok(json!({ "Trail": find(&known, context, &name)?.whole() }))
    }

    /// Those of the region, and the multi-Region ones of the others; of names that no trail has, nothing.
    pub(super) fn describe(&self, context: &CallContext<'_>, input: Value) -> Result<Value, ServiceError> {
        let input: DescribeTrails = read(input)?;
        let known = self.known.read().unwrap_or_else(PoisonError::into_inner);
        if !input.trail_name_list.is_empty() {
            let mut found = Vec::new();
            for text in &input.trail_name_list {
                named(text)?;
                found.extend(find(&known, context, text).ok().map(TrailRecord::whole));
            }
            return Ok(json!({ "trailList": found }));
        }
        let shadows = input.include_shadow_trails.unwrap_or(true);
        let found = known.values().filter(|record| {
            let is_here = record.home == *context.region || (shadows && record.settings.is_multi_region_trail);
            record.account == context.caller.account && is_here
        });
        Ok(json!({ "trailList": found.map(TrailRecord::whole).collect::<Vec<_>>() }))
    }

    /// All of the account, wherever they are at home.
    pub(super) fn list(&self, context: &CallContext<'_>) -> Value {
        let known = self.known.read().unwrap_or_else(PoisonError::into_inner);
        let own = known.values().filter(|record| record.account == context.caller.account);
        let listed =
            own.map(|record| json!({ "TrailARN": record.arn(), "Name": record.name, "HomeRegion": record.home }));
        json!({ "Trails": listed.collect::<Vec<_>>() })
    }

    pub(super) fn status(&self, context: &CallContext<'_>, input: Value) -> Result<Value, ServiceError> {
        let OneTrail { name } = read(input)?;
        let known = self.known.read().unwrap_or_else(PoisonError::into_inner);
        let record = find(&known, context, &name)?;
        let mut status = json!({ "IsLogging": record.logging });
        if let Some(fields) = status.as_object_mut() {
            for (time, text, at) in [
                ("StartLoggingTime", "TimeLoggingStarted", record.started),
                ("StopLoggingTime", "TimeLoggingStopped", record.stopped),
            ] {
                fields.extend(at.map(|at| (time.into(), at.as_second().into())));
                fields.insert(text.into(), at.map(crate::trail::time).unwrap_or_default().into());
            }
        }
        Ok(status)
    }

    pub(super) fn log(&self, context: &CallContext<'_>, input: Value, logging: bool) -> Result<Value, ServiceError> {
        let OneTrail { name } = read(input)?;
        self.change(context, &name, |record| {
            if record.logging != logging {
                record.logging = logging;
                let time = if logging { &mut record.started } else { &mut record.stopped };
                *time = Some(context.now);
            }
            Ok(())
        })?;
        Ok(json!({}))
    }

    /// Waits until all that was done would survive a kill.
    pub(super) async fn durable(&self) -> Result<(), ServiceError> {
        let kept = self.store.durable(self.store.newest()).await;
        kept.map_err(|failed| ServiceError::internal("InternalFailure", failed.to_string()))
    }

    fn change(
        &self,
        context: &CallContext<'_>,
        name: &str,
        change: impl FnOnce(&mut TrailRecord) -> Result<(), ServiceError>,
    ) -> Result<TrailRecord, ServiceError> {
        let mut known = self.known.write().unwrap_or_else(PoisonError::into_inner);
        let mut record = find(&known, context, name)?.at_home(context)?.clone();
        change(&mut record)?;
        self.put(&mut known, record.clone());
        Ok(record)
    }

    fn put(&self, known: &mut Known, record: TrailRecord) {
        let mut batch = Batch::new();
        // A plain struct of text, truths and times: there is nothing in it that JSON refuses.
        let bytes = serde_json::to_vec(&record).unwrap_or_default();
        batch.put(TRAILS, row_key(&record.place()), SecretBytes::new(bytes));
        self.store.write(batch);
        known.insert(record.place(), record);
    }
}

/// The trail of this name or ARN: one of the region, or a multi-Region one of another.
fn find<'k>(known: &'k Known, context: &CallContext<'_>, text: &str) -> Result<&'k TrailRecord, ServiceError> {
    let account = context.caller.account;
    let found = match named(text)? {
        Named::Arn { account: owner, region, name } if owner == account => known.get(&(account, region, name)),
        Named::Arn { .. } => None,
        Named::Name(name) => known.get(&(account, context.region.clone(), name.clone())).or_else(|| {
            let is_shadow = |record: &&TrailRecord| record.account == account && record.name == name;
            known.values().find(|record| is_shadow(record) && record.settings.is_multi_region_trail)
        }),
    };
    // Source: AWS CloudTrail User Guide, "CloudTrail log file examples" > "Error code and message log example".
    let message = || format!("Unknown trail: {text} for the user: {account}");
    found.ok_or_else(|| ServiceError::new("TrailNotFoundException", message()))
}

impl TrailRecord {
    fn place(&self) -> Place {
        (self.account, self.home.clone(), self.name.clone())
    }

    fn arn(&self) -> String {
        let Self { account, home, name, .. } = self;
        format!("arn:{}:cloudtrail:{home}:{account}:trail/{name}", home.partition())
    }

    fn at_home(&self, context: &CallContext<'_>) -> Result<&Self, ServiceError> {
        if self.home == *context.region {
            return Ok(self);
        }
        let message = format!("The trail {} can be changed only in its home region, {}.", self.arn(), self.home);
        Err(ServiceError::new("InvalidHomeRegionException", message))
    }

    /// What CreateTrail and UpdateTrail answer.
    fn answer(&self) -> Value {
        let mut answer = match serde_json::to_value(&self.settings) {
            Ok(Value::Object(fields)) => fields,
            _ => Map::new(),
        };
        answer.insert("Name".into(), self.name.as_str().into());
        answer.insert("TrailARN".into(), self.arn().into());
        answer.insert("IsOrganizationTrail".into(), false.into());
        if let Some(topic) = &self.settings.sns_topic_name {
            let (partition, home, account) = (self.home.partition(), &self.home, self.account);
            let arn = if topic.starts_with("arn:") {
                topic.clone()
            } else {
                format!("arn:{partition}:sns:{home}:{account}:{topic}")
            };
            answer.insert("SnsTopicARN".into(), arn.into());
        }
        answer.into()
    }

    fn whole(&self) -> Value {
        let mut whole = self.answer();
        if let Some(fields) = whole.as_object_mut() {
            fields.insert("HomeRegion".into(), self.home.as_str().into());
            fields.insert("HasCustomEventSelectors".into(), false.into());
            fields.insert("HasInsightSelectors".into(), false.into());
        }
        whole
    }
}

impl Wished {
    /// These settings, where others were; what is not wished stays.
    fn over(self, before: Settings) -> Result<Settings, ServiceError> {
        let refuse = |code: &'static str, message: &str| Err(ServiceError::new(code, message));
        if self.is_organization_trail == Some(true) || !self.tags_list.is_empty() {
            let message = "Organization trails and tags of trails are not supported by the embedded AWS.";
            return refuse("UnsupportedOperationException", message);
        }
        let settings = Settings {
            s3_bucket_name: self.s3_bucket_name.unwrap_or(before.s3_bucket_name),
            s3_key_prefix: self.s3_key_prefix.or(before.s3_key_prefix),
            sns_topic_name: self.sns_topic_name.or(before.sns_topic_name),
            include_global_service_events: self
                .include_global_service_events
                .unwrap_or(before.include_global_service_events),
            is_multi_region_trail: self.is_multi_region_trail.unwrap_or(before.is_multi_region_trail),
            log_file_validation_enabled: self.enable_log_file_validation.unwrap_or(before.log_file_validation_enabled),
            cloud_watch_logs_log_group_arn: self
                .cloud_watch_logs_log_group_arn
                .or(before.cloud_watch_logs_log_group_arn),
            cloud_watch_logs_role_arn: self.cloud_watch_logs_role_arn.or(before.cloud_watch_logs_role_arn),
            kms_key_id: self.kms_key_id.or(before.kms_key_id),
        };
        if !is_bucket_name(&settings.s3_bucket_name) {
            let message = format!("Bucket name {} is not valid.", settings.s3_bucket_name);
            return refuse("InvalidS3BucketNameException", &message);
        }
        if settings.s3_key_prefix.as_ref().is_some_and(|prefix| prefix.chars().count() > 200) {
            return refuse("InvalidS3PrefixException", "The prefix is longer than 200 characters.");
        }
        if settings.is_multi_region_trail && !settings.include_global_service_events {
            let message = "Multi-Region trail must include global service events.";
            return refuse("InvalidParameterCombinationException", message);
        }
        Ok(settings)
    }
}

/// Source: Amazon S3 User Guide, "General purpose bucket naming rules".
fn is_bucket_name(name: &str) -> bool {
    let is_edge = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit();
    let edges = [name.bytes().next(), name.bytes().next_back()];
    (3..=63).contains(&name.len())
        && name.bytes().all(|byte| is_edge(byte) || byte == b'-' || byte == b'.')
        && edges.into_iter().flatten().all(is_edge)
}

fn row_key((account, home, name): &Place) -> String {
    format!("{account}/{home}/{name}")
}

fn read<T: serde::de::DeserializeOwned>(input: Value) -> Result<T, ServiceError> {
    serde_json::from_value(input).map_err(|failed| ServiceError::new("SerializationException", failed.to_string()))
}
