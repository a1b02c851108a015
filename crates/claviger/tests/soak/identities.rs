//! What a client does with IAM, and how it reads what it did.

use aws_sdk_iam::types::{PolicyScopeType, StatusType, Tag};
use aws_sdk_kms::config::Credentials;
use serde_json::json;

use crate::{
    client::{Client, Outcome},
    ledger::{Is, Kind, Subject},
};

/// How many there are of each at most.
const ROLES: u64 = 3;
const USERS: u64 = 2;
const POLICIES: u64 = 2;
const VERSIONS: usize = 4;
const GROUP: &str = "group";
const PROFILE: &str = "profile";
const INLINE: &str = "inline";
const TAG: &str = "tag";
const ATTACHED: &str = "attached";
const MEMBER: &str = "member";
/// Of a profile that has no role.
const EMPTY: &str = "\"\"";

impl Client {
    pub(crate) async fn act_on_identities(&mut self) {
        match self.random.below(10) {
            0..5 => self.act_on_role().await,
            5..8 => self.act_on_user().await,
            8 => self.act_on_policy().await,
            _ => self.act_on_profile().await,
        }
    }

    async fn act_on_role(&mut self) {
        let iam = self.sdk.iam.clone();
        let role = format!("role-{}", self.random.below(ROLES));
        let subject = Kind::Role.of(&role);
        if self.ledger.is(&subject).is_none() {
            let (description, sid) = (self.new_value("description"), self.new_value("trust"));
            let create = iam.create_role().role_name(&role).description(&description);
            let create = create.assume_role_policy_document(self.trust(&sid)).send();
            self.write(subject.clone(), Some(&description), "CreateRole", create).await;
            if self.ledger.is(&subject).is_some() {
                self.ledger.did(Kind::RoleTrust.of(&role), Some(sid));
            }
            return;
        }
        match self.random.below(8) {
            0 => self.delete_role(role).await,
            1 => {
                let text = self.new_value("description");
                let update = iam.update_role().role_name(&role).description(&text).send();
                self.write(subject, Some(&text), "UpdateRole", update).await;
            }
            2 => {
                let sid = self.new_value("trust");
                let update = iam.update_assume_role_policy().role_name(&role).policy_document(self.trust(&sid)).send();
                self.write(Kind::RoleTrust.of(role), Some(&sid), "UpdateAssumeRolePolicy", update).await;
            }
            3 => self.tag_role(role).await,
            4 => {
                let sid = self.new_value("inline");
                let put = iam.put_role_policy().role_name(&role).policy_name(INLINE).policy_document(document(&sid));
                self.write(Kind::RolePolicy.named(role, INLINE), Some(&sid), "PutRolePolicy", put.send()).await;
            }
            _ => self.attach_policy(role).await,
        }
    }

    /// Who may assume a role: the account.
    fn trust(&self, sid: &str) -> String {
        let root = format!("arn:aws:iam::{}:root", self.account);
        let statement = json!([{ "Sid": sid, "Effect": "Allow", "Principal": { "AWS": root },
            "Action": "sts:AssumeRole" }]);
        json!({ "Version": "2012-10-17", "Statement": statement }).to_string()
    }

    /// Takes away what it carries, one thing each time, and then the role.
    async fn delete_role(&mut self, role: String) {
        let iam = self.sdk.iam.clone();
        let inline = Kind::RolePolicy.named(&role, INLINE);
        let attached = self.ledger.names(Kind::RoleAttached, &role);
        let profile = Kind::Profile.of(PROFILE);
        if self.ledger.is(&inline).is_some() {
            let delete = iam.delete_role_policy().role_name(&role).policy_name(INLINE).send();
            self.write(inline, None, "DeleteRolePolicy", delete).await;
        } else if let Some(policy) = attached.first() {
            let detach = iam.detach_role_policy().role_name(&role).policy_arn(policy).send();
            self.write(Kind::RoleAttached.named(&role, policy), None, "DetachRolePolicy", detach).await;
        } else if self.ledger.is(&profile).as_deref() == Some(&*role) {
            let remove = iam.remove_role_from_instance_profile().instance_profile_name(PROFILE).role_name(&role);
            self.write(profile, Some(EMPTY), "RemoveRoleFromInstanceProfile", remove.send()).await;
        } else {
            let subject = Kind::Role.of(&role);
            self.write(subject.clone(), None, "DeleteRole", iam.delete_role().role_name(&role).send()).await;
            if self.ledger.is(&subject).is_none() {
                self.ledger.gone(&subject);
            }
        }
    }

    async fn tag_role(&mut self, role: String) {
        let subject = Kind::RoleTag.of(&role);
        if self.ledger.is(&subject).is_some() && self.random.one_in(3) {
            let untag = self.sdk.iam.untag_role().role_name(&role).tag_keys(TAG).send();
            self.write(subject, None, "UntagRole", untag).await;
        } else {
            let value = self.new_value("tag");
            let tag = Tag::builder().key(TAG).value(&value).build().unwrap();
            let tag = self.sdk.iam.tag_role().role_name(&role).tags(tag).send();
            self.write(subject, Some(&value), "TagRole", tag).await;
        }
    }

    /// Attaches a policy, twice at times, which is attached once then.
    async fn attach_policy(&mut self, role: String) {
        let Some(policy) = self.random.pick(&self.ledger.things(Kind::Policy)) else { return };
        let attach = self.sdk.iam.attach_role_policy().role_name(&role).policy_arn(&policy);
        for _ in 0..self.random.between(1, 3) {
            let subject = Kind::RoleAttached.named(&role, &policy);
            self.write(subject, Some(ATTACHED), "AttachRolePolicy", attach.clone().send()).await;
        }
        let got = self.ask("GetPolicy", || self.sdk.iam.get_policy().policy_arn(&policy).send()).await.unwrap();
        let attached = self.ledger.there(Kind::RoleAttached).iter().filter(|(one, _)| one.name == policy).count();
        let told = got.policy().and_then(|policy| policy.attachment_count());
        assert_eq!(told, Some(i32::try_from(attached).unwrap()), "{}: attachments of {policy}", self.account);
    }

    async fn act_on_user(&mut self) {
        let iam = self.sdk.iam.clone();
        let user = format!("user-{}", self.random.below(USERS));
        let subject = Kind::User.of(&user);
        if self.ledger.is(&Kind::Group.of(GROUP)).is_none() {
            let create = iam.create_group().group_name(GROUP).send();
            self.write(Kind::Group.of(GROUP), Some("/"), "CreateGroup", create).await;
            return;
        }
        if self.ledger.is(&subject).is_none() {
            self.write(subject, Some("/"), "CreateUser", iam.create_user().user_name(&user).send()).await;
            return;
        }
        let member = Kind::Member.named(&user, GROUP);
        let keys = self.ledger.names(Kind::AccessKey, &user);
        match (self.random.below(8), self.random.pick(&keys)) {
            (0, Some(key)) => self.delete_access_key(user, key).await,
            (0, None) if self.ledger.is(&member).is_some() => {
                let remove = iam.remove_user_from_group().group_name(GROUP).user_name(&user).send();
                self.write(member, None, "RemoveUserFromGroup", remove).await;
            }
            (0, None) => {
                self.write(subject.clone(), None, "DeleteUser", iam.delete_user().user_name(&user).send()).await;
                if self.ledger.is(&subject).is_none() {
                    self.ledger.gone(&subject);
                }
            }
            (1..3, _) => {
                let add = iam.add_user_to_group().group_name(GROUP).user_name(&user);
                for _ in 0..self.random.between(1, 3) {
                    self.write(member.clone(), Some(MEMBER), "AddUserToGroup", add.clone().send()).await;
                }
                self.look(member, "AddUserToGroup").await;
            }
            (3..5, Some(key)) => {
                let subject = Kind::AccessKey.named(&user, &key);
                let was_active = self.ledger.is(&subject).as_deref() == Some("Active");
                let status = if was_active { StatusType::Inactive } else { StatusType::Active };
                let to = status.as_str().to_owned();
                let update = iam.update_access_key().user_name(&user).access_key_id(&key).status(status).send();
                self.write(subject, Some(&to), "UpdateAccessKey", update).await;
            }
            (_, Some(key)) => self.delete_access_key(user, key).await,
            (_, None) => self.create_access_key(user).await,
        }
    }

    async fn delete_access_key(&mut self, user: String, key: String) {
        let delete = self.sdk.iam.delete_access_key().user_name(&user).access_key_id(&key).send();
        self.write(Kind::AccessKey.named(user, key), None, "DeleteAccessKey", delete).await;
    }

    /// A retry of CreateAccessKey makes another one, as far as there is room. One that was told signs at once.
    async fn create_access_key(&mut self, user: String) {
        let create = self.sdk.iam.create_access_key().user_name(&user).send();
        let (outcome, sent) = self.attempt("CreateAccessKey", create).await;
        let is_done = matches!(outcome, Outcome::Done(_));
        if let Outcome::Done(answer) = outcome {
            let made = answer.access_key().unwrap();
            let (id, secret) = (made.access_key_id().to_owned(), made.secret_access_key());
            let signs = self.wire.sdk(&Credentials::new(&id, secret, None, None, "soak"));
            let who = self.ask("GetCallerIdentity", || signs.sts.get_caller_identity().send()).await.unwrap();
            assert_eq!(who.arn(), Some(&*format!("arn:aws:iam::{}:user/{user}", self.account)));
            self.ledger.did(Kind::AccessKey.named(&user, id), Some("Active".into()));
        }
        if sent.unsure() > 0 {
            let known = self.ledger.names(Kind::AccessKey, &user).len() as u64;
            let there = self.access_keys(&user).await;
            let most = sent.unsure() + u64::from(is_done);
            assert!(
                there.len() as u64 - known + u64::from(is_done) <= most,
                "{}: {most} attempts: {there:?}",
                self.account
            );
            for (id, status) in there {
                self.ledger.did(Kind::AccessKey.named(&user, id), Some(status));
            }
        }
    }

    /// Makes one of two policies, gives it versions, and deletes it.
    async fn act_on_policy(&mut self) {
        let iam = self.sdk.iam.clone();
        let name = format!("policy-{}", self.random.below(POLICIES));
        let arn = format!("arn:aws:iam::{}:policy/{name}", self.account);
        let subject = Kind::Policy.of(&arn);
        let sid = self.new_value("policy");
        let Some(versions) = self.ledger.is(&subject) else {
            let create = iam.create_policy().policy_name(name).policy_document(document(&sid)).send();
            self.write(subject, Some("v1*"), "CreatePolicy", create).await;
            return;
        };
        let others: Vec<&str> = versions.split(' ').filter(|version| !version.ends_with('*')).collect();
        if let (true, Some(oldest)) = (others.len() + 1 >= VERSIONS, others.first()) {
            let rest: Vec<&str> = versions.split(' ').filter(|version| version != oldest).collect();
            let delete = iam.delete_policy_version().policy_arn(&arn).version_id(*oldest).send();
            self.write(subject, Some(&rest.join(" ")), "DeletePolicyVersion", delete).await;
            return;
        }
        if others.is_empty() && self.random.one_in(4) {
            if self.ledger.there(Kind::RoleAttached).iter().all(|(one, _)| one.name != arn) {
                self.write(subject, None, "DeletePolicy", iam.delete_policy().policy_arn(&arn).send()).await;
            }
            return;
        }
        // A retry makes another version.
        let create = iam.create_policy_version().policy_arn(&arn).policy_document(document(&sid)).send();
        let (outcome, sent) = self.attempt("CreatePolicyVersion", create).await;
        let least = usize::from(matches!(outcome, Outcome::Done(_)));
        let there = self.read(&subject).await.unwrap();
        let was: Vec<&str> = versions.split(' ').collect();
        let new = there.split(' ').filter(|version| !was.contains(version)).count();
        let has_all = was.iter().all(|version| there.split(' ').any(|one| one == *version));
        let most = usize::try_from(sent.unsure()).unwrap() + least;
        assert!(has_all && (least..=most).contains(&new), "{}: {versions}, then {there}", self.account);
        self.ledger.did(subject, Some(there));
    }

    async fn act_on_profile(&mut self) {
        let iam = self.sdk.iam.clone();
        let subject = Kind::Profile.of(PROFILE);
        let Some(role) = self.ledger.is(&subject) else {
            let create = iam.create_instance_profile().instance_profile_name(PROFILE).send();
            self.write(subject, Some(EMPTY), "CreateInstanceProfile", create).await;
            return;
        };
        if role != EMPTY {
            let remove = iam.remove_role_from_instance_profile().instance_profile_name(PROFILE).role_name(&role);
            self.write(subject, Some(EMPTY), "RemoveRoleFromInstanceProfile", remove.send()).await;
        } else if self.random.one_in(3) {
            let delete = iam.delete_instance_profile().instance_profile_name(PROFILE).send();
            self.write(subject, None, "DeleteInstanceProfile", delete).await;
        } else if let Some(role) = self.random.pick(&self.ledger.things(Kind::Role)) {
            let add = iam.add_role_to_instance_profile().instance_profile_name(PROFILE).role_name(&role).send();
            self.write(subject, Some(&role), "AddRoleToInstanceProfile", add).await;
        }
    }

    /// What a subject is.
    pub(crate) async fn read(&self, subject: &Subject) -> Is {
        let iam = &self.sdk.iam;
        let (of, name) = (subject.of.as_str(), subject.name.as_str());
        let role = async || self.ask("GetRole", || iam.get_role().role_name(of).send()).await?.role;
        match subject.kind {
            Kind::Role => role().await?.description,
            Kind::RoleTrust => crate::sid(&crate::unescaped(role().await?.assume_role_policy_document()?)),
            Kind::RoleTag => role().await?.tags?.into_iter().next().map(|tag| tag.value),
            Kind::RolePolicy => {
                let get = iam.get_role_policy().role_name(of).policy_name(name);
                let got = self.ask("GetRolePolicy", || get.clone().send()).await?;
                crate::sid(&crate::unescaped(got.policy_document()))
            }
            Kind::RoleAttached => {
                let list = iam.list_attached_role_policies().role_name(of);
                let listed = self.ask("ListAttachedRolePolicies", || list.clone().send()).await?;
                let there =
                    listed.attached_policies().iter().filter(|policy| policy.policy_arn() == Some(name)).count();
                assert!(there < 2, "{}: {name} is attached twice", self.account);
                (there == 1).then(|| ATTACHED.to_owned())
            }
            Kind::User => Some(self.ask("GetUser", || iam.get_user().user_name(of).send()).await?.user?.path),
            Kind::AccessKey => {
                self.access_keys(of).await.into_iter().find(|(id, _)| id == name).map(|(_, status)| status)
            }
            Kind::Member => {
                let got = self.ask("GetGroup", || iam.get_group().group_name(name).send()).await?;
                let there = got.users().iter().filter(|user| user.user_name() == of).count();
                assert!(there < 2, "{}: {of} is twice in {name}", self.account);
                (there == 1).then(|| MEMBER.to_owned())
            }
            Kind::Group => Some(self.ask("GetGroup", || iam.get_group().group_name(of).send()).await?.group?.path),
            Kind::Policy => {
                let list = iam.list_policy_versions().policy_arn(of);
                let listed = self.ask("ListPolicyVersions", || list.clone().send()).await?;
                let told = |version: &aws_sdk_iam::types::PolicyVersion| {
                    let mark = if version.is_default_version() { "*" } else { "" };
                    format!("{}{mark}", version.version_id().unwrap())
                };
                let mut versions: Vec<_> = listed.versions().iter().map(told).collect();
                versions.sort_by_key(|version| version.trim_matches(['v', '*']).parse::<u32>().unwrap());
                Some(versions.join(" "))
            }
            Kind::Profile => {
                let get = iam.get_instance_profile().instance_profile_name(of);
                let got = self.ask("GetInstanceProfile", || get.clone().send()).await?.instance_profile?;
                Some(got.roles().first().map_or(EMPTY, |role| role.role_name()).to_owned())
            }
            _ => self.read_key(subject).await,
        }
    }

    /// The access keys of a user, and their status.
    async fn access_keys(&self, user: &str) -> Vec<(String, String)> {
        let list = self.sdk.iam.list_access_keys().user_name(user);
        let listed = self.ask("ListAccessKeys", || list.clone().send()).await;
        let keys = listed.map(|listed| listed.access_key_metadata).unwrap_or_default();
        let told =
            |key: aws_sdk_iam::types::AccessKeyMetadata| Some((key.access_key_id?, key.status?.as_str().to_owned()));
        keys.into_iter().filter_map(told).collect()
    }

    /// There is nobody and nothing beside what is known.
    pub(crate) async fn compare_identities(&mut self) {
        let iam = &self.sdk.iam;
        let mut there = Vec::new();
        let roles = self.ask("ListRoles", || iam.list_roles().send()).await.unwrap();
        there.extend(roles.roles.into_iter().map(|role| Kind::Role.of(role.role_name)));
        let users = self.ask("ListUsers", || iam.list_users().send()).await.unwrap();
        for user in users.users {
            let keys = self.access_keys(&user.user_name).await;
            there.extend(keys.into_iter().map(|(id, _)| Kind::AccessKey.named(&user.user_name, id)));
            there.push(Kind::User.of(user.user_name));
        }
        let groups = self.ask("ListGroups", || iam.list_groups().send()).await.unwrap();
        there.extend(groups.groups.into_iter().map(|group| Kind::Group.of(group.group_name)));
        let list = iam.list_policies().scope(PolicyScopeType::Local);
        let policies = self.ask("ListPolicies", || list.clone().send()).await.unwrap();
        let arns = policies.policies.unwrap_or_default().into_iter().filter_map(|policy| policy.arn);
        there.extend(arns.map(|arn| Kind::Policy.of(arn)));
        let profiles = self.ask("ListInstanceProfiles", || iam.list_instance_profiles().send()).await.unwrap();
        let names = profiles.instance_profiles.into_iter().map(|profile| profile.instance_profile_name);
        there.extend(names.map(|name| Kind::Profile.of(name)));
        there.sort();

        let kinds = [Kind::Role, Kind::User, Kind::AccessKey, Kind::Group, Kind::Policy, Kind::Profile];
        let known = kinds.into_iter().flat_map(|kind| self.ledger.there(kind)).map(|(subject, _)| subject);
        let mut known: Vec<_> = known.collect();
        known.sort();
        assert_eq!(there, known, "{}: the identities", self.account);
    }
}

/// A policy that allows to look.
fn document(sid: &str) -> String {
    let statement = json!([{ "Sid": sid, "Effect": "Allow", "Action": "kms:Describe*", "Resource": "*" }]);
    json!({ "Version": "2012-10-17", "Statement": statement }).to_string()
}
