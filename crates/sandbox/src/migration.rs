//! Migrations of persons from a personal to a managed account, business by business.

use chrono::{DateTime, Duration, Utc};

use crate::world::World;

/// One person's migration in one business.
#[derive(Clone, Debug)]
pub(crate) struct Migration {
    pub id: String,
    pub person: String,
    pub business: String,
    pub new_person: String,
    pub cut_off: DateTime<Utc>,
    pub completed: bool,
}

/// All migrations of this world.
#[derive(Debug, Default)]
pub(crate) struct Migrations {
    items: Vec<Migration>,
}

impl Migrations {
    /// Adds a migration; the person must not migrate in this business yet.
    pub fn add_migration(&mut self, migration: Migration) {
        self.items.push(migration);
    }

    pub fn next_id(&self) -> String {
        format!(
            "{}",
            900_000_000_000_001_u64.saturating_add(u64::try_from(self.items.len()).unwrap_or(0))
        )
    }

    pub fn iter(&self) -> std::slice::Iter<'_, Migration> {
        self.items.iter()
    }

    pub fn find_mut(&mut self, id: &str) -> Option<&mut Migration> {
        self.items.iter_mut().find(|migration| migration.id == id)
    }

    /// The migration of this personal account in this business.
    pub fn find_by_person(&self, person: &str, business: &str) -> Option<&Migration> {
        self.items
            .iter()
            .find(|m| m.person == person && m.business == business)
    }

    /// Whether this managed account does not have its roles in the business yet.
    pub fn is_pending(&self, new_person: &str, business: &str) -> bool {
        let mut theirs = self
            .items
            .iter()
            .filter(|m| m.new_person == new_person && m.business == business);
        theirs.any(|migration| !migration.completed)
    }
}

impl Migration {
    /// The default time from the start to the cut-off.
    pub const GRACE: Duration = Duration::days(30);

    pub fn status_at(&self, now: DateTime<Utc>) -> &'static str {
        match (self.completed, self.cut_off <= now) {
            (true, _) => "completed",
            (false, true) => "cut_off",
            (false, false) => "running",
        }
    }

    /// Copies the role of the old account in the business to the managed account; the old account
    /// keeps its role until the cut-off.
    pub fn move_role(&mut self, world: &mut World) {
        self.completed = true;
        let old = world.persons.find_by_id(&self.person);
        let role = old
            .and_then(|p| p.roles.iter().find(|role| role.business == self.business))
            .cloned();
        let Some((role, person)) = role.zip(world.persons.find_mut(&self.new_person)) else {
            return;
        };
        person.roles.retain(|have| have.business != role.business);
        person.roles.push(role);
    }
}
