//! The address of a page: an origin that can be allowed, then a path and a query.
//!
//! The rule: the text is kept as it came, because others compare it byte for byte.

use std::{fmt, str::FromStr};

use serde::{Deserialize, Serialize};

use crate::WebOrigin;

/// The longest address, in bytes.
const MAX_LENGTH: usize = 2048;

/// The address of a page: `https`, or `http` on the local machine; without a fragment.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(into = "String", try_from = "String")]
pub struct PageUrl {
    text: String,
    origin: WebOrigin,
}

/// The text is not the address of a page.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error(
    "an address such as https://app.example.com/login, of at most {MAX_LENGTH} bytes, without a fragment"
)]
pub struct InvalidPageUrl;

impl PageUrl {
    /// The address as it came.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// The origin of the page.
    #[must_use]
    pub const fn origin(&self) -> &WebOrigin {
        &self.origin
    }
}

impl FromStr for PageUrl {
    type Err = InvalidPageUrl;

    fn from_str(text: &str) -> Result<Self, InvalidPageUrl> {
        let is_plain = text.bytes().all(|b| b.is_ascii_graphic()) && !text.contains(['#', '\\']);
        if text.len() > MAX_LENGTH || !is_plain {
            return Err(InvalidPageUrl);
        }
        let (scheme, rest) = text.split_once("://").ok_or(InvalidPageUrl)?;
        let authority = rest.split(['/', '?']).next().unwrap_or_default();
        let origin = format!("{scheme}://{authority}").parse();
        Ok(Self {
            text: text.to_owned(),
            origin: origin.map_err(|_| InvalidPageUrl)?,
        })
    }
}

impl fmt::Display for PageUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

impl TryFrom<String> for PageUrl {
    type Error = InvalidPageUrl;

    fn try_from(text: String) -> Result<Self, InvalidPageUrl> {
        text.parse()
    }
}

impl From<PageUrl> for String {
    fn from(url: PageUrl) -> Self {
        url.text
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_keeps_its_text_and_has_an_origin() {
        for (text, origin) in [
            ("https://app.example.com", "https://app.example.com"),
            ("https://app.example.com?a=b", "https://app.example.com"),
            (
                "https://app.example.com:8443/a/../b?c=%20d",
                "https://app.example.com:8443",
            ),
            ("http://localhost:3000/", "http://localhost:3000"),
        ] {
            let url: PageUrl = text.parse().unwrap();
            assert_eq!((url.as_str(), url.origin().as_str()), (text, origin));
        }
    }

    #[test]
    fn other_texts_are_no_addresses() {
        for text in [
            "",
            "https://",
            "http://app.example.com/",
            "https://user@app.example.com/",
            "https://app.example.com/#a",
            "https://app.example.com\\@evil.example/",
            "https://app.example.com@evil.example/",
            "https://App.example.com/",
            "https://app.example.com/a b",
            "https://app.example.com/é",
            "javascript://app.example.com/%0aalert(1)",
            "//app.example.com/",
        ] {
            assert_eq!(text.parse::<PageUrl>(), Err(InvalidPageUrl), "{text:?}");
        }
    }
}
