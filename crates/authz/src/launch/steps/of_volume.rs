//! The calls for one encrypted volume.

use aws_model::{Arn, EncryptionContext, KeyArn};

use super::{
    super::{Caller, Encryption, Launch, ServiceLinked, Volume},
    Call, NoSteps, Phase, Step,
};
use crate::{
    context::{Context, Others, Told},
    principal::{Principal, RoleSession},
    request::{Action, KmsDetail, NewGrant, Request, Resource},
    rules::{self, Assumptions, Rule},
    world::{ContextConstraint, GrantConstraints, GrantOperation, GrantOperations, GrantPrincipal},
};

/// The encryption context's one key.
///
/// Source: Amazon EBS User Guide, "How Amazon EBS encryption works" > "Amazon EBS encryption context".
pub const CONTEXT_KEY: &str = "aws:ebs:id";

/// Stands for a volume that is yet to come: its id is one that nobody can have named before.
pub const NEW_VOLUME: &str = "vol-00000000000000000";

/// Stands for an instance that is yet to come.
pub const NEW_INSTANCE: &str = "i-00000000000000000";

/// What passes the calls on.
const EC2: &str = "ec2.amazonaws.com";

/// The calls for one volume.
pub(super) struct OfVolume<'a> {
    launch: &'a Launch,
    volume: &'a Volume,
    encryption: Encryption<'a>,
    assumptions: &'a Assumptions,
    caller: Caller,
}

impl<'a> OfVolume<'a> {
    pub(super) fn new(
        launch: &'a Launch,
        volume: &'a Volume,
        encryption: Encryption<'a>,
        assumptions: &'a Assumptions,
    ) -> Result<Self, NoSteps> {
        let caller = launch.caller(assumptions)?;
        Ok(Self { launch, volume, encryption, assumptions, caller })
    }

    pub(super) fn push_to(&self, steps: &mut Vec<Step>) -> Result<(), NoSteps> {
        if !self.assumptions.launch_no_describe_key {
            steps.push(self.by_caller(Phase::Create, Call::DescribeKey, &[&rules::LAUNCH_NO_DESCRIBE_KEY])?);
        }
        match (&self.volume.snapshot, self.volume.snapshot_key()) {
            (_, Some(of_snapshot)) => self.of_encrypted_snapshot(of_snapshot, steps)?,
            (Some(_), None) => self.of_plain_snapshot(steps)?,
            (None, None) => {
                let order = &rules::LAUNCH_ORDER_EMPTY_VOLUME;
                steps.push(self.by_caller(Phase::Create, Call::GenerateDataKeyWithoutPlaintext, &[order])?);
            }
        }
        let is_read_from_another = self.volume.snapshot_key().is_some_and(|key| key != self.encryption.key);
        if !is_read_from_another && !self.assumptions.launch_same_key_no_re_encrypt {
            self.re_encrypt(self.encryption.key, &rules::LAUNCH_SAME_KEY_NO_RE_ENCRYPT, steps)?;
        }
        if !self.assumptions.launch_no_encrypt {
            steps.push(self.by_caller(Phase::Create, Call::Encrypt, &[&rules::LAUNCH_NO_ENCRYPT])?);
        }
        if !is_read_from_another && !self.assumptions.launch_foreign_grant_minimum && self.is_foreign_to_service() {
            self.all_of_the_guides_operations(steps)?;
        }
        self.attach(steps)
    }

    fn of_encrypted_snapshot(&self, of_snapshot: &KeyArn, steps: &mut Vec<Step>) -> Result<(), NoSteps> {
        let order: &'static Rule = &rules::LAUNCH_ORDER_ENCRYPTED_SNAPSHOT;
        if of_snapshot == self.encryption.key {
            let because = [order, &rules::LAUNCH_SAME_KEY_SAME_DATA_KEY];
            steps.push(self.by_caller(Phase::Create, Call::GenerateDataKeyWithoutPlaintext, &because)?);
            return Ok(());
        }
        steps.push(self.by_caller(Phase::Create, Call::GenerateDataKeyWithoutPlaintext, &[order])?);
        let rule = &rules::LAUNCH_OTHER_KEY_RE_ENCRYPT;
        if self.assumptions.launch_other_key_re_encrypt {
            return self.re_encrypt(of_snapshot, rule, steps);
        }
        // The snapshot's data key has to be read somehow: what else does is Decrypt.
        steps.push(self.about_snapshot(of_snapshot, Call::Decrypt, rule)?);
        Ok(())
    }

    fn of_plain_snapshot(&self, steps: &mut Vec<Step>) -> Result<(), NoSteps> {
        let order: &'static Rule = &rules::LAUNCH_ORDER_PLAIN_SNAPSHOT;
        let because = [order, &rules::LAUNCH_PLAIN_DECRYPT_CALLER];
        steps.push(self.grant(Phase::Create, &[order])?);
        steps.push(self.by_caller(Phase::Create, Call::GenerateDataKeyWithoutPlaintext, &[order])?);
        steps.push(if self.assumptions.launch_plain_decrypt_caller {
            self.by_infrastructure(Phase::Create, &because)?
        } else {
            self.by_caller(Phase::Create, Call::Decrypt, &because)?
        });
        Ok(())
    }

    fn re_encrypt(&self, from: &KeyArn, rule: &'static Rule, steps: &mut Vec<Step>) -> Result<(), NoSteps> {
        steps.push(self.about_snapshot(from, Call::ReEncryptFrom, rule)?);
        steps.push(self.by_caller(Phase::Create, Call::ReEncryptTo, &[rule])?);
        Ok(())
    }

    /// Whether a service-linked role makes a volume under a key of another account.
    fn is_foreign_to_service(&self) -> bool {
        self.caller.service_linked.is_some() && self.encryption.key.account() != self.launch.account
    }

    /// What Auto Scaling's guide has the grant list besides what recorded launches show.
    ///
    /// Source: Amazon EC2 Auto Scaling User Guide, "Required AWS KMS key policy for use with encrypted volumes" >
    /// "Example 2".
    fn all_of_the_guides_operations(&self, steps: &mut Vec<Step>) -> Result<(), NoSteps> {
        for call in [Call::DescribeKey, Call::GenerateDataKey, Call::Encrypt, Call::ReEncryptFrom, Call::ReEncryptTo] {
            steps.push(self.by_caller(Phase::Create, call, &[&rules::LAUNCH_FOREIGN_GRANT_MINIMUM])?);
        }
        Ok(())
    }

    fn attach(&self, steps: &mut Vec<Step>) -> Result<(), NoSteps> {
        steps.push(self.grant(Phase::Attach, &[&rules::LAUNCH_ATTACH_CREATE_GRANT])?);
        steps.push(
            self.by_infrastructure(Phase::Attach, &[&rules::LAUNCH_ATTACH_PRINCIPAL, &rules::LAUNCH_ATTACH_BY_GRANT])?,
        );
        if let (false, Some(role)) = (self.assumptions.launch_not_node_role, &self.launch.node_role) {
            let node = RoleSession::of(role.clone(), Some(NEW_INSTANCE.to_owned()));
            let rule = &rules::LAUNCH_NOT_NODE_ROLE;
            steps.push(self.step(Phase::Attach, Call::Decrypt, Principal::Session(Box::new(node)), &[rule])?);
        }
        Ok(())
    }

    /// A call about the snapshot's data key, whose encryption context names a volume or a copy that nobody told.
    fn about_snapshot(&self, key: &KeyArn, call: Call, rule: &'static Rule) -> Result<Step, NoSteps> {
        let mut step = self.by_caller(Phase::Create, call, &[rule])?;
        step.rules.push(&rules::LAUNCH_CONTEXT_COPY);
        if let Some(snapshot) = self.volume.snapshot.as_ref().filter(|snapshot| !snapshot.associated_keys.is_empty()) {
            step.or_keys.clone_from(&snapshot.associated_keys);
            step.rules.push(&rules::LAUNCH_ASSOCIATED_KEY);
        }
        step.request.resource = resource(key);
        step.request.kms.encryption_context = EncryptionContext::default();
        step.request.kms.encryption_context_is_partial = true;
        step.request.context.tell("kms:EncryptionContextKeys", Told::Values(vec![CONTEXT_KEY.to_owned()]));
        Ok(step)
    }

    fn grant(&self, phase: Phase, because: &[&'static Rule]) -> Result<Step, NoSteps> {
        let mut step = self.by_caller(phase, Call::CreateGrant, because)?;
        step.rules.extend([&rules::LAUNCH_GRANT_OPERATIONS, &rules::LAUNCH_GRANT_CONSTRAINT]);
        if self.caller.service_linked.is_some() {
            step.rules.push(&rules::LAUNCH_CHILD_OF_GRANT);
        }
        let (partition, account) = (self.launch.region.partition(), self.launch.account);
        let session: Arn =
            format!("arn:{partition}:sts::{account}:assumed-role/aws:ec2-infrastructure/{NEW_INSTANCE}").parse()?;
        step.request.kms.encryption_context = EncryptionContext::default();
        step.request.kms.new_grant = Some(NewGrant {
            grantee: GrantPrincipal::RoleSession(session),
            retiring: None,
            operations: self.granted(),
            constraints: GrantConstraints {
                encryption_context: Some(ContextConstraint::Subset(of_new_volume())),
                source_arn: None,
            },
        });
        Ok(step)
    }

    /// What the grant lists: Decrypt, or (the assumption turned) also what the volume's maker did.
    fn granted(&self) -> GrantOperations {
        let more: &[GrantOperation] = if self.assumptions.launch_grant_operations {
            &[]
        } else {
            &[GrantOperation::Encrypt, GrantOperation::GenerateDataKeyWithoutPlaintext]
        };
        more.iter().copied().chain([GrantOperation::Decrypt]).collect()
    }

    fn by_caller(&self, phase: Phase, call: Call, because: &[&'static Rule]) -> Result<Step, NoSteps> {
        let mut step = self.step(phase, call, self.caller.principal.clone(), because)?;
        step.rules.extend(&self.caller.rules);
        let Some((which, _)) = &self.caller.service_linked else {
            step.rules.push(&rules::LAUNCH_VIA_EC2);
            return Ok(step);
        };
        step.rules.push(&rules::LAUNCH_VIA_EC2_SERVICE_LINKED);
        if self.encryption.key.account() != self.launch.account {
            step.rules.extend([&rules::LAUNCH_FOREIGN_GRANT, &rules::LAUNCH_FOREIGN_GRANT_MINIMUM]);
        }
        if matches!(which, ServiceLinked::Fleet | ServiceLinked::Spot) {
            step.rules.push(&rules::LAUNCH_FLEET_GRANTEE_PATH);
        }
        Ok(step)
    }

    /// EC2's own role calls; whether that, too, comes through EC2, nobody has published.
    fn by_infrastructure(&self, phase: Phase, because: &[&'static Rule]) -> Result<Step, NoSteps> {
        let (partition, account) = (self.launch.region.partition(), self.launch.account);
        let role = format!("arn:{partition}:iam::{account}:role/aws:ec2-infrastructure").parse()?;
        let infrastructure = RoleSession::of(role, Some(NEW_INSTANCE.to_owned()));
        let mut step = self.step(phase, Call::Decrypt, Principal::Session(Box::new(infrastructure)), because)?;
        if self.assumptions.kms_cond_via_infrastructure {
            step.request.through.clear();
        }
        step.rules.push(&rules::KMS_COND_VIA_INFRASTRUCTURE);
        Ok(step)
    }

    /// A call through EC2 on the volume's key.
    fn step(&self, phase: Phase, call: Call, principal: Principal, because: &[&'static Rule]) -> Result<Step, NoSteps> {
        let action: Action = call.action().parse()?;
        let request = Request {
            principal,
            through: vec![EC2.into()],
            action,
            resource: resource(self.encryption.key),
            region: Some(self.launch.region.clone()),
            kms: KmsDetail { encryption_context: of_new_volume(), ..KmsDetail::default() },
            context: Context::new(Others::Unknown),
        };
        let why_this_key = [self.encryption.rule, &rules::LAUNCH_CONTEXT_VOLUME];
        let rules = because.iter().copied().chain(why_this_key).collect();
        Ok(Step { device: self.volume.device.clone(), phase, call, request, or_keys: Vec::new(), rules })
    }
}

fn resource(key: &KeyArn) -> Resource {
    Resource { arn: key.as_str().into(), owner: None, tags: std::collections::BTreeMap::new() }
}

/// The context of a volume that is yet to come.
fn of_new_volume() -> EncryptionContext {
    EncryptionContext::new([(CONTEXT_KEY, NEW_VOLUME)])
}
