//! All tokens: finds them, ends them, moves their dates.
//!
//! The rule: the first cause of an end stays, and a login moves the end of data access for every token of
//! the person.

use std::{collections::HashMap, sync::Arc};

use chrono::{DateTime, Duration, Utc};

use super::{EndDate, Token, TokenEnding, TokenHolder};

/// New dates of a token; an absent one stays as it is.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct NewDates {
    pub expires_at: Option<EndDate>,
    pub data_access: Option<EndDate>,
}

/// Every token issued in this world.
#[derive(Default)]
pub(crate) struct Tokens {
    by_text: HashMap<String, Arc<Token>>,
    data_access: HashMap<(String, String), EndDate>,
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

    /// Whether a person has logged in to any app.
    pub fn has_token_of(&self, person: &str) -> bool {
        let mut tokens = self.by_text.values();
        tokens.any(|token| token.holder.person_id() == Some(person))
    }

    /// Records a login of a person to an app: data access lasts for 90 days from `now`, for all tokens
    /// of the person.
    pub fn record_login(&mut self, person: &str, app: &str, now: DateTime<Utc>) {
        let end = EndDate::At(now + Duration::days(90));
        let dates = NewDates {
            data_access: Some(end),
            expires_at: None,
        };
        self.move_person_dates(person, Some(app), dates);
        self.data_access
            .insert((person.to_owned(), app.to_owned()), end);
    }

    /// When data access ends; `None` for never, as for system users.
    pub fn data_access_ends_at(&self, token: &Token) -> Option<DateTime<Utc>> {
        if let Some(own) = token.own_data_access {
            return own.date();
        }
        let person = token.holder.person_id()?;
        self.data_access
            .get(&(person.to_owned(), token.app.clone()))
            .and_then(|end| end.date())
    }

    /// Moves the dates of one token; false if there is no such token.
    pub fn move_token_dates(&mut self, text: &str, dates: NewDates) -> bool {
        let Some(token) = self.by_text.get_mut(text) else {
            return false;
        };
        let token = Arc::make_mut(token);
        token.own_data_access = dates.data_access.or(token.own_data_access);
        if let Some(end) = dates.expires_at {
            token.expires_at = end.date();
        }
        true
    }

    /// Moves the dates of all tokens of a person, for one app or for all; returns how many tokens there
    /// are. A page token that has no end keeps none.
    pub fn move_person_dates(&mut self, person: &str, app: Option<&str>, dates: NewDates) -> usize {
        let is_meant = |id: &str| app.is_none_or(|app| app == id);
        let mut moved = 0_usize;
        for token in self.by_text.values_mut() {
            if token.holder.person_id() != Some(person) || !is_meant(&token.app) {
                continue;
            }
            let token = Arc::make_mut(token);
            token.move_with_person(dates);
            moved = moved.saturating_add(1);
        }
        for ((have, app), end) in &mut self.data_access {
            if have == person && is_meant(app) {
                *end = dates.data_access.unwrap_or(*end);
            }
        }
        moved
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

    /// Adds one scope to all tokens of a person for an app.
    pub fn add_scope(&mut self, person: &str, app: &str, scope: &str) {
        for token in self.tokens_of(person, app) {
            if !token.has_any_scope(&[scope]) {
                token.scopes.push(scope.to_owned());
            }
        }
    }

    /// Removes one scope from all tokens of a person for an app.
    pub fn remove_scope(&mut self, person: &str, app: &str, scope: &str) {
        for token in self.tokens_of(person, app) {
            token.scopes.retain(|have| have != scope);
        }
    }

    fn tokens_of(&mut self, person: &str, app: &str) -> impl Iterator<Item = &mut Token> {
        self.by_text
            .values_mut()
            .filter(move |it| it.app == app && it.holder.person_id() == Some(person))
            .map(Arc::make_mut)
    }
}

impl Token {
    fn move_with_person(&mut self, dates: NewDates) {
        if dates.data_access.is_some() {
            self.own_data_access = None;
        }
        let is_endless_page =
            matches!(self.holder, TokenHolder::Page { .. }) && self.expires_at.is_none();
        if let Some(end) = dates.expires_at.filter(|_| !is_endless_page) {
            self.expires_at = end.date();
        }
    }
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
