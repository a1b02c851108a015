//! The least that two evaluators still disagree about.

use authz::policy::PolicyKind;
use serde_json::{Value, json};

use crate::{
    Case,
    support::setting::{Caller, Document, Target, everything},
};

/// One step towards less.
type Step = Box<dyn Fn(&mut Case)>;

/// One step within a statement.
type Change = Box<dyn Fn(&mut Value)>;

/// A case on its way: which steps were tried.
pub(crate) struct Shrinking {
    pub(crate) case: Case,
    tried: usize,
}

impl Shrinking {
    /// Begins without the policies that cannot have a say.
    pub(crate) fn of(mut case: Case) -> Self {
        let target = case.ask.target;
        let setting = &mut case.setting;
        if target != Target::Key {
            setting.key.statements.clear();
        }
        if target != Target::Trust {
            setting.trust.statements.clear();
        }
        if !matches!(target, Target::Object | Target::Bucket | Target::Queue) {
            setting.resource = None;
        }
        if !case.ask.caller.has_session_policy() {
            setting.session = None;
        }
        Self { case, tried: 0 }
    }

    /// The next smaller case to try, if there is one.
    pub(crate) fn next(&self) -> Option<Case> {
        let step = steps(&self.case).into_iter().nth(self.tried)?;
        let mut smaller = self.case.clone();
        step(&mut smaller);
        Some(smaller)
    }

    /// Takes it, or leaves it.
    pub(crate) fn go_on(&mut self, smaller: Case, still_differs: bool) {
        if still_differs {
            self.case = smaller;
        } else {
            self.tried += 1;
        }
    }
}

/// The large steps first, each before those that it makes superfluous: whatever is taken, what was left stays left.
fn steps(case: &Case) -> Vec<Step> {
    let Case { setting, ask } = case;
    let mut steps: Vec<Step> = Vec::new();
    let mut add = |is_there: bool, step: Step| steps.extend(is_there.then_some(step));
    for at in 0..setting.identity.len() {
        add(true, Box::new(move |case| drop(case.setting.identity.remove(at))));
    }
    add(setting.boundary.is_some(), Box::new(|case| case.setting.boundary = None));
    add(setting.session.is_some(), Box::new(|case| case.setting.session = None));
    add(!setting.service_control.is_empty(), Box::new(|case| case.setting.service_control.clear()));
    add(!setting.resource_control.is_empty(), Box::new(|case| case.setting.resource_control.clear()));
    add(setting.resource.is_some(), Box::new(|case| case.setting.resource = None));
    add(ask.caller == Caller::RoleWithSessionPolicy, Box::new(|case| case.ask.caller = Caller::Role));
    add(ask.is_foreign, Box::new(|case| case.ask.is_foreign = false));
    let full = [everything(PolicyKind::ServiceControl)];
    for (at, level) in setting.service_control.iter().enumerate() {
        let open = || vec![everything(PolicyKind::ServiceControl)];
        add(*level != full, Box::new(move |case| case.setting.service_control[at] = open()));
    }
    for (at, level) in setting.resource_control.iter().enumerate() {
        add(!level.is_empty(), Box::new(move |case| case.setting.resource_control[at].clear()));
    }
    for key in ask.context.keys().copied() {
        add(true, Box::new(move |case| drop(case.ask.context.remove(key))));
    }
    for (at, document) in setting.documents().into_iter().enumerate() {
        if *document == everything(document.kind) {
            continue;
        }
        add(
            document.version != "2012-10-17",
            Box::new(move |case| case.setting.documents_mut()[at].version = "2012-10-17"),
        );
        for (index, statement) in document.statements.iter().enumerate() {
            add(true, Box::new(move |case| drop(case.setting.documents_mut()[at].statements.remove(index))));
            for change in simpler(document, statement, ask.action) {
                add(true, Box::new(move |case| change(&mut case.setting.documents_mut()[at].statements[index])));
            }
        }
    }
    steps
}

/// What can be made less in one statement.
fn simpler(document: &Document, statement: &Value, action: &'static str) -> Vec<Change> {
    let mut changes: Vec<Change> = Vec::new();
    for (operator, keys) in statement.get("Condition").and_then(Value::as_object).into_iter().flatten() {
        let path = format!("/Condition/{}", operator.replace('/', "~1"));
        let whole = operator.clone();
        changes.push(Box::new(move |it| {
            let operators = it["Condition"].as_object_mut().expect("operators");
            operators.remove(&whole);
            if operators.is_empty() {
                it.as_object_mut().expect("a statement").remove("Condition");
            }
        }));
        for (key, values) in keys.as_object().into_iter().flatten() {
            let path = format!("{path}/{}", key.replace('/', "~1"));
            changes.extend(fewer(&path, values));
        }
    }
    for (element, all) in [("Resource", "*"), ("Action", action)] {
        let negated = format!("Not{element}");
        let is_simple = statement.get(element) == Some(&json!(all));
        if is_simple || element == "Resource" && !document.kind.has_resources() {
            continue;
        }
        let removed = negated.clone();
        changes.push(Box::new(move |it| {
            it.as_object_mut().expect("a statement").remove(&removed);
            it[element] = json!(all);
        }));
        for name in [element, &negated] {
            changes.extend(statement.get(name).into_iter().flat_map(|many| fewer(&format!("/{name}"), many)));
        }
    }
    changes
}

/// A list, with each of its values left out once.
fn fewer(path: &str, values: &Value) -> Vec<Change> {
    let count = values.as_array().map_or(0, Vec::len);
    let one_less = |at: usize| -> Change {
        let path = path.to_owned();
        Box::new(move |it| drop(it.pointer_mut(&path).and_then(Value::as_array_mut).expect("a list").remove(at)))
    };
    (0..count).filter(|_| count > 1).map(one_less).collect()
}
