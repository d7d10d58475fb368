//! A collection with lookup by id, in the order of the scenario.

use std::collections::HashMap;

/// An item with an id.
pub(crate) trait Named {
    /// The Graph id.
    fn id(&self) -> &str;
}

/// An ordered collection with lookup by id.
#[derive(Clone, Debug)]
pub(crate) struct Registry<T> {
    items: Vec<T>,
    places: HashMap<String, usize>,
}

impl<T> Default for Registry<T> {
    fn default() -> Self {
        Self {
            items: Vec::new(),
            places: HashMap::new(),
        }
    }
}

impl<T: Named> Registry<T> {
    /// Adds an item; false if its id is already used.
    pub fn add(&mut self, item: T) -> bool {
        if self.places.contains_key(item.id()) {
            return false;
        }
        self.places.insert(item.id().to_owned(), self.items.len());
        self.items.push(item);
        true
    }

    pub fn find(&self, id: &str) -> Option<&T> {
        self.items.get(*self.places.get(id)?)
    }

    pub fn find_mut(&mut self, id: &str) -> Option<&mut T> {
        self.items.get_mut(*self.places.get(id)?)
    }

    pub fn has(&self, id: &str) -> bool {
        self.places.contains_key(id)
    }

    pub fn iter(&self) -> std::slice::Iter<'_, T> {
        self.items.iter()
    }
}
