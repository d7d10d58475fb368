//! `/sandbox/migrations`: a person moves to a managed account, business by business.

use actix_web::{HttpResponse, post, web};
use serde::Deserialize;
use serde_json::{Value, json};

use super::{Answer, Refusal, clock::moment, read};
use crate::{
    migration::Migration,
    state::{Shared, State},
    webhook,
};

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Order {
    person: String,
    business: String,
    new_person: String,
    cut_off: Option<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Extension {
    cut_off: String,
}

/// Starts a migration and sends webhooks to the apps.
#[post("/migrations")]
pub(super) async fn start_migration(shared: web::Data<Shared>, body: web::Bytes) -> Answer {
    let input: Order = read(&body)?;
    let (row, messages) = {
        let mut state = shared.lock();
        let migration = input.migration(&state)?;
        let begun = state.migrations.begin(migration).cloned();
        let begun = begun.ok_or_else(|| {
            Refusal::of("business", "this person already migrates in this business")
        })?;
        (
            row(&state, &begun),
            webhook::migration_messages(&state, &begun),
        )
    };
    tokio::spawn(webhook::deliver(shared.get_ref().clone(), messages));
    Ok(HttpResponse::Ok().json(row))
}

/// Moves the cut-off and sends webhooks to the apps.
#[post("/migrations/{id}/extend")]
pub(super) async fn extend_migration(
    shared: web::Data<Shared>,
    id: web::Path<String>,
    body: web::Bytes,
) -> Answer {
    let input: Extension = read(&body)?;
    let cut_off = moment("cut_off", &input.cut_off)?;
    let (row, messages) = {
        let mut state = shared.lock();
        let migration = state.migrations.find_mut(&id).ok_or_else(unknown)?;
        migration.cut_off = cut_off;
        let migration = migration.clone();
        (
            row(&state, &migration),
            webhook::migration_messages(&state, &migration),
        )
    };
    tokio::spawn(webhook::deliver(shared.get_ref().clone(), messages));
    Ok(HttpResponse::Ok().json(row))
}

/// Completes a migration: the managed account has the role from now on.
#[post("/migrations/{id}/complete")]
pub(super) async fn complete_migration(shared: web::Data<Shared>, id: web::Path<String>) -> Answer {
    let mut state = shared.lock();
    let State {
        migrations, world, ..
    } = &mut *state;
    let migration = migrations.find_mut(&id).ok_or_else(unknown)?;
    if !migration.completed {
        migration.complete(world);
    }
    let migration = migration.clone();
    Ok(HttpResponse::Ok().json(row(&state, &migration)))
}

/// A migration as JSON.
pub(super) fn row(state: &State, migration: &Migration) -> Value {
    json!({
        "id": migration.id, "person": migration.person, "business": migration.business,
        "new_person": migration.new_person, "cut_off": migration.cut_off.to_rfc3339(),
        "status": migration.status(state.now()),
    })
}

impl Order {
    fn migration(self, state: &State) -> Result<Migration, Refusal> {
        for (field, id) in [("person", &self.person), ("new_person", &self.new_person)] {
            if !state.world.persons.has(id) {
                return Err(Refusal::of(field, format!("there is no person {id}")));
            }
        }
        let is_managed = state
            .world
            .persons
            .find(&self.new_person)
            .is_some_and(|person| person.is_work_account);
        if !is_managed {
            return Err(Refusal::of(
                "new_person",
                "the new account must be a managed account (is_work_account: true)",
            ));
        }
        let person = state.world.persons.find(&self.person);
        if !person.is_some_and(|person| {
            person
                .roles
                .iter()
                .any(|role| role.business == self.business)
        }) {
            return Err(Refusal::of(
                "business",
                "the person has no role in this business",
            ));
        }
        let cut_off = self
            .cut_off
            .as_deref()
            .map(|text| moment("cut_off", text))
            .transpose()?;
        Ok(Migration {
            id: state.migrations.next_id(),
            person: self.person,
            business: self.business,
            new_person: self.new_person,
            cut_off: cut_off.unwrap_or_else(|| state.second() + Migration::GRACE),
            completed: false,
        })
    }
}

fn unknown() -> Refusal {
    Refusal::missing("there is no such migration")
}
