//! A grant on the key.

use aws_model::AccountId;

use crate::{
    decide::{Standing, TargetKind},
    principal::Principal,
    world::{ContextConstraint, Grant, GrantConstraints, GrantOperation, GrantOperations, GrantPrincipal, KeyManager},
};

use super::{
    super::{Edit, NewKeyGrant},
    Candidates,
};

/// Policies are looked after by whoever looks after policies; grants are easily forgotten.
const GRANT: usize = 3;

/// A grant for every encryption context, where the request tells one.
const ANY_CONTEXT: usize = 1;

/// What the service-linked role of Auto Scaling is granted on a key of another account, so that instances start.
///
/// Source: Amazon EC2 Auto Scaling User Guide, "Required AWS KMS key policy for use with encrypted volumes" > "Example
/// 2: Key policy sections that allow cross-account access to the customer managed key".
const OF_AUTO_SCALING: [GrantOperation; 8] = [
    GrantOperation::Encrypt,
    GrantOperation::Decrypt,
    GrantOperation::ReEncryptFrom,
    GrantOperation::ReEncryptTo,
    GrantOperation::GenerateDataKey,
    GrantOperation::GenerateDataKeyWithoutPlaintext,
    GrantOperation::DescribeKey,
    GrantOperation::CreateGrant,
];

impl Candidates<'_> {
    /// Offers grants for the operation that is asked: under the encryption context that the request tells, and under
    /// none; for a service-linked role also the set that AWS documents.
    pub(super) fn grant(&mut self) {
        let TargetKind::Key { key: Some(key), .. } = &self.facts.target.kind else { return };
        let operation = GrantOperation::of_action(self.facts.request.action.name())
            .filter(|operation| *operation != GrantOperation::RetireGrant);
        let (Some(operation), true) = (operation, key.manager == KeyManager::Customer) else { return };
        if matches!(self.facts.caller.standing, Standing::Gone) {
            self.note_absence();
            return;
        }
        let Some((grantee, source_arn)) = self.grantee() else { return };
        let operations: GrantOperations = match &self.facts.request.kms.new_grant {
            // What is made through a grant permits no more than it.
            Some(child) if operation == GrantOperation::CreateGrant => {
                child.operations.iter().chain([operation]).collect()
            }
            _ => [operation].into_iter().collect(),
        };
        let owner = key.arn.account();
        let plain = GrantConstraints { encryption_context: None, source_arn };
        let under_context = self.constraint(operation);
        let width = GRANT + operations.iter().count();
        if let Some(context) = under_context.clone() {
            let constraints = GrantConstraints { encryption_context: Some(context), ..plain.clone() };
            self.offer_grant(&grantee, operations, constraints, owner, width);
        }
        let any = if under_context.is_some() { ANY_CONTEXT } else { 0 };
        self.offer_grant(&grantee, operations, plain.clone(), owner, width + any);
        if self.facts.caller.is_service_linked() && OF_AUTO_SCALING.contains(&operation) {
            let documented = OF_AUTO_SCALING.into_iter().collect();
            self.offer_grant(&grantee, documented, plain, owner, GRANT + OF_AUTO_SCALING.len());
        }
    }

    fn offer_grant(
        &mut self,
        grantee: &GrantPrincipal,
        operations: GrantOperations,
        constraints: GrantConstraints,
        owner: AccountId,
        width: usize,
    ) {
        let TargetKind::Key { key: Some(key), .. } = &self.facts.target.kind else { return };
        let is_service = matches!(grantee, GrantPrincipal::Service(_));
        // One of these is free: there are fewer grants.
        let ids = (1..=key.grants.iter().count() + 1).map(|number| format!("new-grant-{number}"));
        let id = ids.into_iter().find(|id| key.grants.get(id).is_none()).unwrap_or_default();
        let grant = Grant {
            id: id.into(),
            token: None,
            propagated: Some(true),
            name: None,
            grantee: grantee.clone(),
            grantee_unique_id: None,
            // Source: AWS KMS API Reference, "CreateGrant" (a service as grantee needs a retiring principal).
            retiring: is_service.then_some(GrantPrincipal::Account(owner)),
            issuing_account: Some(owner),
            operations,
            constraints,
        };
        let edit = Edit::Grant(Box::new(NewKeyGrant { key: key.arn.clone(), grant }));
        self.offer(edit, false, width);
    }

    /// The caller as a grant names it. A service gets one only for the resource that it calls for.
    fn grantee(&self) -> Option<(GrantPrincipal, Option<Box<str>>)> {
        let name = match self.facts.caller.principal {
            Principal::Session(session) => return Some((GrantPrincipal::Role(session.role.clone()), None)),
            Principal::Service(service) => {
                let source = self.facts.value_of("aws:sourcearn")?;
                return Some((GrantPrincipal::Service(service.clone()), Some(source.into())));
            }
            Principal::Federated { .. } | Principal::Anonymous => return None,
            other => other.to_string(),
        };
        name.parse().ok().map(|grantee| (grantee, None))
    }

    /// The encryption context as a constraint, where it could be there again: that of an EBS volume or snapshot names
    /// the one that is being made, for which the next launch has another.
    fn constraint(&self, operation: GrantOperation) -> Option<ContextConstraint> {
        use GrantOperation::{
            Decrypt, Encrypt, GenerateDataKey, GenerateDataKeyPair, GenerateDataKeyPairWithoutPlaintext,
            GenerateDataKeyWithoutPlaintext, ReEncryptFrom, ReEncryptTo,
        };
        let has_context = matches!(
            operation,
            Decrypt
                | Encrypt
                | GenerateDataKey
                | GenerateDataKeyPair
                | GenerateDataKeyPairWithoutPlaintext
                | GenerateDataKeyWithoutPlaintext
                | ReEncryptFrom
                | ReEncryptTo
        );
        let context = &self.facts.request.kms.encryption_context;
        let is_of_volume = context.pairs().any(|(key, _)| key.starts_with("aws:ebs:"));
        (has_context && !context.is_empty() && !is_of_volume).then(|| ContextConstraint::Subset(context.clone()))
    }
}
