//! Tokens: holder, expiry, and the cause of their end.
//!
//! The rule: only the response that issues a token contains its text; no type here prints it.
//! Start at [`Token`]; `token/store.rs` holds all tokens and decides which are dead, `token/code.rs` has the codes of log-ins.

mod code;
mod store;

use std::collections::HashSet;

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

pub(crate) use code::{CodeRefusal, Codes, Login, mint_code};
pub(crate) use store::{NewDates, Tokens};

/// The holder of a token.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum TokenHolder {
    Person(String),
    SystemUser(String),
    /// A page; its token was minted from the token of `by`.
    Page {
        page: String,
        by: Box<TokenHolder>,
    },
}

impl TokenHolder {
    /// The person or system user behind the token.
    pub fn user_id(&self) -> &str {
        match self {
            Self::Person(id) | Self::SystemUser(id) => id,
            Self::Page { by, .. } => by.user_id(),
        }
    }

    /// The person behind the token; `None` for system users.
    pub fn person_id(&self) -> Option<&str> {
        match self {
            Self::Person(id) => Some(id),
            Self::SystemUser(_) => None,
            Self::Page { by, .. } => by.person_id(),
        }
    }

    /// `type` in the response of `debug_token`.
    pub fn type_name(&self) -> &'static str {
        match self {
            Self::Person(_) => "USER",
            Self::SystemUser(_) => "SYSTEM_USER",
            Self::Page { .. } => "PAGE",
        }
    }

    /// The kind, as fault rules name it.
    pub fn kind(&self) -> TokenKind {
        match self {
            Self::Person(_) => TokenKind::User,
            Self::SystemUser(_) => TokenKind::SystemUser,
            Self::Page { .. } => TokenKind::Page,
        }
    }
}

/// The kinds of tokens that fault rules distinguish.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, Serialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum TokenKind {
    User,
    Page,
    SystemUser,
    App,
}

/// A date, or none ever.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum EndDate {
    Never,
    At(DateTime<Utc>),
}

impl EndDate {
    /// The date; `None` for never.
    pub fn date(self) -> Option<DateTime<Utc>> {
        match self {
            Self::Never => None,
            Self::At(at) => Some(at),
        }
    }
}

/// Why a token no longer works.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum TokenEnding {
    Expired(DateTime<Utc>),
    Deauthorized,
    PasswordChanged,
    Invalidated,
}

/// A token that the sandbox issued.
#[derive(Clone)]
pub(crate) struct Token {
    pub text: String,
    pub holder: TokenHolder,
    pub app: String,
    pub scopes: Vec<String>,
    /// Assets selected at login; absent: all.
    pub granted: Option<HashSet<String>>,
    pub issued_at: DateTime<Utc>,
    pub expires_at: Option<DateTime<Utc>>,
    /// Issued to live for hours only; page tokens minted from it expire with it.
    pub short_lived: bool,
    /// The end of data access of this token alone; absent: that of its person.
    pub own_data_access: Option<EndDate>,
    pub parent: Option<String>,
    pub ended: Option<TokenEnding>,
}

impl Token {
    /// A new token with a random text.
    pub fn new(holder: TokenHolder, app: &str, scopes: Vec<String>, now: DateTime<Utc>) -> Self {
        Self {
            text: random_token_text(&holder),
            holder,
            app: app.to_owned(),
            scopes,
            granted: None,
            issued_at: now,
            expires_at: None,
            short_lived: false,
            own_data_access: None,
            parent: None,
            ended: None,
        }
    }

    pub fn has_any_scope(&self, scopes: &[&str]) -> bool {
        scopes.is_empty()
            || self
                .scopes
                .iter()
                .any(|have| scopes.contains(&have.as_str()))
    }

    pub fn grants_asset(&self, asset: &str) -> bool {
        self.granted
            .as_ref()
            .is_none_or(|assets| assets.contains(asset))
    }
}

/// The scopes that a login grants by default.
pub(crate) const DEFAULT_SCOPES: [&str; 11] = [
    "public_profile",
    "email",
    "pages_show_list",
    "pages_read_engagement",
    "pages_manage_metadata",
    "business_management",
    "ads_management",
    "ads_read",
    "catalog_management",
    "instagram_basic",
    "whatsapp_business_management",
];

/// Random text, for tokens and trace ids.
#[expect(
    clippy::disallowed_methods,
    reason = "random texts of Graph, not ids of ours"
)]
pub(crate) fn random_hex() -> String {
    Uuid::new_v4().simple().to_string()
}

fn random_token_text(holder: &TokenHolder) -> String {
    let mark = match holder {
        TokenHolder::Person(_) => "EAASU",
        TokenHolder::SystemUser(_) => "EAASS",
        TokenHolder::Page { .. } => "EAASP",
    };
    format!("{mark}{}{}ZD", random_hex(), random_hex())
}
