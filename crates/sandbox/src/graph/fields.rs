//! The `fields` parameter, and the object with the requested fields.

mod expansion;
mod meta_names;

use serde_json::{Map, Value};

use super::{GraphError, simulated::NodeType};

pub(crate) use expansion::{add_edges, split_edges};

/// Brackets deeper than this are not read.
const MAX_DEPTH: usize = 8;

/// One requested field, with the fields requested of it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Field {
    pub name: String,
    pub inner: Vec<Field>,
    /// What stands in the braces, for an edge: its `fields`.
    pub inner_text: Option<String>,
    /// `.limit(5)` and others, for an edge: its parameters.
    pub modifiers: Vec<(String, String)>,
}

/// Parses `id,name,business{id},accounts.limit(5)`.
pub(crate) fn parse_fields(text: &str) -> Vec<Field> {
    parse_level(text, MAX_DEPTH)
}

/// Builds a node from the requested fields. `lookup` returns `None` for a field that this type lacks,
/// and `Null` for a field without a value.
pub(crate) fn render_node(
    node_type: NodeType,
    fields: &[Field],
    mut lookup: impl FnMut(&str) -> Option<Value>,
) -> Result<Value, GraphError> {
    let mut node = Map::new();
    for field in fields {
        let value = lookup(&field.name).ok_or_else(|| no_field_error(node_type, &field.name))?;
        if !value.is_null() {
            node.insert(field.name.clone(), keep_requested(value, &field.inner));
        }
    }
    if let Some(id) = lookup("id") {
        node.insert("id".to_owned(), id);
    }
    Ok(Value::Object(node))
}

/// Keeps only the requested fields of an inner object.
fn keep_requested(value: Value, inner: &[Field]) -> Value {
    match value {
        Value::Object(mut fields) if !inner.is_empty() => {
            fields.retain(|name, _| name == "id" || inner.iter().any(|field| &field.name == name));
            Value::Object(fields)
        }
        other => other,
    }
}

/// The error of a field that is not simulated, or that Meta's type lacks.
fn no_field_error(node_type: NodeType, name: &str) -> GraphError {
    if meta_names::has_name(node_type.name(), name) {
        GraphError::not_simulated(format!("GET /{}?fields={name}", node_type.placeholder()))
    } else {
        GraphError::nonexisting_field(name, node_type.name())
    }
}

fn parse_level(text: &str, depth: usize) -> Vec<Field> {
    let fields = split_fields(text).into_iter();
    fields
        .filter_map(|field| parse_field(field, depth))
        .collect()
}

fn parse_field(text: &str, depth: usize) -> Option<Field> {
    let text = text.trim();
    let name_end = text.find(['{', '.', '(']).unwrap_or(text.len());
    let (name, rest) = text.split_at(name_end);
    let (modifiers, braces) = rest.split_at(rest.find('{').unwrap_or(rest.len()));
    let inner = braces
        .trim()
        .strip_prefix('{')
        .and_then(|it| it.strip_suffix('}'));
    let inner = inner.filter(|_| depth > 0);
    let name = name.trim();
    (!name.is_empty()).then(|| Field {
        name: name.to_owned(),
        inner: inner
            .map(|it| parse_level(it, depth.saturating_sub(1)))
            .unwrap_or_default(),
        inner_text: inner.map(str::to_owned),
        modifiers: parse_modifiers(modifiers),
    })
}

/// Parses `.limit(5).after(x)`.
fn parse_modifiers(text: &str) -> Vec<(String, String)> {
    let calls = text
        .split(").")
        .map(|it| it.trim().trim_start_matches('.').trim_end_matches(')'));
    let pairs = calls.filter_map(|call| call.split_once('('));
    pairs
        .map(|(name, value)| (name.trim().to_owned(), value.trim().to_owned()))
        .collect()
}

/// Splits at commas outside of brackets.
fn split_fields(text: &str) -> Vec<&str> {
    let mut depth = 0_i32;
    text.split(move |c: char| {
        match c {
            '{' | '(' | '[' => depth = depth.saturating_add(1),
            '}' | ')' | ']' => depth = depth.saturating_sub(1),
            _ => {}
        }
        c == ',' && depth == 0
    })
    .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn commas_inside_brackets_do_not_split() {
        let fields = parse_fields("id, business{id,name},accounts.limit(5){id}");
        let names: Vec<&str> = fields.iter().map(|field| field.name.as_str()).collect();
        assert_eq!(names, ["id", "business", "accounts"]);
        assert_eq!(fields.get(1).map(|field| field.inner.len()), Some(2));
    }

    #[test]
    fn an_edge_has_modifiers_and_inner_fields() {
        let fields = parse_fields("accounts.limit(5).after(QVFI){id,businesses{id}}");
        let pair = |name: &str, value: &str| (name.to_owned(), value.to_owned());
        let [edge] = fields.as_slice() else {
            panic!("{fields:?}")
        };
        assert_eq!(edge.modifiers, [pair("limit", "5"), pair("after", "QVFI")]);
        assert_eq!(edge.inner_text.as_deref(), Some("id,businesses{id}"));
    }
}
