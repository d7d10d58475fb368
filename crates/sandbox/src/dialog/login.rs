//! Log-ins that ended with a code, and what each person chose the last time.

use std::collections::{HashMap, HashSet};

use super::request::DialogRequest;
use crate::{state::State, token::random_hex, world::Person};

/// What a person granted to an app.
#[derive(Clone, Debug)]
pub(crate) struct Choice {
    pub scopes: Vec<String>,
    /// The ticked assets; absent: all that the person reaches, now and later.
    pub assets: Option<HashSet<String>>,
}

/// The last choice of each person for each app.
#[derive(Default)]
pub(crate) struct Choices(HashMap<(String, String), Choice>);

impl Choices {
    pub fn find_choice(&self, person: &str, app: &str) -> Option<&Choice> {
        self.0.get(&(person.to_owned(), app.to_owned()))
    }

    fn keep_choice(&mut self, person: &str, app: &str, choice: Choice) {
        self.0.insert((person.to_owned(), app.to_owned()), choice);
    }
}

/// Keeps the choice and issues the code for it.
pub(super) fn finish_login(
    state: &mut State,
    request: &DialogRequest,
    person: &Person,
    choice: Choice,
) -> String {
    let code = random_hex();
    state
        .choices
        .keep_choice(&person.id, &request.app.id, choice);
    code
}
