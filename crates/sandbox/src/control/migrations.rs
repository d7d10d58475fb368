//! `/sandbox/migrations`: a person moves to a managed account, business by business.

use actix_web::{HttpResponse, post, web};
use serde::Deserialize;
use serde_json::{Value, json};

use super::{ControlRefusal, ControlResult, clock::parse_time, parse_body};
use crate::{
    migration::Migration,
    state::{SharedState, State},
    webhook,
};

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct MigrationRequest {
    pub person: String,
    pub business: String,
    pub new_person: String,
    pub cut_off: Option<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Extension {
    cut_off: String,
}

/// Starts a migration and sends webhooks to the apps.
#[post("/migrations")]
pub(super) async fn start_migration(
    shared: web::Data<SharedState>,
    body: web::Bytes,
) -> ControlResult {
    let input: MigrationRequest = parse_body(&body)?;
    let (row, messages) = {
        let mut state = shared.lock_state();
        let begun = input.begin(&mut state)?;
        (
            migration_as_json(&state, &begun),
            webhook::build_migration_messages(&state, &begun),
        )
    };
    tokio::spawn(webhook::deliver_messages(
        shared.get_ref().clone(),
        messages,
    ));
    Ok(HttpResponse::Ok().json(row))
}

/// Moves the cut-off and sends webhooks to the apps.
#[post("/migrations/{id}/extend")]
pub(super) async fn extend_migration(
    shared: web::Data<SharedState>,
    id: web::Path<String>,
    body: web::Bytes,
) -> ControlResult {
    let input: Extension = parse_body(&body)?;
    let cut_off = parse_time("cut_off", &input.cut_off)?;
    let (row, messages) = {
        let mut state = shared.lock_state();
        let migration = state
            .migrations
            .find_mut(&id)
            .ok_or_else(unknown_migration)?;
        migration.cut_off = cut_off;
        let migration = migration.clone();
        (
            migration_as_json(&state, &migration),
            webhook::build_migration_messages(&state, &migration),
        )
    };
    tokio::spawn(webhook::deliver_messages(
        shared.get_ref().clone(),
        messages,
    ));
    Ok(HttpResponse::Ok().json(row))
}

/// Completes a migration: the managed account has the role from now on.
#[post("/migrations/{id}/complete")]
pub(super) async fn complete_migration(
    shared: web::Data<SharedState>,
    id: web::Path<String>,
) -> ControlResult {
    let mut state = shared.lock_state();
    let State {
        migrations, world, ..
    } = &mut *state;
    let migration = migrations.find_mut(&id).ok_or_else(unknown_migration)?;
    if !migration.completed {
        migration.move_role(world);
    }
    let migration = migration.clone();
    Ok(HttpResponse::Ok().json(migration_as_json(&state, &migration)))
}

/// A migration as JSON.
pub(super) fn migration_as_json(state: &State, migration: &Migration) -> Value {
    json!({
        "id": migration.id, "person": migration.person, "business": migration.business,
        "new_person": migration.new_person, "cut_off": migration.cut_off.to_rfc3339(),
        "status": migration.status_at(state.now()),
    })
}

impl MigrationRequest {
    /// Adds the migration to the world.
    pub fn begin(self, state: &mut State) -> Result<Migration, ControlRefusal> {
        self.check(state)?;
        let cut_off = self
            .cut_off
            .as_deref()
            .map(|text| parse_time("cut_off", text))
            .transpose()?;
        let migration = Migration {
            id: state.migrations.next_id(),
            person: self.person,
            business: self.business,
            new_person: self.new_person,
            cut_off: cut_off.unwrap_or_else(|| state.now_in_seconds() + Migration::GRACE),
            completed: false,
        };
        state.migrations.add_migration(migration.clone());
        Ok(migration)
    }

    /// Checks that the persons exist and can migrate in this business.
    pub fn check(&self, state: &State) -> Result<(), ControlRefusal> {
        for (field, id) in [("person", &self.person), ("new_person", &self.new_person)] {
            if !state.world.persons.has_id(id) {
                return Err(ControlRefusal::invalid_field(
                    field,
                    format!("there is no person {id}"),
                ));
            }
        }
        let is_managed = state
            .world
            .persons
            .find_by_id(&self.new_person)
            .is_some_and(|person| person.is_work_account);
        if !is_managed {
            return Err(ControlRefusal::invalid_field(
                "new_person",
                "the new account must be a managed account (is_work_account: true)",
            ));
        }
        let person = state.world.persons.find_by_id(&self.person);
        if !person.is_some_and(|person| {
            person
                .roles
                .iter()
                .any(|role| role.business == self.business)
        }) {
            return Err(ControlRefusal::invalid_field(
                "business",
                "the person has no role in this business",
            ));
        }
        let migrates = state
            .migrations
            .find_by_person(&self.person, &self.business);
        if migrates.is_some() {
            return Err(ControlRefusal::invalid_field(
                "business",
                "this person already migrates in this business",
            ));
        }
        Ok(())
    }
}

fn unknown_migration() -> ControlRefusal {
    ControlRefusal::not_found("there is no such migration")
}
