//! A call, parsed from any of the forms that SDKs send.
//!
//! SDKs differ: form, multipart or JSON bodies, bodies on GET, trailing slashes, any version or none, the token
//! in the query, the body or the header.

pub(crate) mod multipart;

use std::collections::BTreeMap;

use serde_json::Value;
use url::form_urlencoded;

use multipart::Parts;

/// The parameters that carry the token of a call.
const TOKEN_PARAMS: [&str; 3] = ["access_token", "appsecret_proof", "appsecret_time"];

/// The methods of Graph.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Method {
    Get,
    Post,
    Delete,
}

/// A call or one item of a batch.
#[derive(Clone)]
pub(crate) struct Call {
    pub method: Method,
    pub version: Option<String>,
    /// Segments after the version.
    pub path: Vec<String>,
    pub params: Params,
    pub bearer: Option<String>,
    pub in_batch: bool,
    /// Whether the receiver at the URL of a subscription has repeated the challenge.
    pub is_challenge_echoed: bool,
    /// The token of the batch, for items without a token.
    pub inherited: Option<String>,
}

/// The parameters from query and body; the body overrides the query.
#[derive(Clone, Default)]
pub(crate) struct Params(BTreeMap<String, String>);

impl Method {
    pub fn parse(name: &str) -> Option<Self> {
        match name.to_ascii_uppercase().as_str() {
            "GET" | "HEAD" => Some(Self::Get),
            "POST" | "PUT" => Some(Self::Post),
            "DELETE" => Some(Self::Delete),
            _ => None,
        }
    }

    pub fn as_str(self) -> &'static str {
        match self {
            Self::Get => "get",
            Self::Post => "post",
            Self::Delete => "delete",
        }
    }

    /// The method as HTTP writes it.
    pub fn verb(self) -> &'static str {
        match self {
            Self::Get => "GET",
            Self::Post => "POST",
            Self::Delete => "DELETE",
        }
    }
}

impl Call {
    /// Parses path, query and a body that is a form or JSON.
    pub fn new(method: Method, path: &str, query: &str, body: &[u8]) -> Self {
        let mut params = Params::default();
        params.read_form(query.as_bytes());
        params.read_body(body);
        Self::with_params(method, path, params)
    }

    /// Parses path and query; `parts` are those of a multipart body.
    pub fn with_parts(method: Method, path: &str, query: &str, parts: Parts) -> Self {
        let mut params = Params::default();
        params.read_form(query.as_bytes());
        params.0.extend(parts);
        Self::with_params(method, path, params)
    }

    /// The read of an edge of a node, with the token of this call and no other parameter of it.
    pub fn read_of_edge(&self, id: &str, edge: &str) -> Self {
        let mut call = self.clone();
        call.method = Method::Get;
        call.path = vec![id.to_owned(), edge.to_owned()];
        call.params
            .0
            .retain(|name, _| TOKEN_PARAMS.contains(&name.as_str()));
        call
    }

    /// A parameter `method` overrides the HTTP method, as in Graph.
    fn with_params(method: Method, path: &str, params: Params) -> Self {
        let method = params
            .get("method")
            .and_then(Method::parse)
            .unwrap_or(method);
        let mut path: Vec<String> = path
            .split('/')
            .filter(|s| !s.is_empty())
            .map(decode_segment)
            .collect();
        let version = path.first().filter(|segment| is_version(segment)).cloned();
        if version.is_some() {
            path.remove(0);
        }
        Self {
            method,
            version,
            path,
            params,
            bearer: None,
            in_batch: false,
            is_challenge_echoed: false,
            inherited: None,
        }
    }

    pub fn first_segment(&self) -> Option<&str> {
        self.path.first().map(String::as_str)
    }

    pub fn joined_path(&self) -> String {
        self.path.join("/")
    }

    /// The token in the call itself.
    pub fn own_token(&self) -> Option<&str> {
        self.params.get("access_token").or(self.bearer.as_deref())
    }

    /// The token of the call: its own, or that of its batch.
    pub fn token(&self) -> Option<&str> {
        self.own_token().or(self.inherited.as_deref())
    }
}

impl Params {
    pub fn get(&self, name: &str) -> Option<&str> {
        self.0
            .get(name)
            .map(String::as_str)
            .filter(|value| !value.is_empty())
    }

    pub fn has_name(&self, name: &str) -> bool {
        self.0.contains_key(name)
    }

    /// A boolean parameter: `true`, `1` or `True` is true.
    pub fn flag_value(&self, name: &str) -> Option<bool> {
        self.get(name)
            .map(|value| matches!(value.to_ascii_lowercase().as_str(), "true" | "1"))
    }

    pub fn iter(&self) -> impl Iterator<Item = (&str, &str)> {
        self.0
            .iter()
            .map(|(name, value)| (name.as_str(), value.as_str()))
    }

    pub fn set_value(&mut self, name: &str, value: &str) {
        self.0.insert(name.to_owned(), value.to_owned());
    }

    /// A list written as a JSON array, as an array with single quotes (Meta's samples), or with commas.
    pub fn list_values(&self, name: &str) -> Vec<String> {
        let text = self.get(name).unwrap_or_default().trim();
        serde_json::from_str(text).unwrap_or_else(|_| read_loose_list(text))
    }

    fn read_form(&mut self, form: &[u8]) {
        let pairs = form_urlencoded::parse(form);
        self.0
            .extend(pairs.map(|(name, value)| (name.into_owned(), value.into_owned())));
    }

    fn read_body(&mut self, body: &[u8]) {
        let starts_like_json = body.iter().find(|byte| !byte.is_ascii_whitespace()) == Some(&b'{');
        match serde_json::from_slice::<Value>(body) {
            Ok(Value::Object(fields)) if starts_like_json => {
                self.0.extend(
                    fields
                        .into_iter()
                        .map(|(name, value)| (name, form_text(value))),
                );
            }
            _ => self.read_form(body),
        }
    }
}

fn read_loose_list(text: &str) -> Vec<String> {
    let inner = text.strip_prefix('[').and_then(|it| it.strip_suffix(']'));
    let values = inner.unwrap_or(text).split(',');
    values
        .map(|value| value.trim().trim_matches(['\'', '"']))
        .filter(|value| !value.is_empty())
        .map(Into::into)
        .collect()
}

/// A JSON value as the text that a form would contain.
fn form_text(value: Value) -> String {
    match value {
        Value::String(text) => text,
        Value::Null => String::new(),
        other => other.to_string(),
    }
}

fn decode_segment(segment: &str) -> String {
    // The form decoder reads `+` as a space, but in a path it is a plus.
    let form = segment.replace('+', "%2B");
    form_urlencoded::parse(form.as_bytes())
        .next()
        .map(|(text, _)| text.into_owned())
        .unwrap_or_default()
}

/// Accepts `v26.0`, and `3.1` as one old SDK writes it.
fn is_version(segment: &str) -> bool {
    let digits = segment.strip_prefix('v').unwrap_or(segment);
    digits.split_once('.').is_some_and(|(major, minor)| {
        [major, minor]
            .iter()
            .all(|part| !part.is_empty() && part.bytes().all(|b| b.is_ascii_digit()))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn version_slash_and_form_of_the_body_make_no_difference() {
        let plain = Call::new(Method::Get, "/v26.0/act_1/", "fields=id", b"{}");
        assert_eq!(
            (plain.joined_path().as_str(), plain.version.as_deref()),
            ("act_1", Some("v26.0"))
        );
        let form = Call::new(
            Method::Post,
            "act_1/agencies",
            "",
            b"business=2&permitted_tasks=%5B%22ANALYZE%22%5D",
        );
        let json = Call::new(
            Method::Post,
            "/3.1/act_1/agencies",
            "",
            br#"{"business":2,"permitted_tasks":["ANALYZE"]}"#,
        );
        assert_eq!(form.params.get("business"), json.params.get("business"));
        assert_eq!(
            form.params.list_values("permitted_tasks"),
            json.params.list_values("permitted_tasks")
        );
    }

    #[test]
    fn a_list_may_have_single_quotes() {
        for text in [
            "['ADVERTISE', 'ANALYZE']",
            "ADVERTISE,ANALYZE",
            r#"["ADVERTISE","ANALYZE"]"#,
            "['ADVERTISE','ANALYZE',]",
        ] {
            let mut params = Params::default();
            params.set_value("permitted_tasks", text);
            assert_eq!(
                params.list_values("permitted_tasks"),
                ["ADVERTISE", "ANALYZE"],
                "{text}"
            );
        }
    }

    #[test]
    fn a_method_parameter_overrides_the_method() {
        assert_eq!(
            Call::new(Method::Post, "/me", "method=delete", b"").method,
            Method::Delete
        );
    }
}
