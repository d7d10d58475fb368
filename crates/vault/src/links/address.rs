//! The secret in the address of a link and in the state of a log-in. It names its tenant, because the rows of a tenant are
//! reached only in that tenant's transactions.
//!
//! The rule: the named tenant is a claim. It counts once a row of this tenant has the secret's hash.

use regrant_crypto::{Capability, CapabilityHash};
use regrant_domain::TenantId;
use uuid::Uuid;
use zeroize::Zeroizing;

use crate::Error;

/// The characters that name the tenant.
const TENANT_LENGTH: usize = 32;

/// A capability, and the tenant that it claims to be of.
#[derive(Debug)]
pub struct TenantCapability {
    tenant: TenantId,
    secret: Capability,
}

impl TenantCapability {
    /// A new capability of this tenant.
    pub(crate) fn mint(tenant: TenantId) -> Result<Self, Error> {
        let secret = Capability::mint()?;
        Ok(Self { tenant, secret })
    }

    /// The capability with this text; `None` if it is none.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let (tenant, secret) = text.split_at_checked(TENANT_LENGTH)?;
        let is_plain = tenant
            .bytes()
            .all(|b| b.is_ascii_digit() || matches!(b, b'a'..=b'f'));
        let tenant = Uuid::try_parse(tenant).ok().filter(|_| is_plain)?;
        Some(Self {
            tenant: TenantId::from_uuid(tenant),
            secret: Capability::parse(secret)?,
        })
    }

    /// The text, to be shown to its holder alone.
    #[must_use]
    pub fn expose(&self) -> Zeroizing<String> {
        let mut text = Zeroizing::new(String::with_capacity(TENANT_LENGTH + Capability::LENGTH));
        text.push_str(&self.tenant.uuid().simple().to_string());
        text.push_str(self.secret.expose());
        text
    }

    pub(crate) const fn tenant(&self) -> TenantId {
        self.tenant
    }

    pub(crate) fn hash(&self) -> CapabilityHash {
        self.secret.hash()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_is_read_back_in_its_only_spelling() {
        let made = TenantCapability::mint(TenantId::mint()).unwrap();
        let text = made.expose();
        let read = TenantCapability::parse(&text).unwrap();
        assert_eq!(read.tenant(), made.tenant());
        assert!(read.hash().matches(&made.hash()));
        let other = [
            text.to_uppercase(),
            format!("{}x", *text),
            String::new(),
            "é".repeat(75),
        ];
        assert!(other.iter().all(|it| TenantCapability::parse(it).is_none()));
    }
}
