//! The fields of the dialog: of its query and of its form, each as often as it was sent.

use std::collections::HashSet;

use url::form_urlencoded;

/// Fields by name; a form may send a name many times.
pub(super) struct Fields(Vec<(String, String)>);

impl Fields {
    /// Reads a query and the body of a form.
    pub fn read(query: &str, body: &[u8]) -> Self {
        let pairs = form_urlencoded::parse(body).chain(form_urlencoded::parse(query.as_bytes()));
        let owned = pairs.map(|(name, value)| (name.into_owned(), value.into_owned()));
        Self(owned.collect())
    }

    /// The first value that is not empty.
    pub fn get<'a>(&'a self, name: &'a str) -> Option<&'a str> {
        self.values(name).next()
    }

    /// All values that are not empty.
    pub fn values<'a>(&'a self, name: &'a str) -> impl Iterator<Item = &'a str> {
        let named = self.0.iter().filter(move |(have, _)| have == name);
        named
            .map(|(_, value)| value.as_str())
            .filter(|value| !value.is_empty())
    }

    /// All values, each once.
    pub fn set_of(&self, name: &str) -> HashSet<String> {
        self.values(name).map(str::to_owned).collect()
    }
}
