//! The load: writers that use every kind of write, each on keys of its own.

use std::sync::Arc;

use local_aws::kms::Kms;
use serde_json::{Value, json};

use crate::{
    call, call_later, killing, text,
    told::{Subject, Told},
};

/// Writes until the process is killed. `first` says what it begins with: few writers come to the end of it all.
pub(crate) async fn write(kms: Arc<Kms>, first: usize) {
    let writer = Writer(&kms);
    let mut former = writer.new_key().await;
    for turn in first.. {
        let key = writer.new_key().await;
        match turn % 5 {
            0 => writer.aliases(&key, &former).await,
            1 => writer.labels(&key).await,
            2 => writer.grants(&key).await,
            3 => writer.rotations(&key).await,
            _ => writer.states(&key).await,
        }
        former = key;
    }
}

/// Deletes keys until the process is killed. The only writer whose time moves, by less than others' keys wait.
pub(crate) async fn delete(kms: Arc<Kms>) {
    let writer = Writer(&kms);
    loop {
        let key = writer.create_key().await;
        let leaving = Subject::Leaving { key: key.clone() };
        let schedule = json!({"KeyId": key, "PendingWindowInDays": 7});
        writer.change(leaving, Some("yes".into()), "ScheduleKeyDeletion", schedule).await;
        // The first call after its time deletes it, and tells that it is not there.
        let gone = call_later(&kms, "DescribeKey", json!({"KeyId": key})).await.unwrap_err();
        assert_eq!(gone.code(), "NotFoundException");
        tell(&Told::Did(Subject::Gone { key }, Some("yes".into()), "DescribeKey".into()));
    }
}

struct Writer<'a>(&'a Kms);

impl Writer<'_> {
    async fn create_key(&self) -> String {
        text(&call(self.0, "CreateKey", json!({})).await.unwrap()["KeyMetadata"]["KeyId"])
    }

    /// A key that stays.
    async fn new_key(&self) -> String {
        let key = self.create_key().await;
        tell(&Told::Did(Subject::State { key: key.clone() }, Some("Enabled".into()), "CreateKey".into()));
        key
    }

    /// One write, told before and after.
    async fn change(&self, subject: Subject, to: Option<String>, operation: &str, input: Value) {
        tell(&Told::Try(subject.clone(), to.clone()));
        call(self.0, operation, input).await.unwrap();
        tell(&Told::Did(subject, to, operation.into()));
    }

    async fn aliases(&self, key: &str, other: &str) {
        let alias = |name: &str| Subject::Alias { name: format!("alias/{key}/{name}") };
        let named =
            |name: &str, target: &str| json!({"AliasName": format!("alias/{key}/{name}"), "TargetKeyId": target});
        self.change(alias("moved"), Some(key.into()), "CreateAlias", named("moved", key)).await;
        self.change(alias("moved"), Some(other.into()), "UpdateAlias", named("moved", other)).await;
        self.change(alias("deleted"), Some(key.into()), "CreateAlias", named("deleted", key)).await;
        let deleted = json!({"AliasName": format!("alias/{key}/deleted")});
        self.change(alias("deleted"), None, "DeleteAlias", deleted).await;
    }

    async fn labels(&self, key: &str) {
        let description = Subject::Description { key: key.into() };
        let described = json!({"KeyId": key, "Description": "described"});
        self.change(description, Some("described".into()), "UpdateKeyDescription", described).await;

        let tag = Subject::Tag { key: key.into() };
        let tags = json!({"KeyId": key, "Tags": [{"TagKey": "tag", "TagValue": "one"}]});
        self.change(tag.clone(), Some("one".into()), "TagResource", tags).await;
        self.change(tag, None, "UntagResource", json!({"KeyId": key, "TagKeys": ["tag"]})).await;
    }

    async fn grants(&self, key: &str) {
        let root = "arn:aws:iam::111122223333:root";
        for how in ["RevokeGrant", "RetireGrant", "kept"] {
            let grant = json!({"KeyId": key, "GranteePrincipal": root, "Operations": ["Decrypt"]});
            let id = text(&call(self.0, "CreateGrant", grant).await.unwrap()["GrantId"]);
            let grant = Subject::Grant { key: key.into(), id: id.clone() };
            tell(&Told::Did(grant.clone(), Some("Decrypt".into()), "CreateGrant".into()));
            if how != "kept" {
                // RetireGrant takes a key by its ARN alone.
                let key = format!("arn:aws:kms:us-east-1:111122223333:key/{key}");
                self.change(grant, None, how, json!({"KeyId": key, "GrantId": id})).await;
            }
        }
    }

    async fn rotations(&self, key: &str) {
        let period = Subject::RotationPeriod { key: key.into() };
        let enabled = json!({"KeyId": key, "RotationPeriodInDays": 90});
        self.change(period.clone(), Some("90".into()), "EnableKeyRotation", enabled).await;
        self.change(period, None, "DisableKeyRotation", json!({"KeyId": key})).await;
        // Encrypts while the rotation is on its way to the disk: the ciphertext must not be told before its material.
        let seal = async {
            let sealed = call(self.0, "Encrypt", json!({"KeyId": key, "Plaintext": "c2VlZA=="})).await.unwrap();
            let blob = text(&sealed["CiphertextBlob"]);
            tell(&Told::Did(Subject::Ciphertext { blob }, Some("c2VlZA==".into()), "Encrypt".into()));
        };
        let rotations = Subject::Rotations { key: key.into() };
        let rotate = self.change(rotations, Some("1".into()), "RotateKeyOnDemand", json!({"KeyId": key}));
        tokio::join!(rotate, seal);
    }

    async fn states(&self, key: &str) {
        let state = Subject::State { key: key.into() };
        let key = json!({"KeyId": key});
        self.change(state.clone(), Some("Disabled".into()), "DisableKey", key.clone()).await;
        self.change(state.clone(), Some("Enabled".into()), "EnableKey", key.clone()).await;
        // The usual thirty days.
        self.change(state.clone(), Some("PendingDeletion".into()), "ScheduleKeyDeletion", key.clone()).await;
        self.change(state, Some("Disabled".into()), "CancelKeyDeletion", key).await;
    }
}

fn tell(told: &Told) {
    killing::tell(&told.to_string());
}
