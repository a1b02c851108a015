//! What a client does with KMS, and how it reads what it did.

use aws_sdk_cloudtrail::types::{LookupAttribute, LookupAttributeKey};
use aws_sdk_kms::{
    config::Credentials,
    primitives::Blob,
    types::{DataKeySpec, GrantListEntry, GrantOperation, KeyMetadata, Tag},
};
use serde_json::{Value, json};
use tokio::sync::watch;

use crate::{
    client::{Client, Outcome, Sealed},
    ledger::{ANY, Is, Kind, Subject},
    run::Stage,
};

/// How many keys a client has that are not about to be deleted, how many ciphertexts, how many grants of a key.
const KEYS: usize = 4;
const SEALED: usize = 12;
const GRANTS: usize = 3;
const ENABLED: &str = "Enabled";
const DISABLED: &str = "Disabled";
const LEAVING: &str = "PendingDeletion";
/// What a key without a policy of its own has.
const USUAL_POLICY: &str = "Enable IAM User Permissions";
const TAG: &str = "tag";

impl Client {
    pub(crate) async fn act_on_keys(&mut self, stages: &watch::Receiver<Stage>) {
        let keys = self.ledger.there(Kind::Key);
        let staying: Vec<_> = keys.iter().filter(|(_, state)| state != LEAVING).collect();
        if staying.len() < KEYS {
            return self.create_key().await;
        }
        let Some((key, state)) = self.random.pick(&keys) else { return };
        let key = key.of;
        match (state.as_str(), self.random.below(14)) {
            (LEAVING, 0..2) => {
                let cancel = self.sdk.kms.cancel_key_deletion().key_id(&key).send();
                self.write(Kind::Key.of(key), Some(DISABLED), "CancelKeyDeletion", cancel).await;
            }
            // Nothing else is to be had of it.
            (LEAVING, _) => self.open_again().await,
            (DISABLED, 0..6) => {
                let enable = self.sdk.kms.enable_key().key_id(&key).send();
                self.write(Kind::Key.of(key), Some(ENABLED), "EnableKey", enable).await;
            }
            (_, 0) => self.schedule_deletion(key).await,
            (ENABLED, 1) => {
                let disable = self.sdk.kms.disable_key().key_id(&key).send();
                self.write(Kind::Key.of(key), Some(DISABLED), "DisableKey", disable).await;
            }
            (_, 2) => self.describe_key(key, stages).await,
            (_, 3) => self.tag_key(key).await,
            (_, 4) => self.put_key_policy(key).await,
            (_, 5) => self.name_key(key).await,
            (ENABLED, 6..9) => self.grant(key).await,
            (ENABLED, 9..12) => self.seal(key).await,
            (ENABLED, 12) => self.generate_data_key(key).await,
            _ => self.open_again().await,
        }
    }

    /// A retry of CreateKey makes another key: all that were made are of the description that was sent.
    async fn create_key(&mut self) {
        let description = self.new_value("key");
        let call = self.sdk.kms.create_key().description(&description).send();
        let (outcome, sent) = self.attempt("CreateKey", call).await;
        let mut made = Vec::new();
        if let Outcome::Done(answer) = &outcome {
            made.push(answer.key_metadata().unwrap().key_id().to_owned());
        }
        if sent.unsure() > 0 {
            let known = self.ledger.things(Kind::Key);
            for key in self.list_keys().await.into_iter().filter(|key| !known.contains(key)) {
                let is = self.key_metadata(&key).await.and_then(|key| key.description);
                assert_eq!(is.as_deref(), Some(&*description), "{}: a key that nobody asked for", self.account);
                if !made.contains(&key) {
                    made.push(key);
                }
            }
        }
        let most = sent.unsure() + u64::from(matches!(outcome, Outcome::Done(_)));
        assert!(made.len() as u64 <= most, "{}: {most} attempts made the keys {made:?}", self.account);
        for key in made {
            self.ledger.did(Kind::Key.of(&key), Some(ENABLED.into()));
            self.ledger.did(Kind::KeyDescription.of(&key), Some(description.clone()));
            self.ledger.did(Kind::KeyPolicy.of(&key), Some(USUAL_POLICY.into()));
        }
    }

    async fn schedule_deletion(&mut self, key: String) {
        let schedule = self.sdk.kms.schedule_key_deletion().key_id(&key).pending_window_in_days(7).send();
        self.write(Kind::Key.of(key), Some(LEAVING), "ScheduleKeyDeletion", schedule).await;
    }

    /// The clock went on by more days than keys wait.
    pub(crate) fn keys_that_waited_are_gone(&mut self) {
        for (key, state) in self.ledger.there(Kind::Key) {
            if state == LEAVING {
                self.ledger.gone(&key);
                self.sealed.retain(|sealed| sealed.key != key.of);
                for (alias, _) in self.ledger.there(Kind::Alias).into_iter().filter(|(_, target)| *target == key.of) {
                    self.ledger.did(alias, None);
                }
            }
        }
    }

    /// Describes a key, and sometimes looks whether the trail has that.
    async fn describe_key(&mut self, key: String, stages: &watch::Receiver<Stage>) {
        let text = self.new_value("description");
        let update = self.sdk.kms.update_key_description().key_id(&key).description(&text).send();
        let subject = Kind::KeyDescription.of(&key);
        let was_done = self.write(subject, Some(&text), "UpdateKeyDescription", update).await.is_some();
        if was_done && self.random.one_in(4) {
            let arn = format!("arn:aws:kms:{}:{}:key/{key}", crate::REGION, self.account);
            let by = LookupAttribute::builder().attribute_key(LookupAttributeKey::ResourceName).attribute_value(arn);
            let lookup = self.sdk.cloudtrail.lookup_events().lookup_attributes(by.build().unwrap()).max_results(20);
            let found = self.ask("LookupEvents", || lookup.clone().send()).await.unwrap();
            let is_it = |event: &str| {
                let event: Value = serde_json::from_str(event).unwrap();
                event["eventName"] == "UpdateKeyDescription" && event["requestParameters"]["description"] == text
            };
            let is_there = found.events().iter().filter_map(|event| event.cloud_trail_event()).any(is_it);
            // Events are kept in memory.
            assert!(is_there || self.was_ended_since(stages), "{}: no event of {text}: {found:?}", self.account);
        }
    }

    async fn tag_key(&mut self, key: String) {
        let subject = Kind::KeyTag.of(&key);
        if self.ledger.is(&subject).is_some() && self.random.one_in(3) {
            let untag = self.sdk.kms.untag_resource().key_id(&key).tag_keys(TAG).send();
            self.write(subject, None, "UntagResource", untag).await;
        } else {
            let value = self.new_value("tag");
            let tag = Tag::builder().tag_key(TAG).tag_value(&value).build().unwrap();
            let tag = self.sdk.kms.tag_resource().key_id(&key).tags(tag).send();
            self.write(subject, Some(&value), "TagResource", tag).await;
        }
    }

    async fn put_key_policy(&mut self, key: String) {
        let sid = self.new_value("policy");
        let policy = json!({ "Version": "2012-10-17", "Statement": [{
            "Sid": sid,
            "Effect": "Allow",
            "Principal": { "AWS": format!("arn:aws:iam::{}:root", self.account) },
            "Action": "kms:*",
            "Resource": "*",
        }] });
        let put = self.sdk.kms.put_key_policy().key_id(&key).policy(policy.to_string()).send();
        self.write(Kind::KeyPolicy.of(key), Some(&sid), "PutKeyPolicy", put).await;
    }

    /// Makes, moves or deletes one of three aliases.
    async fn name_key(&mut self, key: String) {
        let name = format!("alias/soak-{}", self.random.below(3));
        let subject = Kind::Alias.of(&name);
        if self.ledger.is(&subject).is_none() {
            let create = self.sdk.kms.create_alias().alias_name(name).target_key_id(&key).send();
            self.write(subject, Some(&key), "CreateAlias", create).await;
        } else if self.random.one_in(3) {
            let delete = self.sdk.kms.delete_alias().alias_name(name).send();
            self.write(subject, None, "DeleteAlias", delete).await;
        } else {
            let update = self.sdk.kms.update_alias().alias_name(name).target_key_id(&key).send();
            self.write(subject, Some(&key), "UpdateAlias", update).await;
        }
    }

    /// Makes a grant, twice at times; or retires or revokes one.
    ///
    /// Source: AWS KMS API Reference, "CreateGrant", `Name`: the same request by the same name makes no other grant.
    async fn grant(&mut self, key: String) {
        let grants = self.ledger.names(Kind::Grant, &key);
        if grants.len() < GRANTS {
            let name = self.new_value("grant");
            self.create_grant(&key, &name, &format!("arn:aws:iam::{}:root", self.account)).await;
        } else if let Some(name) = self.random.pick(&grants) {
            self.end_grant(&key, &name).await;
        }
    }

    async fn create_grant(&mut self, key: &str, name: &str, grantee: &str) -> Option<String> {
        let create = self.sdk.kms.create_grant().key_id(key).name(name).grantee_principal(grantee);
        let create = create.operations(GrantOperation::Encrypt).operations(GrantOperation::Decrypt);
        let subject = Kind::Grant.named(key, name);
        for _ in 0..self.random.between(1, 3) {
            let before = self.ledger.is(&subject);
            let (outcome, sent) = self.attempt("CreateGrant", create.clone().send()).await;
            let id = match &outcome {
                Outcome::Not => continue,
                Outcome::Done(made) => made.grant_id().map(str::to_owned),
                Outcome::Unknown => None,
            };
            match (before, id) {
                (Some(before), Some(id)) => assert_eq!(before, id, "{}: one grant twice", self.account),
                (None, Some(id)) => self.ledger.did(subject.clone(), Some(id)),
                (None, None) => self.ledger.tried(subject.clone(), Some(ANY.into())),
                (Some(_), None) => {}
            }
            if sent.unsure() > 0 {
                self.look(subject.clone(), "CreateGrant").await;
            }
        }
        self.ledger.is(&subject)
    }

    async fn end_grant(&mut self, key: &str, name: &str) {
        let subject = Kind::Grant.named(key, name);
        let Some(id) = self.ledger.is(&subject) else { return };
        if self.random.one_in(2) {
            let arn = format!("arn:aws:kms:{}:{}:key/{key}", crate::REGION, self.account);
            let retire = self.sdk.kms.retire_grant().key_id(arn).grant_id(id).send();
            self.write(subject, None, "RetireGrant", retire).await;
        } else {
            let revoke = self.sdk.kms.revoke_grant().key_id(key).grant_id(id).send();
            self.write(subject, None, "RevokeGrant", revoke).await;
        }
    }

    /// Seals and opens again.
    async fn seal(&mut self, key: String) {
        let plaintext = self.new_value("plaintext");
        let encrypt = self.sdk.kms.encrypt().key_id(&key).encryption_context("key", &key);
        let encrypt = encrypt.plaintext(Blob::new(plaintext.as_bytes()));
        let sealed = self.ask("Encrypt", || encrypt.clone().send()).await.unwrap();
        let sealed = Sealed { key, blob: sealed.ciphertext_blob.unwrap(), plaintext };
        self.open(&self.sdk.kms, &sealed).await;
        if self.sealed.len() == SEALED {
            let at = self.random.below(SEALED as u64);
            self.sealed.swap_remove(usize::try_from(at).unwrap());
        }
        self.sealed.push(sealed);
    }

    async fn generate_data_key(&mut self, key: String) {
        let generate = self.sdk.kms.generate_data_key().key_id(&key).key_spec(DataKeySpec::Aes256);
        let generate = generate.encryption_context("key", &key);
        let made = self.ask("GenerateDataKey", || generate.clone().send()).await.unwrap();
        let (plaintext, sealed) = (made.plaintext.unwrap(), made.ciphertext_blob.unwrap());
        let decrypt = self.sdk.kms.decrypt().ciphertext_blob(sealed).encryption_context("key", &key);
        let opened = self.ask("Decrypt", || decrypt.clone().send()).await.unwrap();
        assert_eq!(opened.plaintext, Some(plaintext), "{}: a data key opens to another", self.account);
    }

    /// Opens something that was sealed a while ago.
    async fn open_again(&mut self) {
        let Some(sealed) = self.random.pick(&self.sealed) else { return };
        if self.ledger.is(&Kind::Key.of(&sealed.key)).as_deref() == Some(ENABLED) {
            self.open(&self.sdk.kms, &sealed).await;
        }
    }

    async fn open(&self, kms: &aws_sdk_kms::Client, sealed: &Sealed) {
        let decrypt = kms.decrypt().ciphertext_blob(sealed.blob.clone()).encryption_context("key", &sealed.key);
        let opened = self.ask("Decrypt", || decrypt.clone().send()).await;
        let opened = opened.unwrap_or_else(|| panic!("{}: the key of {sealed:?} is gone", self.account));
        assert_eq!(opened.plaintext.unwrap().as_ref(), sealed.plaintext.as_bytes(), "{}", self.account);
    }

    /// Assumes a role, says who it is, and opens something by a grant to the role.
    pub(crate) async fn act_as_a_session(&mut self) {
        let Some(role) = self.random.pick(&self.ledger.things(Kind::Role)) else { return };
        let arn = format!("arn:aws:iam::{}:role/{role}", self.account);
        let assume = self.sdk.sts.assume_role().role_arn(&arn).role_session_name("soak");
        let assumed = self.ask("AssumeRole", || assume.clone().send()).await.unwrap();
        let got = assumed.credentials().unwrap();
        let token = Some(got.session_token().to_owned());
        let credentials = Credentials::new(got.access_key_id(), got.secret_access_key(), token, None, "soak");
        let session = self.wire.sdk(&credentials);
        let who = self.ask("GetCallerIdentity", || session.sts.get_caller_identity().send()).await.unwrap();
        let is = format!("arn:aws:sts::{}:assumed-role/{role}/soak", self.account);
        assert_eq!(who.arn(), Some(&*is));

        let Some(sealed) = self.random.pick(&self.sealed) else { return };
        let is_enabled = self.ledger.is(&Kind::Key.of(&sealed.key)).as_deref() == Some(ENABLED);
        if !is_enabled || self.ledger.names(Kind::Grant, &sealed.key).len() >= GRANTS {
            return;
        }
        let name = self.new_value("grant");
        if self.create_grant(&sealed.key, &name, &arn).await.is_some() {
            self.open(&session.kms, &sealed).await;
            self.end_grant(&sealed.key, &name).await;
        }
    }

    /// What a subject of KMS is.
    pub(crate) async fn read_key(&self, subject: &Subject) -> Is {
        let kms = &self.sdk.kms;
        let key = subject.of.as_str();
        match subject.kind {
            Kind::Key => Some(self.key_metadata(key).await?.key_state?.as_str().to_owned()),
            Kind::KeyDescription => self.key_metadata(key).await?.description,
            Kind::KeyTag => {
                let listed = self.ask("ListResourceTags", || kms.list_resource_tags().key_id(key).send()).await?;
                listed.tags.unwrap_or_default().into_iter().next().map(|tag| tag.tag_value)
            }
            Kind::KeyPolicy => {
                let got = self.ask("GetKeyPolicy", || kms.get_key_policy().key_id(key).send()).await?;
                crate::sid(got.policy()?)
            }
            Kind::Grant => {
                let grants = self.grants(key).await?;
                let by_name: Vec<_> = grants.iter().filter(|grant| grant.name() == Some(&subject.name)).collect();
                assert!(by_name.len() < 2, "{}: a retry made another grant: {by_name:?}", self.account);
                by_name.first()?.grant_id.clone()
            }
            _ => self.key_metadata(key).await.map(|key| key.key_id),
        }
    }

    async fn key_metadata(&self, key: &str) -> Option<KeyMetadata> {
        let described = self.ask("DescribeKey", || self.sdk.kms.describe_key().key_id(key).send()).await;
        described?.key_metadata
    }

    async fn grants(&self, key: &str) -> Option<Vec<GrantListEntry>> {
        let listed = self.ask("ListGrants", || self.sdk.kms.list_grants().key_id(key).limit(100).send()).await;
        listed?.grants
    }

    async fn list_keys(&self) -> Vec<String> {
        let listed = self.ask("ListKeys", || self.sdk.kms.list_keys().limit(1000).send()).await.unwrap();
        listed.keys.unwrap_or_default().into_iter().filter_map(|key| key.key_id).collect()
    }

    /// There are no keys, aliases and grants beside those that are known, and what was sealed opens.
    pub(crate) async fn compare_keys(&mut self) {
        let (mut there, mut known) = (self.list_keys().await, self.ledger.things(Kind::Key));
        there.sort();
        known.sort();
        assert_eq!(there, known, "{}: the keys", self.account);

        let listed = self.ask("ListAliases", || self.sdk.kms.list_aliases().limit(100).send()).await.unwrap();
        let names = listed.aliases.unwrap_or_default().into_iter().filter_map(|alias| alias.alias_name);
        let mut there: Vec<_> = names.filter(|name| !name.starts_with("alias/aws/")).collect();
        there.sort();
        assert_eq!(there, self.ledger.things(Kind::Alias), "{}: the aliases", self.account);

        for key in known {
            let grants = self.grants(&key).await.unwrap_or_default();
            let mut there: Vec<_> = grants.into_iter().filter_map(|grant| grant.name).collect();
            there.sort();
            assert_eq!(there, self.ledger.names(Kind::Grant, &key), "{}: the grants of {key}", self.account);
        }
        for sealed in self.sealed.clone() {
            if self.ledger.is(&Kind::Key.of(&sealed.key)).as_deref() == Some(ENABLED) {
                self.open(&self.sdk.kms, &sealed).await;
            }
        }
    }
}
