//! Lists with cursors, for edges.
//!
//! As in Graph the `next` URL contains the token: clients must use `after` and must not store the URL.

use serde_json::{Value, json};
use url::form_urlencoded::Serializer;

use super::{Call, GraphError};
use crate::state::State;

const DEFAULT_LIMIT: usize = 25;
const MAX_LIMIT: usize = 100;

/// One page of a list of ids.
pub(crate) struct ListPage {
    pub ids: Vec<String>,
    total: usize,
    has_previous: bool,
    has_next: bool,
}

/// The part of `ids` that `limit`, `after` and `before` of the call select.
pub(crate) fn select_page(call: &Call, ids: Vec<String>) -> Result<ListPage, GraphError> {
    let limit = match call.params.get("limit") {
        None => DEFAULT_LIMIT,
        Some(text) => text.parse().map_err(|_| invalid_parameter("limit"))?,
    };
    let limit = limit.clamp(1, MAX_LIMIT);
    let total = ids.len();
    let (start, end) = match (call.params.get("after"), call.params.get("before")) {
        (Some(after), _) if after == cursor_of("") => (0, total),
        (Some(after), _) => (find_position(&ids, after)?.saturating_add(1), total),
        (None, Some(before)) => {
            let end = find_position(&ids, before)?;
            (end.saturating_sub(limit), end)
        }
        (None, None) => (0, total),
    };
    let ids: Vec<String> = ids.into_iter().take(end).skip(start).take(limit).collect();
    let has_next = start.saturating_add(ids.len()) < total;
    Ok(ListPage {
        ids,
        total,
        has_previous: start > 0,
        has_next,
    })
}

/// The list in Graph's form, with `data`, `paging` and `summary`.
pub(crate) fn wrap_page(state: &State, call: &Call, window: &ListPage, data: &[Value]) -> Value {
    let mut list = json!({ "data": data });
    let Some(fields) = list.as_object_mut() else {
        return list;
    };
    if let (Some(first), Some(last)) = (window.ids.first(), window.ids.last()) {
        let mut paging = json!({"cursors": {"before": cursor_of(first), "after": cursor_of(last)}});
        if let Some(paging) = paging.as_object_mut() {
            let mut link = |field: &str, name, id| {
                paging.insert(field.to_owned(), json!(page_url(state, call, name, id)))
            };
            window
                .has_previous
                .then(|| link("previous", "before", first));
            window.has_next.then(|| link("next", "after", last));
        }
        fields.insert("paging".to_owned(), paging);
    }
    let asked = call
        .params
        .get("summary")
        .is_some_and(|summary| summary != "false");
    asked.then(|| fields.insert("summary".to_owned(), json!({"total_count": window.total})));
    list
}

/// Empties a page of a list: the page after it begins where this one began.
pub(crate) fn empty_page(call: &Call, list: &mut Value) {
    let Some(fields) = list.as_object_mut().filter(|it| it.contains_key("data")) else {
        return;
    };
    let after = call
        .params
        .get("after")
        .map_or_else(|| cursor_of(""), ToOwned::to_owned);
    let mut query = Serializer::new(String::new());
    query.append_pair("access_token", call.token().unwrap_or_default());
    query.append_pair("after", &after);
    let next = format!(
        "https://graph.facebook.com/{}?{}",
        call.joined_path(),
        query.finish()
    );
    let paging = json!({"cursors": {"before": after, "after": after}, "next": next});
    fields.insert("data".to_owned(), json!([]));
    fields.insert("paging".to_owned(), paging);
}

/// Responds with one page of a list: selects the ids, renders each with `row`, wraps them.
pub(crate) fn respond_with_list(
    state: &mut State,
    call: &Call,
    ids: Vec<String>,
    mut row: impl FnMut(&mut State, &str) -> Result<Value, GraphError>,
) -> Result<Value, GraphError> {
    let window = select_page(call, ids)?;
    let data = window
        .ids
        .iter()
        .map(|id| row(state, id))
        .collect::<Result<Vec<_>, _>>()?;
    Ok(wrap_page(state, call, &window, &data))
}

fn page_url(state: &State, call: &Call, direction: &str, id: &str) -> String {
    let version = call.version.as_deref().unwrap_or("v26.0");
    let mut query = Serializer::new(String::new());
    let kept = |name: &&str| {
        !matches!(
            *name,
            "after" | "before" | "access_token" | "appsecret_proof" | "appsecret_time"
        )
    };
    for (name, value) in call.params.iter().filter(|(name, _)| kept(name)) {
        query.append_pair(name, value);
    }
    query.append_pair("access_token", call.token().unwrap_or_default());
    query.append_pair(direction, &cursor_of(id));
    format!(
        "{}/{version}/{}?{}",
        state.url,
        call.joined_path(),
        query.finish()
    )
}

/// The cursor of an item: opaque to clients, stable while the list changes.
fn cursor_of(id: &str) -> String {
    format!("QVFI{}ZD", hex::encode(id))
}

fn find_position(ids: &[String], cursor: &str) -> Result<usize, GraphError> {
    let inner = cursor
        .strip_prefix("QVFI")
        .and_then(|text| text.strip_suffix("ZD"));
    let id = inner
        .and_then(|text| hex::decode(text).ok())
        .and_then(|bytes| String::from_utf8(bytes).ok());
    let position = id.and_then(|id| ids.iter().position(|have| *have == id));
    position.ok_or_else(|| invalid_parameter("cursor"))
}

fn invalid_parameter(what: &str) -> GraphError {
    GraphError::new(100, format!("(#100) Invalid {what} for the list"))
}
