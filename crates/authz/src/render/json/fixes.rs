//! Fixes.

use serde_json::{Value, json};

use crate::{
    decision::Verdict,
    fix::{Change, Command, Edit, Fix, Fixes, Gain, How, PolicyPlace, RequestEdit, WhoApplies},
    request::Request,
};

use super::{
    super::{Answer, assumed, words},
    both, ids, verdict_word,
};

pub(super) fn of(fixes: &Fixes, answer: &Answer<'_>) -> Value {
    json!({
        "needsBothSides": fixes.needs_both_sides(),
        "fixes": fixes.fixes.iter().map(|one| fix(one, answer)).collect::<Vec<_>>(),
        "halves": fixes.halves.iter().map(|one| half(one, answer)).collect::<Vec<_>>(),
        "obstacles": fixes.obstacles.iter().map(ToString::to_string).collect::<Vec<_>>(),
        "cut": fixes.is_cut,
    })
}

fn fix(fix: &Fix, answer: &Answer<'_>) -> Value {
    json!({
        "verified": verdict_word(&fix.verified),
        "restsOn": ids(&assumed::of_fix(answer, fix)),
        "loosensLimit": fix.rank.loosens_limit,
        "goesAround": fix.goes_around.iter().map(|gate| gate.as_str()).collect::<Vec<_>>(),
        "changes": fix.changes.iter().map(|one| change(one, answer.request)).collect::<Vec<_>>(),
        "opens": {
            "count": fix.opens.count,
            "gains": fix.opens.gains.iter().map(gain).collect::<Vec<_>>(),
            "asked": fix.opens.asked,
            "notAsked": fix.opens.not_asked.iter().map(ToString::to_string).collect::<Vec<_>>(),
        },
    })
}

/// The same, with what is left to the other side.
fn half(half: &Fix, answer: &Answer<'_>) -> Value {
    let residual = match &half.verified {
        Verdict::AllowedIff(residual) => Some(residual.to_string()),
        Verdict::Allowed | Verdict::Denied(_) => None,
    };
    both(fix(half, answer), json!({ "allowedIff": residual }))
}

fn gain(gain: &Gain) -> Value {
    json!({
        "principal": words::who(&gain.principal),
        "action": gain.action.as_str(),
        "resource": gain.resource,
        "before": verdict_word(&gain.before),
        "after": verdict_word(&gain.after),
    })
}

fn change(change: &Change, request: &Request) -> Value {
    let what = match &change.edit {
        Edit::Policy(edit) => json!({
            "policy": place(&edit.place),
            "how": how_word(edit.how),
            "statement": edit.statement_text(),
            "document": edit.after.source().text(),
        }),
        Edit::Grant(new) => json!({ "grant": { "key": new.key.as_str(), "grantee": new.grant.grantee.to_string() } }),
        Edit::Request(edit) => json!({ "request": request_edit(edit) }),
    };
    let commands = change.commands(request);
    let how = json!({
        "does": change.to_string(),
        "who": who(&change.who),
        "commands": commands.iter().map(command).collect::<Vec<_>>(),
    });
    both(what, how)
}

fn command(command: &Command) -> Value {
    json!({
        "account": command.account.map(|id| id.to_string()),
        "words": command.words,
        "shell": command.to_string(),
    })
}

fn place(place: &PolicyPlace) -> Value {
    match place {
        PolicyPlace::Inline { identity, name } => json!({ "inline": name, "identity": identity.as_str() }),
        PolicyPlace::Managed(arn) => json!({ "managed": arn.as_str() }),
        PolicyPlace::Trust(role) => json!({ "trust": role.as_str() }),
        PolicyPlace::Key(key) => json!({ "key": key.as_str() }),
        PolicyPlace::Resource { owner, arn } => json!({ "resource": arn, "owner": owner.to_string() }),
        PolicyPlace::Organization { origin, levels } => json!({ "organization": origin.name(), "levels": levels }),
    }
}

const fn how_word(how: How) -> &'static str {
    match how {
        How::PolicyMade => "policyMade",
        How::StatementAdded => "statementAdded",
        How::StatementWidened => "statementWidened",
        How::DenyNarrowed => "denyNarrowed",
        How::DenyRemoved => "denyRemoved",
        How::SavedAgain => "savedAgain",
    }
}

fn request_edit(edit: &RequestEdit) -> Value {
    match edit {
        RequestEdit::EncryptionContext { key, value } => json!({ "encryptionContext": { key: value } }),
        RequestEdit::GrantToken { grant, token } => json!({ "grantToken": { "grant": grant, "token": token } }),
        RequestEdit::SessionTag { key, value } => json!({ "sessionTag": { key: value } }),
        RequestEdit::SessionPolicy { index, how, after, .. } => json!({
            "sessionPolicy": { "index": index, "how": how_word(*how), "document": after.source().text() },
        }),
        RequestEdit::Context { key, value } => json!({ "context": { key.as_str(): value } }),
    }
}

fn who(who: &WhoApplies) -> Value {
    match who {
        WhoApplies::Caller => json!({ "caller": true }),
        WhoApplies::Administrator { account, needs, on, able } => json!({
            "account": account.to_string(),
            "needs": needs,
            "on": on,
            "able": able.iter().map(words::who).collect::<Vec<_>>(),
        }),
    }
}
