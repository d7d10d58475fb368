//! The settings of a client: checks them and shows them to operators.
//!
//! The rule: settings are stored in one normal form, so that equal settings compare as equal.

use std::net::IpAddr;

use ipnet::{IpNet, Ipv4Net};
use regrant_domain::{ClientId, ClientSecret, Permission, Permissions, Reach, TenantId, Timestamp};
use regrant_storage::{ClientRow, ClientSpec, TenantTx};
use serde::{Deserialize, Serialize};

use crate::{Error, Vault};

/// The maximum number of networks per client.
const MAX_NETWORKS: usize = 50;
/// The maximum number of assets in a client's reach.
const MAX_ASSETS: usize = 500;
/// The maximum number of businesses in a client's reach.
const MAX_BUSINESSES: usize = 100;

/// A client as operators see it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ClientView {
    /// The client's id.
    pub id: ClientId,
    /// The display name.
    pub name: String,
    /// The permissions of the client.
    pub scopes: Permissions,
    /// When the client was created.
    pub created_at: Timestamp,
    /// When the client expires.
    pub expires_at: Option<Timestamp>,
    /// The networks from which the client may call; `None` allows all.
    pub networks: Option<Vec<IpNet>>,
    /// The assets of the tenant that the client may reach.
    pub reach: Reach,
    /// Whether each request must carry a proof.
    pub proof_required: bool,
    /// Whether unused scopes are kept.
    pub keep_unused_scopes: bool,
    /// When the client was disabled.
    pub disabled_at: Option<Timestamp>,
    /// When the previous secret expires; `None` if it already has.
    pub older_secret_until: Option<Timestamp>,
    /// The time of the last request, accurate to one hour.
    pub last_used_at: Option<Timestamp>,
    /// The scopes, each with its last use, accurate to one hour.
    pub scopes_used: Vec<(Permission, Option<Timestamp>)>,
}

/// A client with a new secret.
#[derive(Debug)]
pub struct ClientWithSecret {
    /// The tenant of the client.
    pub tenant: TenantId,
    /// The client.
    pub client: ClientView,
    /// The secret, shown once; `None` if the request repeats an earlier one.
    pub secret: Option<ClientSecret>,
}

impl Vault {
    /// Reads a client within a transaction.
    pub(super) async fn read_client_view(
        &self,
        tx: &TenantTx,
        id: ClientId,
    ) -> Result<ClientView, Error> {
        Ok(view_client(tx.find_client(id).await?, self.clock.now()))
    }
}

/// Checks a display name and trims spaces around it.
pub(super) fn check_name(name: &str) -> Result<String, Error> {
    let name = name.trim();
    let fits = (1..=200).contains(&name.chars().count()) && !name.chars().any(char::is_control);
    if fits {
        Ok(name.to_owned())
    } else {
        Err(invalid_field(
            "name",
            "expected 1 to 200 characters without control characters".to_owned(),
        ))
    }
}

/// Checks the settings of a client and brings them into the stored form.
pub(super) fn check_spec(spec: ClientSpec) -> Result<ClientSpec, Error> {
    let most = |field, n: usize, most: usize| match n {
        n if n > most => Err(invalid_field(field, format!("expected at most {most}"))),
        _ => Ok(()),
    };
    if let Some(within) = spec.reach.as_limit() {
        most("asset_ids", within.assets.len(), MAX_ASSETS)?;
        most("business_ids", within.businesses.len(), MAX_BUSINESSES)?;
    }
    most(
        "networks",
        spec.networks.as_ref().map_or(0, Vec::len),
        MAX_NETWORKS,
    )?;
    let networks = spec
        .networks
        .map(|all| all.into_iter().map(normalize_network).collect());
    Ok(ClientSpec {
        name: check_name(&spec.name)?,
        networks,
        ..spec
    })
}

/// Clears the host bits of a network and turns an IPv4-mapped IPv6 network into an IPv4 network.
fn normalize_network(network: IpNet) -> IpNet {
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

/// Refuses an expiry in the past.
pub(super) fn check_expiry(end: Option<Timestamp>, now: Timestamp) -> Result<(), Error> {
    if end.is_some_and(|it| it <= now) {
        return Err(invalid_field(
            "expires_at",
            "expected a time in the future".to_owned(),
        ));
    }
    Ok(())
}

/// The error for an invalid field.
pub(super) fn invalid_field(field: &str, reason: String) -> Error {
    Error::Invalid {
        field: field.to_owned(),
        reason,
    }
}

/// The client as operators see it at `now`.
pub(super) fn view_client(row: ClientRow, now: Timestamp) -> ClientView {
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
    fn a_network_is_stored_in_one_form() {
        for (given, stored) in [
            ("10.1.2.3/8", "10.0.0.0/8"),
            ("192.0.2.7/32", "192.0.2.7/32"),
            ("2001:db8::1/32", "2001:db8::/32"),
            ("::ffff:10.1.2.3/104", "10.0.0.0/8"),
            ("::ffff:10.1.2.3/128", "10.1.2.3/32"),
            ("::/0", "::/0"),
            ("::ffff:0:0/95", "::fffe:0:0/95"),
        ] {
            assert_eq!(
                normalize_network(given.parse().unwrap()).to_string(),
                stored,
                "{given}"
            );
        }
    }
}
