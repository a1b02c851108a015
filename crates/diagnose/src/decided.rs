//! A decision of [`authz`], as a link of a chain.

use authz::{decision::Verdict, request::Request, rules::Assumptions, world::World};

use crate::chain::Link;

/// A link that holds if the request is allowed. `may` is what that says: `the role may be assumed`.
pub(crate) fn link(name: &'static str, world: &World, request: &Request, assumptions: &Assumptions, may: &str) -> Link {
    match world.decide(request, assumptions) {
        Verdict::Allowed => Link::ok(name, may),
        Verdict::AllowedIff(condition) => {
            Link::unknown(name, format_args!("{may} only if {condition}, which is not known"))
        }
        Verdict::Denied(denial) => {
            let said = denial.error(request, assumptions);
            mended(
                Link::broken(name, format_args!("{} is denied to {}", request.action, request.principal)),
                world,
                request,
                assumptions,
            )
            .detail(format_args!("AWS says: {}", said.message))
        }
    }
}

/// With the smallest change that would allow it.
fn mended(link: Link, world: &World, request: &Request, assumptions: &Assumptions) -> Link {
    let fixes = world.fixes(request, assumptions);
    let Some(best) = fixes.fixes.first().or_else(|| fixes.halves.first()) else {
        return fixes.obstacles.iter().fold(link, Link::detail);
    };
    best.changes.iter().fold(link, |link, change| {
        let commands = change.commands(request);
        let account = change.who.account().map_or_else(String::new, |account| format!("in account {account}: "));
        link.help(format_args!("{account}{change}"), commands.iter().map(ToString::to_string))
    })
}
