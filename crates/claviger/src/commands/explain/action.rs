//! Whether an action is one that AWS has: of a misspelt one, every answer would be wrong.

use authz::request::Action;

use crate::failure::{Failure, Problem};

/// Refuses an action that AWS does not publish, of a service whose actions are known.
pub(super) fn check(action: &Action) -> Result<(), Failure> {
    let name = action.as_str();
    if aws_catalog::action(name).is_some() {
        return Ok(());
    }
    let nearest = aws_catalog::nearest_action(name).map(aws_catalog::authorization::Action::full_name);
    let problem = match aws_catalog::service(action.service()) {
        Some(_) => Problem::new(format_args!("`{name}` is no action that AWS publishes")),
        None => Problem::new(format_args!("`{name}`: there is no service `{}`", action.service())),
    };
    let help = match nearest {
        Some(nearest) => format!("did you mean `{nearest}`? `--unpublished-action` takes it as it is"),
        None => "`--unpublished-action` takes it as it is".to_owned(),
    };
    Err(Failure::usage(vec![problem.help(help)]))
}

/// Refuses an action on nothing in particular that always is on something: of `*` nearly everything would be denied.
pub(super) fn check_resource(action: &Action) -> Result<(), Failure> {
    let Some(known) = aws_catalog::action(action.as_str()) else { return Ok(()) };
    let Some(needed) = known.resource_types().iter().find(|resource| resource.is_required()) else { return Ok(()) };
    let problem = Problem::new(format_args!("--resource is missing: `{action}` acts on a {}", needed.name()));
    Err(Failure::usage(vec![problem.help("give its ARN; `--resource '*'` asks about all at once")]))
}
