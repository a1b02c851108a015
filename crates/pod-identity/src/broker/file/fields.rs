//! The fields of a mapping: those that are known, each of its type; any other is refused with the nearest that is known.

use super::{
    Flaw,
    yaml::{Entry, Node, Place, Value, shown},
};

/// How like a known name an unknown one must be (Jaro-Winkler, 0 to 1) to be taken for a slip of the pen.
const ALIKE: f64 = 0.8;

/// A field of a document: its name, and its path as it is told.
pub(super) type Field = (&'static str, &'static str);

/// A mapping that is being read. What is wrong is gathered, so that all of it is told at once.
pub(super) struct Fields<'a, 'f> {
    entries: &'a [Entry],
    at: Place,
    flaws: &'f mut Vec<Flaw>,
}

impl<'a, 'f> Fields<'a, 'f> {
    /// `None`: it is no mapping.
    pub(super) fn of(node: &'a Node, path: Option<&'static str>, flaws: &'f mut Vec<Flaw>) -> Option<Self> {
        match &node.value {
            Value::Map(entries) => Some(Self { entries, at: node.at, flaws }),
            _ => {
                flaws.push(Flaw { at: Some(node.at), field: path, message: "this has to be a mapping".to_owned() });
                None
            }
        }
    }

    /// Refuses every other field.
    pub(super) fn only(&mut self, known: &[Field]) {
        for entry in self.entries {
            if known.iter().any(|(name, _)| *name == entry.key) {
                continue;
            }
            let likeness = |name: &str| strsim::jaro_winkler(&entry.key, name);
            let nearest = known.iter().max_by(|one, other| likeness(one.0).total_cmp(&likeness(other.0)));
            let name = shown(&entry.key);
            let message = match nearest.filter(|nearest| likeness(nearest.0) >= ALIKE) {
                Some((nearest, _)) => format!("`{name}` is no field; the nearest is `{nearest}`"),
                None => {
                    let all: Vec<_> = known.iter().map(|(name, _)| *name).collect();
                    format!("`{name}` is no field; there are {}", all.join(", "))
                }
            };
            self.flaws.push(Flaw { at: Some(entry.key_at), field: None, message });
        }
    }

    pub(super) fn get(&self, (name, _): Field) -> Option<&'a Node> {
        self.entries.iter().find(|entry| entry.key == name).map(|entry| &entry.value).filter(|node| !node.is_nothing())
    }

    /// A text, read by `read`. `None`: it is not there, or it is told what is wrong with it.
    pub(super) fn text<T, E: ToString>(&mut self, field: Field, read: impl FnOnce(&str) -> Result<T, E>) -> Option<T> {
        let node = self.get(field)?;
        let told = match &node.value {
            Value::Scalar { text, .. } => match read(text) {
                Ok(value) => return Some(value),
                Err(error) => error.to_string(),
            },
            _ => "this has to be a text".to_owned(),
        };
        self.refuse(field, node.at, told)
    }

    /// The same, where it has to be there.
    pub(super) fn required<T, E: ToString>(
        &mut self,
        field: Field,
        read: impl FnOnce(&str) -> Result<T, E>,
    ) -> Option<T> {
        if self.get(field).is_none() {
            return self.refuse(field, self.at, "this is missing".to_owned());
        }
        self.text(field, read)
    }

    /// A mapping of texts, read by `read`. `None`: it is not there, or it is told what is wrong with it.
    pub(super) fn texts<T, E: ToString>(
        &mut self,
        field: Field,
        read: impl FnOnce(Vec<(String, String)>) -> Result<T, E>,
    ) -> Option<T> {
        let node = self.get(field)?;
        let Value::Map(entries) = &node.value else {
            return self.refuse(field, node.at, "this has to be a mapping".to_owned());
        };
        let mut texts = Vec::new();
        for Entry { key, value, .. } in entries {
            match &value.value {
                Value::Scalar { text, .. } => texts.push((key.clone(), text.clone())),
                _ => return self.refuse(field, value.at, format!("the value of `{}` has to be a text", shown(key))),
            }
        }
        match read(texts) {
            Ok(value) => Some(value),
            Err(error) => self.refuse(field, node.at, error.to_string()),
        }
    }

    /// `true` or `false`; false where it is not there.
    pub(super) fn truth(&mut self, field: Field) -> bool {
        let Some(node) = self.get(field) else { return false };
        match &node.value {
            Value::Scalar { text, plain: true } if text == "true" => true,
            Value::Scalar { text, plain: true } if text == "false" => false,
            _ => self.refuse(field, node.at, "this is `true` or `false`".to_owned()).unwrap_or_default(),
        }
    }

    pub(super) fn refuse<T>(&mut self, (_, path): Field, at: Place, message: String) -> Option<T> {
        self.flaws.push(Flaw { at: Some(at), field: Some(path), message });
        None
    }
}
