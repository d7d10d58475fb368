//! Authorization codes: the log-in dialog returns them, and an exchange makes a token of each, once.
//!
//! The rule: a code is spent by its first exchange, even if that is refused, and ends after ten minutes of the sandbox's
//! clock. Only the response that issues a code contains its text.
//! Start at [`mint_code`].

use std::collections::{HashMap, HashSet};

use chrono::{DateTime, Duration, Utc};

use super::{TokenHolder, random_hex};
use crate::state::State;

/// How long a code can be exchanged.
const LIFETIME: Duration = Duration::minutes(10);

/// A log-in: who granted what to which app.
#[derive(Clone, Debug)]
pub(crate) struct Login {
    pub holder: TokenHolder,
    pub app: String,
    pub scopes: Vec<String>,
    /// Assets selected at login; absent: all.
    pub granted: Option<HashSet<String>>,
    /// The address that the dialog was given; absent for a log-in of the JavaScript SDK.
    pub redirect_uri: Option<String>,
}

/// Why a code is not exchanged.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum CodeRefusal {
    Unknown,
    Used,
    Expired,
    OtherRedirect,
}

/// Every code issued in this world.
#[derive(Default)]
pub(crate) struct Codes(HashMap<String, Code>);

struct Code {
    login: Login,
    expires_at: DateTime<Utc>,
    is_used: bool,
}

/// Issues a code for a log-in, as the dialog does.
pub(crate) fn mint_code(state: &mut State, login: Login) -> String {
    let now = state.now_in_seconds();
    if let Some(person) = login.holder.person_id() {
        state.tokens.record_login(person, &login.app, now);
    }
    let text = format!("AQD{}{}", random_hex(), random_hex());
    let code = Code {
        login,
        expires_at: now + LIFETIME,
        is_used: false,
    };
    state.codes.0.insert(text.clone(), code);
    text
}

impl Codes {
    /// Spends a code of this app; returns its log-in. `redirect` must be what the dialog was given; a log-in without one
    /// takes an empty or an absent one.
    pub fn spend_code(
        &mut self,
        text: &str,
        app: &str,
        redirect: Option<&str>,
        now: DateTime<Utc>,
    ) -> Result<Login, CodeRefusal> {
        let code = self.0.get_mut(text).filter(|it| it.login.app == app);
        let code = code.ok_or(CodeRefusal::Unknown)?;
        if std::mem::replace(&mut code.is_used, true) {
            return Err(CodeRefusal::Used);
        }
        if code.expires_at <= now {
            return Err(CodeRefusal::Expired);
        }
        let given = code.login.redirect_uri.as_deref().unwrap_or_default();
        if given != redirect.unwrap_or_default() {
            return Err(CodeRefusal::OtherRedirect);
        }
        Ok(code.login.clone())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Clock, World};

    const PAGE: &str = "https://app.example.com/back";

    fn login(redirect_uri: Option<&str>) -> Login {
        Login {
            holder: TokenHolder::Person("1".into()),
            app: "4".into(),
            scopes: Vec::new(),
            granted: None,
            redirect_uri: redirect_uri.map(ToOwned::to_owned),
        }
    }

    fn spent(given: Option<&str>, sent: Option<&str>, after: Duration) -> Result<(), CodeRefusal> {
        let mut state = State::new(World::default(), Clock::new(), String::new());
        let now = state.now_in_seconds();
        let code = mint_code(&mut state, login(given));
        state
            .codes
            .spend_code(&code, "4", sent, now + after)
            .map(drop)
    }

    #[test]
    fn a_code_is_exchanged_once() {
        let mut state = State::new(World::default(), Clock::new(), String::new());
        let (now, code) = (state.now(), mint_code(&mut state, login(None)));
        assert!(state.codes.spend_code(&code, "4", None, now).is_ok());
        let again = state.codes.spend_code(&code, "4", None, now);
        assert_eq!(again.map(drop), Err(CodeRefusal::Used));
        let other = state.codes.spend_code("AQDx", "4", None, now);
        assert_eq!(other.map(drop), Err(CodeRefusal::Unknown));
    }

    #[test]
    fn a_code_needs_the_redirect_of_the_dialog() {
        let soon = Duration::seconds(1);
        assert_eq!(spent(Some(PAGE), Some(PAGE), soon), Ok(()));
        assert_eq!(spent(None, Some(""), soon), Ok(()));
        for sent in [None, Some(""), Some("https://app.example.com/back/")] {
            assert_eq!(
                spent(Some(PAGE), sent, soon),
                Err(CodeRefusal::OtherRedirect)
            );
        }
        assert_eq!(
            spent(None, Some(PAGE), soon),
            Err(CodeRefusal::OtherRedirect)
        );
    }

    #[test]
    fn a_code_ends_after_ten_minutes() {
        assert_eq!(spent(None, None, Duration::minutes(9)), Ok(()));
        assert_eq!(
            spent(None, None, Duration::minutes(10)),
            Err(CodeRefusal::Expired)
        );
    }
}
