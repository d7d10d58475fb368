//! The address to which Meta's log-in dialog returned an authorization code.
//!
//! The rule: Meta compares it with that of the dialog byte for byte, so the text is kept as it came.

use std::str::FromStr;

use crate::{InvalidPageUrl, PageUrl, WebOrigin};

/// The `redirect_uri` of an exchange.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum RedirectUri {
    /// Sent as an empty text, as some versions of Meta's SDK need it.
    Empty,
    /// The address of a page.
    Page(PageUrl),
}

/// The text is neither empty nor the address of a page.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("expected an empty text, or {0}")]
pub struct InvalidRedirectUri(#[from] InvalidPageUrl);

impl RedirectUri {
    /// The text to send.
    #[must_use]
    pub fn as_str(&self) -> &str {
        match self {
            Self::Empty => "",
            Self::Page(url) => url.as_str(),
        }
    }

    /// The origin of the page, if it is one.
    #[must_use]
    pub const fn origin(&self) -> Option<&WebOrigin> {
        match self {
            Self::Empty => None,
            Self::Page(url) => Some(url.origin()),
        }
    }
}

impl FromStr for RedirectUri {
    type Err = InvalidRedirectUri;

    fn from_str(text: &str) -> Result<Self, InvalidRedirectUri> {
        if text.is_empty() {
            Ok(Self::Empty)
        } else {
            Ok(Self::Page(text.parse()?))
        }
    }
}

impl TryFrom<String> for RedirectUri {
    type Error = InvalidRedirectUri;

    fn try_from(text: String) -> Result<Self, InvalidRedirectUri> {
        text.parse()
    }
}

impl<'de> serde::Deserialize<'de> for RedirectUri {
    fn deserialize<D: serde::Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        let text = String::deserialize(from)?;
        text.parse().map_err(serde::de::Error::custom)
    }
}
