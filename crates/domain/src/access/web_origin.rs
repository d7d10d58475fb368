//! Web origins (RFC 6454) that serve the pages of a tenant.
//!
//! The rule: origins are compared as whole texts, never by prefix, suffix or pattern. A text that no browser sends
//! is refused.

use std::{fmt, str::FromStr};

use serde::{Deserialize, Serialize};

/// One exact origin: `https://host[:port]`, or `http` on the local machine.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(into = "String", try_from = "String")]
pub struct WebOrigin(String);

/// The text is not an origin that can be allowed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error(
    "expected an origin as a browser sends it, such as https://app.example.com or http://localhost:3000"
)]
pub struct InvalidWebOrigin;

impl WebOrigin {
    /// The origin as text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for WebOrigin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl FromStr for WebOrigin {
    type Err = InvalidWebOrigin;

    fn from_str(text: &str) -> Result<Self, InvalidWebOrigin> {
        let (scheme, authority) = text.split_once("://").ok_or(InvalidWebOrigin)?;
        let (host, port) = match authority.split_once(':') {
            Some((host, port)) => (host, Some(port)),
            None => (authority, None),
        };
        let is_local = host == "localhost" || host == "127.0.0.1";
        let (scheme_fits, default_port) = match scheme {
            "https" => (true, "443"),
            "http" => (is_local, "80"),
            _ => (false, ""),
        };
        let port_fits = port.is_none_or(|it| it != default_port && is_port(it));
        if text.len() <= 255 && scheme_fits && is_host(host) && port_fits {
            Ok(Self(text.to_owned()))
        } else {
            Err(InvalidWebOrigin)
        }
    }
}

/// Labels of lower-case letters, digits and inner hyphens. Browsers send other scripts as punycode.
fn is_host(host: &str) -> bool {
    let label = |it: &str| {
        let inner = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-';
        (1..=63).contains(&it.len())
            && it.bytes().all(inner)
            && !it.starts_with('-')
            && !it.ends_with('-')
    };
    host.split('.').all(label)
}

fn is_port(port: &str) -> bool {
    !port.starts_with('0')
        && port.bytes().all(|b| b.is_ascii_digit())
        && port.parse::<u16>().is_ok()
}

impl TryFrom<String> for WebOrigin {
    type Error = InvalidWebOrigin;

    fn try_from(text: String) -> Result<Self, InvalidWebOrigin> {
        text.parse()
    }
}

impl From<WebOrigin> for String {
    fn from(origin: WebOrigin) -> Self {
        origin.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_that_a_browser_sends_is_an_origin() {
        for text in [
            "https://app.example.com",
            "https://app.example.com:8443",
            "https://xn--bcher-kva.example",
            "http://localhost:3000",
            "http://127.0.0.1",
        ] {
            assert_eq!(text.parse::<WebOrigin>().unwrap().as_str(), text);
        }
    }

    #[test]
    fn other_texts_are_refused() {
        for text in [
            "",
            "*",
            "null",
            "https://",
            "https://*.example.com",
            "http://app.example.com",
            "https://App.example.com",
            "https://app.example.com/",
            "https://app.example.com.",
            "https://app.example.com:443",
            "http://localhost:80",
            "https://app.example.com:0443",
            "https://app.example.com:70000",
            "https://app.example.com:",
            "https://user@app.example.com",
            "https://bücher.example",
            "https://a b",
            "ftp://app.example.com",
            "//app.example.com",
        ] {
            assert_eq!(text.parse::<WebOrigin>(), Err(InvalidWebOrigin), "{text:?}");
        }
    }
}
