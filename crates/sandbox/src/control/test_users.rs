//! `/sandbox/test-users`: the test users of Meta's dashboard, and the transfer of their business permissions.

use actix_web::{HttpResponse, get, post, web};
use serde::Deserialize;
use serde_json::{Value, json};

use super::{
    ControlRefusal, ControlResult,
    migrations::{MigrationRequest, migration_as_json},
    parse_body,
    tokens::TokenRequest,
};
use crate::{
    state::{SharedState, State},
    webhook,
    world::{Person, Role},
};

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct TestUserRequest {
    app: String,
    name: Option<String>,
    /// A managed Meta account, of which an app can have one.
    #[serde(default)]
    is_work_account: bool,
    /// Whether the user has granted the app its permissions already.
    #[serde(default)]
    installed: bool,
    permissions: Option<Vec<String>>,
    /// The businesses whose assets are assigned to the user.
    #[serde(default)]
    businesses: Vec<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct TransferRequest {
    new_person: String,
}

/// Creates a test user of an app.
#[post("/test-users")]
pub(super) async fn create_test_user(
    shared: web::Data<SharedState>,
    body: web::Bytes,
) -> ControlResult {
    let input: TestUserRequest = parse_body(&body)?;
    let mut state = shared.lock_state();
    input.check(&state)?;
    let person = input.build_person(&state);
    let id = person.id.clone();
    state.world.persons.add_item(person);
    let token = input
        .installed
        .then(|| input.build_login(&id).issue(&mut state))
        .transpose()?;
    let mut row = state
        .world
        .persons
        .find_by_id(&id)
        .map_or(Value::Null, user_as_json);
    if let (Some(row), Some(token)) = (row.as_object_mut(), token) {
        row.insert("access_token".to_owned(), token.text.clone().into());
    }
    Ok(HttpResponse::Ok().json(row))
}

/// Lists the test users.
#[get("/test-users")]
pub(super) async fn list_test_users(shared: web::Data<SharedState>) -> ControlResult {
    let state = shared.lock_state();
    let users = state.world.persons.iter();
    let rows = users
        .filter(|it| it.test_user_of.is_some())
        .map(user_as_json);
    Ok(HttpResponse::Ok().json(json!({"data": rows.collect::<Vec<_>>()})))
}

/// Transfers the business permissions of a test user to a managed account: one migration for each business.
#[post("/test-users/{id}/transfer")]
pub(super) async fn transfer_permissions(
    shared: web::Data<SharedState>,
    id: web::Path<String>,
    body: web::Bytes,
) -> ControlResult {
    let input: TransferRequest = parse_body(&body)?;
    let (rows, messages) = {
        let mut state = shared.lock_state();
        let businesses = businesses_to_transfer(&state, &id)?;
        let requests = businesses.into_iter().map(|business| MigrationRequest {
            person: (*id).clone(),
            business,
            new_person: input.new_person.clone(),
            cut_off: None,
        });
        let requests: Vec<_> = requests.collect();
        for request in &requests {
            request.check(&state)?;
        }
        let (mut rows, mut messages) = (Vec::new(), Vec::new());
        for request in requests {
            let migration = request.begin(&mut state)?;
            rows.push(migration_as_json(&state, &migration));
            messages.extend(webhook::build_migration_messages(&state, &migration));
        }
        (rows, messages)
    };
    tokio::spawn(webhook::deliver_messages(
        shared.get_ref().clone(),
        messages,
    ));
    Ok(HttpResponse::Ok().json(json!({"migrations": rows})))
}

/// The businesses of a test user that meets what Meta asks for: assets of a business, and permissions granted.
fn businesses_to_transfer(state: &State, id: &str) -> Result<Vec<String>, ControlRefusal> {
    let users = state.world.persons.find_by_id(id);
    let user = users
        .filter(|it| it.test_user_of.is_some() && !it.is_work_account)
        .ok_or_else(|| ControlRefusal::not_found("there is no such Facebook test user"))?;
    if user.roles.is_empty() {
        return Err(ControlRefusal::invalid_field(
            "path",
            "the test user has access to no business",
        ));
    }
    if !state.tokens.has_token_of(id) {
        return Err(ControlRefusal::invalid_field(
            "path",
            "the test user has granted the app no permission",
        ));
    }
    Ok(user
        .roles
        .iter()
        .map(|role| role.business.clone())
        .collect())
}

fn user_as_json(user: &Person) -> Value {
    json!({
        "id": user.id, "name": user.name, "app": user.test_user_of, "is_work_account": user.is_work_account,
        "businesses": user.roles.iter().map(|role| role.business.as_str()).collect::<Vec<_>>(),
    })
}

impl TestUserRequest {
    fn check(&self, state: &State) -> Result<(), ControlRefusal> {
        if !state.world.apps.has_id(&self.app) {
            return Err(ControlRefusal::invalid_field(
                "app",
                format!("there is no app {}", self.app),
            ));
        }
        let unknown = self
            .businesses
            .iter()
            .find(|id| !state.world.businesses.has_id(id));
        if let Some(id) = unknown {
            return Err(ControlRefusal::invalid_field(
                "businesses",
                format!("there is no business {id}"),
            ));
        }
        let has_one =
            state.world.persons.iter().any(|it| {
                it.is_work_account && it.test_user_of.as_deref() == Some(self.app.as_str())
            });
        if self.is_work_account && has_one {
            return Err(ControlRefusal::invalid_field(
                "is_work_account",
                "an app can have one managed Meta account as a test user",
            ));
        }
        Ok(())
    }

    fn build_person(&self, state: &State) -> Person {
        let id = state.world.next_person_id();
        Person {
            name: self
                .name
                .clone()
                .unwrap_or_else(|| format!("Test user {id}")),
            id,
            is_work_account: self.is_work_account,
            two_factor: false,
            roles: self
                .businesses
                .iter()
                .map(|it| Role::in_business(it))
                .collect(),
            test_user_of: Some(self.app.clone()),
        }
    }

    fn build_login(&self, person: &str) -> TokenRequest {
        TokenRequest {
            person: Some(person.to_owned()),
            system_user: None,
            app: self.app.clone(),
            granted_scopes: self.permissions.clone(),
            assets: None,
            short_lived: false,
            expires_in_60_days: false,
        }
    }
}
