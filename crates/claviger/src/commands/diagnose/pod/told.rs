//! The chain, for people and for programs.

use anstyle::{AnsiColor, Style};
use diagnose::chain::{Chain, Link, State};
use serde_json::{Value, json};

/// As wide as the longest name of a link, and two.
const NAMES: usize = 17;

pub(super) fn text(chain: &Chain) -> String {
    let mut text = String::new();
    for link in &chain.links {
        tell(link, &mut text);
    }
    let last = match (chain.state(), chain.broken()) {
        (State::Broken, Some(first)) => {
            let count = chain.links.iter().filter(|link| link.state == State::Broken).count();
            match count {
                1 => format!("1 link does not hold: {}", first.name),
                count => format!("{count} links do not hold; the first is: {}", first.name),
            }
        }
        (State::Unknown, _) => "what is known holds; some links are not known".to_owned(),
        _ => "each link holds".to_owned(),
    };
    text.push_str(&format!("\n{last}\n"));
    text
}

fn tell(link: &Link, text: &mut String) {
    let (mark, style) = mark(link.state);
    text.push_str(&format!("{style}{mark:<8}{style:#}{:<NAMES$}{}\n", link.name, link.says));
    let margin = " ".repeat(8 + NAMES);
    for detail in &link.details {
        text.push_str(&format!("{margin}{detail}\n"));
    }
    let help = AnsiColor::Cyan.on_default().bold();
    for step in &link.help {
        text.push_str(&format!("{margin}{help}help:{help:#} {}\n", step.text));
        for command in &step.commands {
            text.push_str(&format!("{margin}  {command}\n"));
        }
    }
}

fn mark(state: State) -> (&'static str, Style) {
    match state {
        State::Ok => ("ok", AnsiColor::Green.on_default()),
        State::Skipped => ("-", Style::new().dimmed()),
        State::Unknown => ("unknown", AnsiColor::Yellow.on_default()),
        State::Broken => ("BROKEN", AnsiColor::Red.on_default().bold()),
    }
}

pub(super) fn json(chain: &Chain) -> Value {
    json!({
        "state": chain.state(),
        "broken": chain.broken().map(|link| link.name),
        "links": chain.links,
    })
}
