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
