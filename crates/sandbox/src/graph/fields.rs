//! The `fields` parameter, and the object with the requested fields.

use serde_json::{Map, Value};

use super::GraphError;

/// One requested field, with the fields requested of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Field {
    pub name: String,
    pub inner: Vec<Field>,
}

/// Parses `id,name,business{id},accounts.limit(5)`.
pub(crate) fn parse_fields(text: &str) -> Vec<Field> {
    split_fields(text)
        .into_iter()
        .filter_map(parse_field)
        .collect()
}

/// Builds a node from the requested fields. `lookup` returns `None` for a field that this type lacks,
/// and `Null` for a field without a value.
pub(crate) fn render_node(
    node_type: &str,
    fields: &[Field],
    mut lookup: impl FnMut(&str) -> Option<Value>,
) -> Result<Value, GraphError> {
    let mut node = Map::new();
    for field in fields {
        let value = lookup(&field.name)
            .ok_or_else(|| GraphError::nonexisting_field(&field.name, node_type))?;
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

fn parse_field(text: &str) -> Option<Field> {
    let text = text.trim();
    let name_end = text.find(['{', '.', '(']).unwrap_or(text.len());
    let (name, rest) = text.split_at(name_end);
    let inner = rest
        .find('{')
        .and_then(|at| rest.get(at..)?.trim().strip_prefix('{')?.strip_suffix('}'));
    let name = name.trim();
    (!name.is_empty()).then(|| Field {
        name: name.to_owned(),
        inner: inner.map(parse_fields).unwrap_or_default(),
    })
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
}
