//! Field expansion: edges that `fields` names, such as `accounts.limit(2){id,name}`.
//!
//! The rule: an expanded edge is the call of the edge itself, with the same token and the same checks.

use serde_json::Value;

use super::Field;
use crate::{
    graph::{
        Call, GraphError,
        node::{
            self,
            simulated::{NodeType, is_readable_edge},
        },
    },
    state::State,
};

/// The fields of a node's own, and the edges among the requested fields.
pub(crate) fn split_edges(node_type: NodeType, asked: Vec<Field>) -> (Vec<Field>, Vec<Field>) {
    let is_own = |field: &Field| !is_readable_edge(node_type, &field.name);
    asked.into_iter().partition(is_own)
}

/// Adds the requested edges to a node. As in Graph an edge without rows is left out.
pub(crate) fn add_edges(
    state: &mut State,
    call: &Call,
    id: &str,
    edges: &[Field],
    node: &mut Value,
) -> Result<(), GraphError> {
    for edge in edges {
        let rows =
            node::respond_to_edge(state, &call_of_edge(call, id, edge), id, &edge.name, &[])?;
        let is_empty = rows
            .get("data")
            .and_then(Value::as_array)
            .is_some_and(Vec::is_empty);
        if let Some(members) = node.as_object_mut().filter(|_| !is_empty) {
            members.insert(edge.name.clone(), rows);
        }
    }
    Ok(())
}

fn call_of_edge(call: &Call, id: &str, edge: &Field) -> Call {
    let mut read = call.read_of_edge(id, &edge.name);
    for (name, value) in &edge.modifiers {
        read.params.set_value(name, value);
    }
    if let Some(inner) = &edge.inner_text {
        read.params.set_value("fields", inner);
    }
    read
}
