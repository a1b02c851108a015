//! An answer as programs read it. `docs/reference/explain.md` tells every field; what is here stays.

mod fixes;
mod nearest;

use serde_json::{Map, Value, json};

use crate::{
    decision::{GateReport, GrantReport, KeyStateVerdict, PolicyReport, StatementReport, Verdict},
    formula::Formula,
    phrase::AccessDenied,
    policy::Policy,
    request::Request,
    rules::{Rule, Source},
    text::Span,
    world::PolicyOrigin,
};

use super::{Answer, assumed, outcome::Outcome, words};

pub(super) fn of(answer: &Answer<'_>) -> Value {
    let explanation = answer.explanation;
    let denial = match &explanation.verdict {
        Verdict::Denied(denial) => json!({
            "effect": denial.effect.as_str(),
            "gate": denial.gate.as_str(),
            "account": denial.account.map(|id| id.to_string()),
        }),
        Verdict::Allowed | Verdict::AllowedIff(_) => Value::Null,
    };
    json!({
        "verdict": verdict_word(&explanation.verdict),
        "denial": denial,
        "allowedIff": residual(&explanation.verdict),
        "restsOn": ids(&assumed::of_verdict(answer)),
        "openKeys": answer.open_keys().iter().map(|key| key.as_str()).collect::<Vec<_>>(),
        "request": request(answer.request),
        "keyState": explanation.key_state.as_ref().map(key_state),
        "error": explanation.error.as_ref().map(error),
        "gates": explanation.gates.iter().map(|report| gate(report, &explanation.verdict)).collect::<Vec<_>>(),
        "nearest": answer.near.iter().map(nearest::of).collect::<Vec<_>>(),
        "fixes": answer.fixes.map(|found| fixes::of(found, answer)),
        "rules": explanation.rules.iter().map(|known| rule(known)).collect::<Vec<_>>(),
    })
}

fn ids(rules: &[&'static Rule]) -> Vec<&'static str> {
    rules.iter().map(|rule| rule.id).collect()
}

pub(super) const fn verdict_word(verdict: &Verdict) -> &'static str {
    match verdict {
        Verdict::Allowed => "allowed",
        Verdict::Denied(_) => "denied",
        Verdict::AllowedIff(_) => "conditional",
    }
}

pub(super) fn residual(verdict: &Verdict) -> Option<String> {
    match verdict {
        Verdict::AllowedIff(residual) => Some(residual.to_string()),
        Verdict::Allowed | Verdict::Denied(_) => None,
    }
}

/// A truth: `true`, `false`, or as a text the condition that it hangs on.
fn truth(formula: &Formula) -> Value {
    match formula {
        Formula::True => true.into(),
        Formula::False => false.into(),
        open => open.to_string().into(),
    }
}

fn request(request: &Request) -> Value {
    let context = &request.kms.encryption_context;
    json!({
        "principal": words::who(&request.principal),
        "via": request.through,
        "action": request.action.as_str(),
        "resource": request.resource.arn,
        "region": request.region.as_ref().map(|region| region.as_str()),
        "encryptionContext": context.pairs().map(|(key, value)| (key.to_owned(), value.into())).collect::<Map<_, _>>(),
    })
}

fn key_state(verdict: &KeyStateVerdict) -> Value {
    json!({ "state": verdict.state.map(|state| format!("{state:?}")), "error": verdict.error })
}

fn error(error: &AccessDenied) -> Value {
    json!({
        "code": error.code.map(|code| code.name),
        "httpStatus": error.code.map(|code| code.status),
        "message": error.message,
    })
}

fn gate(report: &GateReport, verdict: &Verdict) -> Value {
    json!({
        "gate": report.gate.as_str(),
        "account": report.account.map(|id| id.to_string()),
        "outcome": Outcome::of(report, verdict).as_str(),
        "decisive": report.decisive,
        "denies": truth(&report.denies),
        "allows": truth(&report.allows),
        "policies": report.policies.iter().map(policy).collect::<Vec<_>>(),
        "grants": report.grants.iter().map(grant).collect::<Vec<_>>(),
    })
}

fn policy(report: &PolicyReport) -> Value {
    json!({
        "name": report.policy.source().name(),
        "attached": report.origin.as_ref().map(origin),
        "level": report.level,
        "statements": report.statements.iter().map(|one| statement(&report.policy, one)).collect::<Vec<_>>(),
    })
}

fn statement(policy: &Policy, report: &StatementReport) -> Value {
    let conditions = policy.statements().get(report.index).map(|statement| &*statement.conditions).unwrap_or_default();
    let conditions = conditions.iter().zip(&report.conditions).map(|(condition, holds)| {
        json!({
            "key": condition.key.value.as_str(),
            "operator": condition.operator.value.to_string(),
            "holds": truth(holds),
        })
    });
    let said = json!({
        "principal": truth(&report.principal),
        "action": truth(&report.action),
        "resource": truth(&report.resource),
        "conditions": conditions.collect::<Vec<_>>(),
        "matches": truth(&report.matches),
    });
    both(statement_at(policy, report.index), said)
}

/// The fields of two objects in one.
pub(super) fn both(one: Value, other: Value) -> Value {
    match (one, other) {
        (Value::Object(mut fields), Value::Object(more)) => {
            fields.extend(more);
            Value::Object(fields)
        }
        (one, _) => one,
    }
}

/// Which statement it is, and where.
pub(super) fn statement_at(policy: &Policy, index: usize) -> Value {
    let statement = policy.statements().get(index);
    json!({
        "policy": policy.source().name(),
        "index": index,
        "sid": statement.and_then(|statement| statement.sid.as_ref()).map(|sid| &sid.value),
        "effect": statement.map(|statement| words::effect(statement.effect.value)),
        "place": statement.map(|statement| place(policy, statement.span)),
    })
}

fn place(policy: &Policy, span: Span) -> Value {
    let place = policy.source().place(span);
    json!({ "line": place.line, "column": place.column })
}

fn origin(origin: &PolicyOrigin) -> Value {
    match origin {
        PolicyOrigin::Inline(name) => json!({ "inline": name }),
        PolicyOrigin::Managed(arn) => json!({ "managed": arn }),
        PolicyOrigin::GroupInline { group, name } => json!({ "inline": name, "group": group }),
        PolicyOrigin::GroupManaged { group, arn } => json!({ "managed": arn, "group": group }),
    }
}

fn grant(report: &GrantReport) -> Value {
    let GrantReport { grant, gives, misses } = report;
    json!({
        "id": grant.id,
        "name": grant.name,
        "grantee": grant.grantee.to_string(),
        "operations": grant.operations.iter().map(crate::world::GrantOperation::as_str).collect::<Vec<_>>(),
        "gives": truth(gives),
        "misses": misses.iter().map(|miss| words::grant_miss_word(*miss)).collect::<Vec<_>>(),
    })
}

fn rule(rule: &Rule) -> Value {
    let source = match &rule.source {
        Source::Document { title, section } => json!({ "document": title, "section": section }),
        Source::Assumption { why, .. } => json!({ "assumption": why }),
    };
    json!({ "id": rule.id, "says": rule.says, "source": source })
}
