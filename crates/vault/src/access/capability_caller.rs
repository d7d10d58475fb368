//! The caller for whom an address with a secret stands: the client that made it, with one permission.
//!
//! The rule: what the client may no longer do, the address does not do either.

use regrant_domain::{ClientId, Permission, Permissions, TenantId};

use crate::{Error, Principal, Subject, Vault};

impl Vault {
    /// The client of an address, with the reach that it has now. `None` if it is disabled or expired, lacks the permission,
    /// or is not of this tenant.
    pub(crate) async fn find_capability_caller(
        &self,
        tenant: TenantId,
        client: ClientId,
        permission: Permission,
    ) -> Result<Option<Principal>, Error> {
        let now = self.clock.now();
        let found = self.clients.find_client(client).await?;
        let found = found
            .filter(|it| !it.has_expired(now))
            .filter(|it| it.permissions().contains(permission));
        let scope = found.as_ref().and_then(|it| it.scope_of_tenant(tenant));
        Ok(found.zip(scope).map(|(client_now, scope)| Principal {
            scope,
            subject: Subject::Client(client),
            permissions: Permissions::from_iter([permission]),
            reach: client_now.reach().clone(),
            reason_required: false,
            reason: None,
            requests_per_second: client_now.requests_per_second(),
            token_id: None,
            token_version: client_now.token_version(),
        }))
    }
}
