//! JSON Merge Patch (RFC 7396) over trees that keep their places.

use super::node::{Entry, Node, Value};

/// Merges a patch over a tree: mappings entry by entry, `null` takes an entry away, everything else replaces.
pub(super) fn merge(base: Node, patch: &Node) -> Node {
    let Value::Map(changes) = &patch.value else { return patch.clone() };
    let mut entries = match base.value {
        Value::Map(entries) => entries,
        Value::Scalar { .. } | Value::List(_) => Vec::new(),
    };
    for change in changes {
        let at = entries.iter().position(|entry| entry.key == change.key);
        if change.value.is_null() {
            if let Some(at) = at {
                entries.remove(at);
            }
            continue;
        }
        match at.and_then(|at| entries.get_mut(at)) {
            Some(Entry { value, .. }) => {
                let nothing = Node::nothing(&patch.source);
                *value = merge(std::mem::replace(value, nothing), &change.value);
            }
            None => entries.push(Entry { value: merge(Node::nothing(&patch.source), &change.value), ..change.clone() }),
        }
    }
    Node { source: patch.source.clone(), span: patch.span, line: patch.line, value: Value::Map(entries) }
}
