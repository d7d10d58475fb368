//! The items of a batch: their form, and how one depends on others.
//!
//! The rule: an item depends on an earlier one that has a `name`, by `depends_on`, or by `{result=name:$.path}` in its
//! address or body, which is a value of that item's response. If an item fails, those that depend on it do not run.

use std::collections::BTreeMap;

use serde_json::Value;
use serde_json_path::JsonPath;
use url::form_urlencoded::byte_serialize;

use super::super::{Call, GraphError, Method};

const RESULT: &str = "{result=";

/// An item of a batch.
pub(super) struct BatchItem {
    method: Method,
    relative_url: String,
    body: String,
    token: Option<String>,
    /// The name by which others depend on it.
    pub(super) name: Option<String>,
    depends_on: Option<String>,
    /// Whether a success is null in the response of the batch.
    pub(super) omits_success: Option<bool>,
}

/// The response bodies of the named items so far; `None` for an item that failed.
#[derive(Default)]
pub(super) struct NamedBodies(BTreeMap<String, Option<Value>>);

impl BatchItem {
    pub(super) fn parse(item: &Value) -> Result<Self, GraphError> {
        let text = |name: &str| item.get(name).and_then(Value::as_str).map(str::to_owned);
        let relative_url =
            text("relative_url").ok_or_else(|| GraphError::missing_parameter("relative_url"))?;
        let method = text("method")
            .and_then(|it| Method::parse(&it))
            .ok_or_else(|| GraphError::missing_parameter("method"))?;
        Ok(Self {
            method,
            relative_url,
            body: text("body").unwrap_or_default(),
            token: text("access_token"),
            name: text("name"),
            depends_on: text("depends_on"),
            omits_success: item
                .get("omit_response_on_success")
                .and_then(Value::as_bool),
        })
    }

    /// Whether it depends on the item with this name.
    pub(super) fn depends_on(&self, name: &str) -> bool {
        let result = format!("{RESULT}{name}:");
        self.depends_on.as_deref() == Some(name)
            || self.relative_url.contains(&result)
            || self.body.contains(&result)
    }

    /// The call of the item, with the values of earlier responses in it.
    pub(super) fn to_call(&self, batch: &Call, earlier: &NamedBodies) -> Result<Call, GraphError> {
        if let Some(name) = &self.depends_on {
            earlier.find(name)?;
        }
        let url = earlier.fill_in(&self.relative_url)?;
        let body = earlier.fill_in(&self.body)?;
        let (path, query) = url.split_once('?').unwrap_or((&url, ""));
        let mut call = Call::new(self.method, path, query, body.as_bytes());
        let own = self.token.as_ref();
        if let Some(token) = own.filter(|_| call.params.get("access_token").is_none()) {
            call.params.set_value("access_token", token);
        }
        call.version = call.version.or_else(|| batch.version.clone());
        call.in_batch = true;
        call.inherited = batch.token().map(str::to_owned);
        Ok(call)
    }
}

impl NamedBodies {
    /// Keeps the body of a success; `None` says that the item failed.
    pub(super) fn keep(&mut self, name: &str, body: Option<&str>) {
        let body = body.and_then(|it| serde_json::from_str(it).ok());
        self.0.insert(name.to_owned(), body);
    }

    /// The text with each `{result=name:$.path}` replaced by the values at that path, separated by commas.
    fn fill_in(&self, text: &str) -> Result<String, GraphError> {
        let mut filled = String::new();
        let mut rest = text;
        while let Some((before, after)) = rest.split_once(RESULT) {
            let (reference, after) = after
                .split_once('}')
                .ok_or_else(|| GraphError::batch_error("A reference to a result does not end."))?;
            filled.push_str(before);
            filled.push_str(&self.select(reference)?);
            rest = after;
        }
        filled.push_str(rest);
        Ok(filled)
    }

    fn select(&self, reference: &str) -> Result<String, GraphError> {
        let (name, path) = reference.split_once(':').unwrap_or((reference, "$"));
        let body = self.find(name)?;
        let path = JsonPath::parse(path).map_err(|error| {
            GraphError::batch_error(&format!("The path of the result `{name}`: {error}"))
        })?;
        let values = path.query(body).all().into_iter().map(|value| {
            let text = value
                .as_str()
                .map_or_else(|| value.to_string(), str::to_owned);
            byte_serialize(text.as_bytes()).collect::<String>()
        });
        Ok(values.collect::<Vec<_>>().join(","))
    }

    fn find(&self, name: &str) -> Result<&Value, GraphError> {
        match self.0.get(name) {
            Some(Some(body)) => Ok(body),
            Some(None) => Err(GraphError::item_aborted()),
            None => Err(GraphError::not_simulated(
                "a batch item that depends on an item that is not before it",
            )),
        }
    }
}
