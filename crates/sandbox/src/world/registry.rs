//! A collection with lookup by id, in the order of the scenario.

use std::collections::HashMap;

/// An item with an id.
pub(crate) trait HasId {
    /// The Graph id.
    fn id(&self) -> &str;
}

/// An ordered collection with lookup by id.
#[derive(Clone, Debug)]
pub(crate) struct Registry<T> {
    items: Vec<T>,
    positions: HashMap<String, usize>,
}

impl<T> Default for Registry<T> {
    fn default() -> Self {
        Self {
            items: Vec::new(),
            positions: HashMap::new(),
        }
    }
}

impl<T: HasId> Registry<T> {
    /// Adds an item; false if its id is already used.
    pub fn add_item(&mut self, item: T) -> bool {
        if self.positions.contains_key(item.id()) {
            return false;
        }
        self.positions
            .insert(item.id().to_owned(), self.items.len());
        self.items.push(item);
        true
    }

    pub fn find_by_id(&self, id: &str) -> Option<&T> {
        self.items.get(*self.positions.get(id)?)
    }

    pub fn find_mut(&mut self, id: &str) -> Option<&mut T> {
        self.items.get_mut(*self.positions.get(id)?)
    }

    pub fn has_id(&self, id: &str) -> bool {
        self.positions.contains_key(id)
    }

    pub fn iter(&self) -> std::slice::Iter<'_, T> {
        self.items.iter()
    }
}
