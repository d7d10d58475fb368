//! Tokens: holder, expiry, and the cause of their end.
//!
//! The rule: only the response that issues a token contains its text; no type here prints it.

use std::{
    collections::{HashMap, HashSet},
    sync::Arc,
};

use chrono::{DateTime, Duration, Utc};
use uuid::Uuid;

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
            parent: None,
            ended: None,
        }
    }

    /// Whether it lives for hours only; page tokens minted from it expire with it.
    pub fn is_short_lived(&self) -> bool {
        self.expires_at
            .is_some_and(|end| end - self.issued_at < Duration::days(1))
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

/// Every token issued in this world.
#[derive(Default)]
pub(crate) struct Tokens {
    by_text: HashMap<String, Arc<Token>>,
    data_access: HashMap<(String, String), DateTime<Utc>>,
}

impl Tokens {
    pub fn add_token(&mut self, token: Token) -> Arc<Token> {
        let token = Arc::new(token);
        self.by_text.insert(token.text.clone(), Arc::clone(&token));
        token
    }

    pub fn find_token(&self, text: &str) -> Option<Arc<Token>> {
        self.by_text.get(text).map(Arc::clone)
    }

    /// Records a login of a person to an app: data access lasts for 90 days from `now`.
    pub fn record_login(&mut self, person: &str, app: &str, now: DateTime<Utc>) {
        self.data_access.insert(
            (person.to_owned(), app.to_owned()),
            now + Duration::days(90),
        );
    }

    /// When data access ends; `None` for system users.
    pub fn data_access_ends_at(&self, token: &Token) -> Option<DateTime<Utc>> {
        let person = token.holder.person_id()?;
        self.data_access
            .get(&(person.to_owned(), token.app.clone()))
            .copied()
    }

    /// Why this token is dead, if it is. A page token dies when the token it was minted from is
    /// ended, but not when that expires.
    pub fn find_ending(&self, token: &Token, now: DateTime<Utc>) -> Option<TokenEnding> {
        let own = token
            .expires_at
            .filter(|end| *end <= now)
            .map(TokenEnding::Expired);
        let ended = self
            .find_token(&token.text)
            .and_then(|kept| kept.ended)
            .or(own);
        ended.or_else(|| {
            let parent = self.find_token(token.parent.as_deref()?)?;
            let ending = parent.ended?;
            matches!(token.holder, TokenHolder::Page { .. }).then_some(ending)
        })
    }

    /// Ends all tokens that match; tokens that ended before keep their cause. Returns how many ended
    /// now.
    pub fn end_tokens(&mut self, ending: TokenEnding, fits: impl Fn(&Token) -> bool) -> usize {
        let alive = self
            .by_text
            .values_mut()
            .filter(|token| token.ended.is_none() && fits(token));
        alive
            .map(|token| Arc::make_mut(token).ended = Some(ending))
            .count()
    }

    /// The newest token of a holder for an app that was not ended.
    pub fn newest_token(&self, holder: &TokenHolder, app: &str) -> Option<&Arc<Token>> {
        let theirs = self
            .by_text
            .values()
            .filter(|t| t.holder == *holder && t.app == app && t.ended.is_none());
        theirs.max_by_key(|token| token.issued_at)
    }

    /// Removes one scope from all tokens of a person for an app.
    pub fn remove_scope(&mut self, person: &str, app: &str, scope: &str) {
        let theirs = self
            .by_text
            .values_mut()
            .filter(|t| t.app == app && t.holder.person_id() == Some(person));
        theirs.for_each(|token| Arc::make_mut(token).scopes.retain(|have| have != scope));
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Clock;

    fn person(now: DateTime<Utc>) -> Token {
        Token::new(TokenHolder::Person("1".into()), "4", Vec::new(), now)
    }

    #[test]
    fn a_page_token_dies_with_its_parent_but_does_not_expire_with_it() {
        let (now, mut tokens) = (Clock::new().now(), Tokens::default());
        let parent = tokens.add_token(Token {
            expires_at: Some(now + Duration::days(60)),
            ..person(now)
        });
        let by = Box::new(parent.holder.clone());
        let page = Token::new(
            TokenHolder::Page {
                page: "3".into(),
                by,
            },
            "4",
            Vec::new(),
            now,
        );
        let page = tokens.add_token(Token {
            parent: Some(parent.text.clone()),
            ..page
        });
        assert_eq!(tokens.find_ending(&page, now + Duration::days(400)), None);
        tokens.end_tokens(TokenEnding::Invalidated, |token| token.text == parent.text);
        assert_eq!(
            tokens.find_ending(&page, now),
            Some(TokenEnding::Invalidated)
        );
    }

    #[test]
    fn the_first_cause_stays() {
        let (now, mut tokens) = (Clock::new().now(), Tokens::default());
        let token = tokens.add_token(person(now));
        assert_eq!(tokens.end_tokens(TokenEnding::PasswordChanged, |_| true), 1);
        assert_eq!(tokens.end_tokens(TokenEnding::Deauthorized, |_| true), 0);
        assert_eq!(
            tokens.find_ending(&token, now),
            Some(TokenEnding::PasswordChanged)
        );
    }
}
