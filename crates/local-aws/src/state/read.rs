//! Texts into states.

use authz::{
    file::{NoFiles, world},
    text::SourceText,
    world::World,
};
use aws_model::SecretBytes;
use base64::{Engine as _, prelude::BASE64_STANDARD};

use super::{Document, FORMAT, Flaw, Secrets, VERSION, field, kept::Row, references, secrets, tables};
use crate::{
    clock::Setting,
    json::{Node, nearest, offset, without_place},
};

const FIELDS: [&str; 7] = ["format", "version", "partition", "secrets", "clock", "world", "tables"];
const SECRETS: [(&str, Secrets); 3] =
    [("absent", Secrets::Absent), ("plain", Secrets::Plain), ("sealed", Secrets::Sealed)];

pub(super) fn document(text: &str) -> Result<Document, Flaw> {
    let root = Node::read(text)?;
    if !root.is_map() {
        return Err(Flaw::new(root.at, "", "this is no state: it has to be an object"));
    }
    // Before all else: whatever another version has, this one does not know.
    if one_text(&root, "format")? != FORMAT {
        return Err(wrong(&root, "format", format!("has to be `{FORMAT}`")));
    }
    let version = one_text(&root, "version")?;
    if version != VERSION {
        return Err(wrong(&root, "version", format!("is `{version}`, and this program reads `{VERSION}`")));
    }
    if let Some(entry) = root.entries().iter().find(|entry| !FIELDS.contains(&entry.key.as_str())) {
        return Err(unknown(entry.key_at, "", "field", &entry.key, FIELDS.into_iter()));
    }
    let partition = one_text(&root, "partition")?.to_owned();
    let word = one_text(&root, "secrets")?;
    let found = SECRETS.iter().find(|(known, _)| *known == word).map(|(_, secrets)| *secrets);
    let secrets = found.ok_or_else(|| {
        let at = root.get("secrets").map_or(0, |node| node.at);
        unknown(at, "secrets", "word", word, SECRETS.iter().map(|(known, _)| *known))
    })?;
    let rows = rows(text, &root, secrets)?;
    let document = Document { partition, clock: clock(text, &root)?, world: told(text, &root)?, secrets, rows };
    references::check(&root, &document)?;
    Ok(document)
}

fn one_text<'n>(root: &'n Node, name: &'static str) -> Result<&'n str, Flaw> {
    let node = root.get(name).ok_or_else(|| Flaw::new(root.at, "", format!("`{name}` is missing")))?;
    node.text().ok_or_else(|| Flaw::new(node.at, name, "this has to be a text"))
}

fn wrong(root: &Node, name: &str, why: String) -> Flaw {
    Flaw::new(root.get(name).map_or(root.at, |node| node.at), name, why)
}

fn unknown<'a>(at: usize, field: &str, what: &str, name: &str, known: impl Iterator<Item = &'a str> + Clone) -> Flaw {
    let instead = match nearest(name, known.clone()) {
        Some(meant) => format!("did you mean `{meant}`?"),
        None => format!("write one of `{}`", known.collect::<Vec<_>>().join("`, `")),
    };
    Flaw::new(at, field, format!("there is no {what} `{name}` here; {instead}"))
}

fn clock(text: &str, root: &Node) -> Result<Setting, Flaw> {
    let node = root.get("clock").ok_or_else(|| Flaw::new(root.at, "", "`clock` is missing"))?;
    let slice = text.get(node.at..node.end).unwrap_or_default();
    serde_json::from_str(slice).map_err(|error| {
        let at = node.at + offset(slice.as_bytes(), error.line(), error.column());
        let takes = "it takes {\"ahead\": \"PT0S\"} or {\"frozen\": TIME}";
        Flaw::new(at, "clock", format!("this is no clock: {}; {takes}", without_place(&error)))
    })
}

/// What a world file told besides: users, roles, an organization. Its keys have become rows.
fn told(text: &str, root: &Node) -> Result<World, Flaw> {
    let Some(node) = root.get("world") else { return Ok(World::new()) };
    let source = SourceText::new("world", text.get(node.at..node.end).unwrap_or_default());
    let world = world::read(&source, &NoFiles).map_err(|error| {
        let field = if error.field().is_empty() { "world".to_owned() } else { format!("world.{}", error.field()) };
        Flaw::new(node.at + error.span().start as usize, field, error.problem().to_string())
    })?;
    if world.accounts().any(|(_, account)| account.keys().next().is_some()) {
        let at = node.get("keys").map_or(node.at, |keys| keys.at);
        return Err(Flaw::new(at, "world.keys", "keys are rows of `tables.kms.key`, and of the world file none"));
    }
    Ok(world)
}

fn rows(text: &str, root: &Node, secrets: Secrets) -> Result<Vec<Row>, Flaw> {
    let Some(given) = root.get("tables") else { return Err(Flaw::new(root.at, "", "`tables` is missing")) };
    let mut rows = Vec::new();
    for entry in given.entries() {
        let Some(table) = tables::named(&entry.key) else {
            let names: Vec<_> = tables::all().map(|table| table.name()).collect();
            return Err(unknown(entry.key_at, "tables", "table", &entry.key, names.iter().copied()));
        };
        if table.is_sealed() && secrets == Secrets::Absent {
            return Err(Flaw::new(
                entry.key_at,
                "tables",
                format!("`{}` has secrets, and `secrets` says `absent`", entry.key),
            ));
        }
        for row in entry.value.entries() {
            let bytes = if table.is_sealed() {
                let flaw = |why: String| Flaw::new(row.value.at, field(&entry.key, &row.key), why);
                let encoded = row.value.text().and_then(|text| BASE64_STANDARD.decode(text).ok()).map(SecretBytes::new);
                let secret = encoded.ok_or_else(|| flaw("this has to be a secret, in base64".to_owned()))?;
                if secrets == Secrets::Plain {
                    secrets::check(table, &row.key, &secret).map_err(flaw)?;
                }
                secret
            } else {
                SecretBytes::new(text.get(row.value.at..row.value.end).unwrap_or_default().into())
            };
            rows.push((table, row.key.clone(), bytes));
        }
    }
    Ok(rows)
}
