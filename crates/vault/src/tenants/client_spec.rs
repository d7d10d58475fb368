//! What a client may be: its limits, how they are checked, and how operators see it.

use std::net::IpAddr;

use ipnet::{IpNet, Ipv4Net};
use regrant_domain::{ClientId, ClientSecret, Permission, Permissions, Reach, TenantId, Timestamp};
use regrant_storage::{ClientRow, ClientSpec, TenantTx};
use serde::{Deserialize, Serialize};

use crate::{Error, Vault};

const MOST_NETWORKS: usize = 50;
const MOST_ASSETS: usize = 500;
const MOST_BUSINESSES: usize = 100;

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
    /// A client as it is in this transaction.
    pub(super) async fn client_in(&self, tx: &TenantTx, id: ClientId) -> Result<ClientView, Error> {
        Ok(view(tx.client(id).await?, self.clock.now()))
    }
}

/// A name for people, without spaces around it.
pub(super) fn checked_name(name: &str) -> Result<String, Error> {
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
pub(super) fn checked(spec: ClientSpec) -> Result<ClientSpec, Error> {
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

pub(super) fn check_end(end: Option<Timestamp>, now: Timestamp) -> Result<(), Error> {
    if end.is_some_and(|it| it <= now) {
        return Err(invalid("expires_at", "expected a time to come".to_owned()));
    }
    Ok(())
}

pub(super) fn invalid(field: &str, reason: String) -> Error {
    Error::Invalid {
        field: field.to_owned(),
        reason,
    }
}

pub(super) fn view(row: ClientRow, now: Timestamp) -> ClientView {
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
}
