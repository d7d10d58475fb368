//! Clients of tenants: what operators make, narrow and end.
//!
//! The rule: whatever ends a client's right counts from the next call on.
//! Continue at `client_secrets.rs`, at `authenticate.rs` for how a client is let in and at `usage.rs` for the scopes
//! it uses.

use std::net::IpAddr;

use ipnet::{IpNet, Ipv4Net};
use regrant_domain::{ClientId, ClientSecret, Permission, Permissions, Reach, TenantId, Timestamp};
use regrant_storage::{AuditEvent, ClientRow, ClientSpec, TenantTx};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use crate::{
    Acting, Conflict, Error, Repeatable, Resource, Vault,
    idempotency::Once,
    tenants::{client_secrets::new_client, living},
};

const MOST_NETWORKS: usize = 50;
const MOST_ASSETS: usize = 500;
const MOST_BUSINESSES: usize = 100;

/// What is to change about a client; what is absent stays, and an inner `None` takes a limit away.
#[derive(Debug, Clone, Default)]
pub struct ClientChange {
    /// A name for people.
    pub name: Option<String>,
    /// What it may do.
    pub scopes: Option<Permissions>,
    /// From when on it is refused.
    pub expires_at: Option<Option<Timestamp>>,
    /// From where it may call.
    pub networks: Option<Option<Vec<IpNet>>>,
    /// Which of the tenant's assets it may reach.
    pub reach: Option<Reach>,
    /// Whether each of its calls must carry a proof.
    pub proof_required: Option<bool>,
    /// Whether it keeps scopes that it does not use.
    pub keep_unused_scopes: Option<bool>,
    /// Whether it is refused.
    pub disabled: Option<bool>,
}

/// A client as operators see it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ClientView {
    /// Its id.
    pub id: ClientId,
    /// A name for people.
    pub name: String,
    /// What it may do.
    pub scopes: Permissions,
    /// When it was made.
    pub created_at: Timestamp,
    /// From when on it is refused.
    pub expires_at: Option<Timestamp>,
    /// From where it may call; `None` is from anywhere.
    pub networks: Option<Vec<IpNet>>,
    /// Which of the tenant's assets it may reach.
    pub reach: Reach,
    /// Whether each of its calls must carry a proof.
    pub proof_required: bool,
    /// Whether it keeps scopes that it does not use.
    pub keep_unused_scopes: bool,
    /// Since when it is refused.
    pub disabled_at: Option<Timestamp>,
    /// Until when the secret before its newest counts, too.
    pub older_secret_until: Option<Timestamp>,
    /// When it last called, to the hour.
    pub last_used_at: Option<Timestamp>,
    /// Its scopes, each with when it was last used, to the hour.
    pub scopes_used: Vec<(Permission, Option<Timestamp>)>,
}

/// A client and the one sight of its secret.
#[derive(Debug)]
pub struct MintedClient {
    /// Its tenant.
    pub tenant: TenantId,
    /// The client.
    pub client: ClientView,
    /// Its secret; `None` where the call only repeats another.
    pub secret: Option<ClientSecret>,
}

impl Vault {
    /// Gives a tenant another client.
    ///
    /// # Errors
    /// `ReadOnly`; `Invalid`; `NotFound(Tenant)`; `Conflict(TenantGone)`; `Conflict(ClientLimit)`; `Conflict(OtherBody)`.
    pub async fn create_client(
        &self,
        by: Acting,
        tenant: TenantId,
        spec: ClientSpec,
        repeat: Option<Repeatable>,
    ) -> Result<MintedClient, Error> {
        by.demand_owner()?;
        let (spec, now) = (checked(spec)?, self.clock.now());
        check_end(spec.expires_at, now)?;
        let scope = self.living_scope(tenant).await?;
        let (new, secret) = new_client(&*self.keys.active(&scope).await?, spec, now)?;
        let most = self.settings.max_clients;
        let create = async |once: Option<&Once>| {
            let tx = self.store.begin(&scope).await?;
            living(tx.lock_tenant().await?)?;
            tx.insert_client(&new, most)
                .await
                .map_err(|error| match error {
                    regrant_storage::Error::Taken(_) => {
                        Error::Conflict(Conflict::ClientLimit(most))
                    }
                    other => other.into(),
                })?;
            tx.audit(&[act(by, "client.created", new.id, told(&new.spec))], now)
                .await?;
            self.concluded(tx, once, new.id, now).await
        };
        let done = self
            .once(&self.store.system_scope(), by.caller_id(), repeat, create)
            .await?;
        Ok(MintedClient {
            tenant,
            client: done.value,
            secret: (!done.repeated).then_some(secret),
        })
    }

    /// A tenant's clients, oldest first; they are few.
    ///
    /// # Errors
    /// `NotFound(Tenant)`.
    pub async fn clients(&self, tenant: TenantId) -> Result<Vec<ClientView>, Error> {
        let tx = self
            .store
            .begin_read(&self.scope_for_operator(tenant).await?)
            .await?;
        let (rows, now) = (tx.clients().await?, self.clock.now());
        tx.commit().await?;
        Ok(rows.into_iter().map(|it| view(it, now)).collect())
    }

    /// The client with this id.
    ///
    /// # Errors
    /// `NotFound`.
    pub async fn client(&self, tenant: TenantId, id: ClientId) -> Result<ClientView, Error> {
        let tx = self
            .store
            .begin_read(&self.scope_for_operator(tenant).await?)
            .await?;
        let row = tx
            .client(id)
            .await
            .map_err(Error::missing(Resource::Client))?;
        tx.commit().await?;
        Ok(view(row, self.clock.now()))
    }

    /// Changes a client. Disabling it revokes its access tokens for good.
    ///
    /// # Errors
    /// `ReadOnly`; `NotFound`; `Invalid`; `Conflict(NoProofKey)`: it must be given another secret first.
    pub async fn change_client(
        &self,
        by: Acting,
        tenant: TenantId,
        id: ClientId,
        change: ClientChange,
    ) -> Result<ClientView, Error> {
        by.demand_owner()?;
        let now = self.clock.now();
        check_end(change.expires_at.flatten(), now)?;
        let tx = self
            .store
            .begin(&self.scope_for_operator(tenant).await?)
            .await?;
        let row = tx
            .lock_client(id)
            .await
            .map_err(Error::missing(Resource::Client))?;
        let disabled = change
            .disabled
            .filter(|it| *it != row.disabled_at.is_some());
        let spec = checked(change.applied_to(&row.spec))?;
        if spec.proof_required && !row.has_proof_key {
            return Err(Error::Conflict(Conflict::NoProofKey));
        }
        tx.change_client(id, &spec).await?;
        tx.grant_scopes(id, row.spec.scopes, spec.scopes, now)
            .await?;
        if let Some(disabled) = disabled {
            tx.disable_client(id, disabled.then_some(now)).await?;
        }
        let mut detail = differences(&told(&row.spec), told(&spec));
        detail.extend(disabled.map(|it| ("disabled".to_owned(), json!(it))));
        tx.audit(&[act(by, "client.changed", id, detail.into())], now)
            .await?;
        self.concluded(tx, None, id, now).await
    }

    /// Forgets a client; its access tokens and sessions are refused from here on.
    ///
    /// # Errors
    /// `ReadOnly`; `NotFound`.
    pub async fn delete_client(
        &self,
        by: Acting,
        tenant: TenantId,
        id: ClientId,
    ) -> Result<(), Error> {
        by.demand_owner()?;
        let tx = self
            .store
            .begin(&self.scope_for_operator(tenant).await?)
            .await?;
        tx.delete_client(id)
            .await
            .map_err(Error::missing(Resource::Client))?;
        tx.audit(
            &[act(by, "client.deleted", id, json!({}))],
            self.clock.now(),
        )
        .await?;
        Ok(tx.commit().await?)
    }

    /// A client as it is in this transaction.
    pub(crate) async fn client_in(&self, tx: &TenantTx, id: ClientId) -> Result<ClientView, Error> {
        Ok(view(tx.client(id).await?, self.clock.now()))
    }

    /// The client as it is at the end of a transaction, which it then makes last.
    pub(crate) async fn concluded(
        &self,
        tx: TenantTx,
        once: Option<&Once>,
        id: ClientId,
        now: Timestamp,
    ) -> Result<ClientView, Error> {
        let client = view(tx.client(id).await?, now);
        self.conclude(tx, once, &client, now).await?;
        Ok(client)
    }
}

impl ClientChange {
    fn applied_to(self, spec: &ClientSpec) -> ClientSpec {
        let spec = spec.clone();
        ClientSpec {
            name: self.name.unwrap_or(spec.name),
            scopes: self.scopes.unwrap_or(spec.scopes),
            expires_at: self.expires_at.unwrap_or(spec.expires_at),
            networks: self.networks.unwrap_or(spec.networks),
            reach: self.reach.unwrap_or(spec.reach),
            proof_required: self.proof_required.unwrap_or(spec.proof_required),
            keep_unused_scopes: self.keep_unused_scopes.unwrap_or(spec.keep_unused_scopes),
        }
    }
}

/// A name for people, without spaces around it.
pub(crate) fn checked_name(name: &str) -> Result<String, Error> {
    let name = name.trim();
    let fits = (1..=200).contains(&name.chars().count()) && !name.chars().any(char::is_control);
    if fits {
        Ok(name.to_owned())
    } else {
        Err(invalid(
            "name",
            "expected 1 to 200 characters without control characters".to_owned(),
        ))
    }
}

/// What was asked for in the form it is kept in.
pub(crate) fn checked(spec: ClientSpec) -> Result<ClientSpec, Error> {
    let most = |field, n: usize, most: usize| match n {
        n if n > most => Err(invalid(field, format!("expected at most {most}"))),
        _ => Ok(()),
    };
    if let Some(within) = spec.reach.within() {
        most("asset_ids", within.assets.len(), MOST_ASSETS)?;
        most("business_ids", within.businesses.len(), MOST_BUSINESSES)?;
    }
    most(
        "networks",
        spec.networks.as_ref().map_or(0, Vec::len),
        MOST_NETWORKS,
    )?;
    let networks = spec
        .networks
        .map(|all| all.into_iter().map(canonical).collect());
    Ok(ClientSpec {
        name: checked_name(&spec.name)?,
        networks,
        ..spec
    })
}

/// A network without the bits of a host in it; one of IPv4 addresses inside of IPv6 is one of IPv4.
fn canonical(network: IpNet) -> IpNet {
    let mapped = match (
        network.network().to_canonical(),
        network.prefix_len().checked_sub(96),
    ) {
        (IpAddr::V4(address), Some(length)) if network.addr().is_ipv6() => {
            Ipv4Net::new(address, length).ok()
        }
        _ => None,
    };
    mapped.map_or(network, IpNet::V4).trunc()
}

pub(crate) fn check_end(end: Option<Timestamp>, now: Timestamp) -> Result<(), Error> {
    if end.is_some_and(|it| it <= now) {
        return Err(invalid("expires_at", "expected a time to come".to_owned()));
    }
    Ok(())
}

pub(crate) fn invalid(field: &str, reason: String) -> Error {
    Error::Invalid {
        field: field.to_owned(),
        reason,
    }
}

pub(crate) fn act(by: Acting, action: &'static str, id: ClientId, detail: Value) -> AuditEvent {
    AuditEvent {
        actor: by.actor(),
        action,
        subject: id.to_string(),
        detail,
    }
}

/// What the audit tells of a client.
fn told(spec: &ClientSpec) -> Value {
    let within = spec.reach.within();
    json!({
        "name": spec.name, "scopes": spec.scopes, "expires_at": spec.expires_at, "networks": spec.networks,
        "asset_ids": within.map(|it| &it.assets), "business_ids": within.map(|it| &it.businesses),
        "proof_required": spec.proof_required, "keep_unused_scopes": spec.keep_unused_scopes,
    })
}

/// The members that are not what they were.
fn differences(before: &Value, after: Value) -> serde_json::Map<String, Value> {
    let Value::Object(after) = after else {
        return serde_json::Map::new();
    };
    after
        .into_iter()
        .filter(|(field, value)| before.get(field) != Some(value))
        .collect()
}

fn view(row: ClientRow, now: Timestamp) -> ClientView {
    let ClientRow {
        id,
        spec,
        scope_uses,
        ..
    } = row;
    let used = |scope| {
        scope_uses
            .iter()
            .find(|it| it.scope == scope)
            .and_then(|it| it.used_at)
    };
    ClientView {
        id,
        scopes_used: spec
            .scopes
            .iter()
            .map(|scope| (scope, used(scope)))
            .collect(),
        name: spec.name,
        scopes: spec.scopes,
        created_at: row.created_at,
        expires_at: spec.expires_at,
        networks: spec.networks,
        reach: spec.reach,
        proof_required: spec.proof_required,
        keep_unused_scopes: spec.keep_unused_scopes,
        disabled_at: row.disabled_at,
        older_secret_until: row.older_secret_until.filter(|it| *it > now),
        last_used_at: row.last_used_at,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_network_is_kept_in_one_spelling() {
        for (given, kept) in [
            ("10.1.2.3/8", "10.0.0.0/8"),
            ("192.0.2.7/32", "192.0.2.7/32"),
            ("2001:db8::1/32", "2001:db8::/32"),
            ("::ffff:10.1.2.3/104", "10.0.0.0/8"),
            ("::ffff:10.1.2.3/128", "10.1.2.3/32"),
            ("::/0", "::/0"),
            ("::ffff:0:0/95", "::fffe:0:0/95"),
        ] {
            assert_eq!(
                canonical(given.parse().unwrap()).to_string(),
                kept,
                "{given}"
            );
        }
    }

    #[test]
    fn a_change_tells_what_became_different() {
        let before = ClientSpec::named("one", Permissions::all());
        let change = ClientChange {
            proof_required: Some(true),
            ..ClientChange::default()
        };
        let after = change.applied_to(&before);
        assert_eq!(
            Value::from(differences(&told(&before), told(&after))),
            json!({ "proof_required": true })
        );
    }
}
