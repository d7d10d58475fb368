//! Which permissions belong to which kind of asset.
//!
//! The rule: this is the one table of scopes. Settling reads which scope a kind requires; a preview reads which
//! scopes concern it. The two differ on purpose: pages and ad accounts are proved by their tasks and require none.

use crate::{AssetId, AssetKind, Grant, GrantedScope, Refusal, RefusalKind};

/// The permissions of one kind of asset.
struct KindScopes {
    /// A token without any of these does not serve the asset, though the asset's node may be readable.
    /// Empty where tasks prove the token.
    required: &'static [&'static str],
    /// Further scopes that concern the kind.
    related: &'static [&'static str],
    /// Every scope that begins like this concerns the kind.
    prefix: Option<&'static str>,
}

const fn scopes_of(kind: AssetKind) -> KindScopes {
    let (required, related, prefix): (&[&str], &[&str], Option<&str>) = match kind {
        AssetKind::Page => (&[], &["leads_retrieval"], Some("pages_")),
        AssetKind::AdAccount => (&[], &["ads_management", "ads_read"], None),
        AssetKind::Pixel => (&["ads_management", "ads_read"], &[], None),
        AssetKind::Business => (&["business_management"], &[], None),
        AssetKind::ProductCatalog => (&["catalog_management"], &[], None),
        AssetKind::InstagramAccount => (
            &["instagram_basic", "instagram_business_basic"],
            &[],
            Some("instagram_"),
        ),
        AssetKind::WhatsappBusinessAccount => {
            (&["whatsapp_business_management"], &[], Some("whatsapp_"))
        }
    };
    KindScopes {
        required,
        related,
        prefix,
    }
}

/// Whether a permission concerns assets of this kind.
pub(crate) fn scope_concerns(kind: AssetKind, scope: &str) -> bool {
    let table = scopes_of(kind);
    table.required.contains(&scope)
        || table.related.contains(&scope)
        || table.prefix.is_some_and(|it| scope.starts_with(it))
}

/// The refusal of a token that was not granted what this kind requires; `None` where the asset must be probed.
#[must_use]
pub fn find_missing_scope(kind: AssetKind, id: &AssetId, grant: &Grant) -> Option<Refusal> {
    let required = scopes_of(kind).required;
    if required.is_empty() {
        return None;
    }
    let mut granted = grant
        .facts
        .scopes
        .iter()
        .filter(|it| required.contains(&it.scope.as_str()))
        .peekable();
    if granted.peek().is_none() {
        let lacking = required.iter().take(1).map(|it| (*it).to_owned()).collect();
        let message = format!("It was granted none of: {}.", required.join(", "));
        return Some(Refusal {
            kind: RefusalKind::MissingScope(lacking),
            message,
            fbtrace_id: None,
        });
    }
    // A business may be readable though it was not ticked at the login. Targets of the other scopes may be ids of
    // another kind of object, so only the probe can decide there.
    let is_ticked = |it: &GrantedScope| {
        it.target_ids
            .as_ref()
            .is_none_or(|ids| ids.iter().any(|it| it == id.as_digits()))
    };
    let is_unticked = kind == AssetKind::Business && !granted.any(is_ticked);
    is_unticked.then(|| Refusal {
        kind: RefusalKind::NotReached,
        message: "The token was not granted for this business.".to_owned(),
        fbtrace_id: None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::GrantId;

    fn grant(scopes: &[&str], target_ids: Option<&[&str]>) -> Grant {
        let scope = |it: &&str| GrantedScope {
            scope: (*it).to_owned(),
            target_ids: target_ids.map(|ids| ids.iter().map(|it| (*it).to_owned()).collect()),
        };
        Grant {
            id: GrantId::mint(),
            facts: crate::TokenFacts {
                app_id: "1".parse().unwrap(),
                kind: crate::CredentialKind::User,
                person_id: "7".parse().unwrap(),
                person_name: None,
                is_work_account: None,
                scopes: scopes.iter().map(scope).collect(),
                issued_at: None,
                expires_at: None,
                data_access_expires_at: None,
            },
        }
    }

    #[test]
    fn a_required_scope_concerns_its_kind_and_tasks_prove_pages_and_ad_accounts() {
        for kind in AssetKind::ALL {
            let required = scopes_of(kind).required;
            assert!(required.iter().all(|it| scope_concerns(kind, it)), "{kind}");
            let refusal = find_missing_scope(kind, &"5".parse().unwrap(), &grant(&[], None));
            assert_eq!(refusal.is_none(), required.is_empty(), "{kind}");
        }
        assert!(scope_concerns(AssetKind::Page, "pages_show_list"));
        assert!(!scope_concerns(AssetKind::Business, "ads_read"));
    }

    #[test]
    fn one_required_scope_is_enough_and_a_business_must_be_ticked() {
        let id = "5".parse().unwrap();
        let missing = |kind, grant: &Grant| find_missing_scope(kind, &id, grant).map(|it| it.kind);
        let ads = grant(&["ads_read"], Some(&["6"]));
        assert_eq!(missing(AssetKind::Pixel, &ads), None);
        let lacking = RefusalKind::MissingScope(vec!["catalog_management".to_owned()]);
        assert_eq!(missing(AssetKind::ProductCatalog, &ads), Some(lacking));
        let business = |targets| grant(&["business_management"], targets);
        assert_eq!(missing(AssetKind::Business, &business(None)), None);
        assert_eq!(missing(AssetKind::Business, &business(Some(&["5"]))), None);
        let other = business(Some(&["6"]));
        assert_eq!(
            missing(AssetKind::Business, &other),
            Some(RefusalKind::NotReached)
        );
    }
}
