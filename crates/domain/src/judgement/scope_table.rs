//! Which permissions belong to which kind of asset, and what they explain.
//!
//! The rule: this is the one table of scopes. Graph decides whether a token reaches an asset; a scope or a granular
//! target explains a refusal that Graph gave, and never replaces the read on the asset.

use super::errors::lists_alternatives;
use crate::{AssetId, AssetKind, Grant, GrantedScope, Refusal, RefusalKind};

/// The permissions of one kind of asset.
struct KindScopes {
    /// Graph documents that reading an object of this kind needs one of these.
    reading: &'static [&'static str],
    /// Further scopes that concern the kind.
    related: &'static [&'static str],
    /// Every scope that begins like this concerns the kind.
    prefix: Option<&'static str>,
}

const fn scopes_of(kind: AssetKind) -> KindScopes {
    let (reading, related, prefix): (&[&str], &[&str], Option<&str>) = match kind {
        AssetKind::Page => (
            &["pages_show_list", "pages_read_engagement"],
            &["leads_retrieval"],
            Some("pages_"),
        ),
        AssetKind::AdAccount | AssetKind::Pixel => (&["ads_management", "ads_read"], &[], None),
        AssetKind::Business => (&["business_management"], &[], None),
        AssetKind::ProductCatalog => (&["catalog_management"], &[], None),
        AssetKind::InstagramAccount => (
            &["instagram_basic", "instagram_business_basic"],
            &[],
            Some("instagram_"),
        ),
        AssetKind::WhatsappBusinessAccount => (
            &[
                "whatsapp_business_management",
                "whatsapp_business_manage_events",
            ],
            &[],
            Some("whatsapp_"),
        ),
    };
    KindScopes {
        reading,
        related,
        prefix,
    }
}

/// The permissions of which Graph documents that reading an object of this kind needs one.
pub(crate) const fn reading_scopes(kind: AssetKind) -> &'static [&'static str] {
    scopes_of(kind).reading
}

/// Whether a permission concerns assets of this kind.
pub(crate) fn scope_concerns(kind: AssetKind, scope: &str) -> bool {
    let table = scopes_of(kind);
    table.reading.contains(&scope)
        || table.related.contains(&scope)
        || table.prefix.is_some_and(|it| scope.starts_with(it))
}

/// A refusal of Graph, explained by what was granted: which permission is missing, or that none is.
///
/// "Not reached" without any scope that reads such an object names the permission, and stays "not reached": Graph may ask
/// for another one. A "missing permission" that was
/// granted is an object that the token does not reach: its person was not given it, or did not tick it at the login.
/// Where Graph names alternatives, one that was granted is enough.
/// A grant without any scope is one whose scopes are unknown, and explains nothing.
#[must_use]
pub fn explain_by_scope(kind: AssetKind, id: &AssetId, grant: &Grant, refusal: Refusal) -> Refusal {
    if grant.facts.scopes.is_empty() {
        return refusal;
    }
    let reading = scopes_of(kind).reading;
    let explained = match &refusal.kind {
        RefusalKind::NotReached if !holds_any(grant, reading, None) => {
            let first = reading.iter().take(1).map(|it| (*it).to_owned());
            RefusalKind::NotReachedWithoutScope(first.collect())
        }
        RefusalKind::MissingScope(named) if named.is_empty() => {
            if holds_any(grant, reading, None) {
                RefusalKind::NotReached
            } else {
                refusal.kind.clone()
            }
        }
        RefusalKind::MissingScope(named) => {
            let named: Vec<_> = named.iter().map(String::as_str).collect();
            let is_held = if lists_alternatives(&refusal.message) {
                holds_any(grant, &named, None)
            } else {
                holds_all(grant, &named, None)
                    && (!holds_all(grant, &named, Some(id)) || holds_any(grant, reading, None))
            };
            if is_held {
                RefusalKind::NotReached
            } else {
                refusal.kind.clone()
            }
        }
        kind => kind.clone(),
    };
    Refusal {
        kind: explained,
        ..refusal
    }
}

/// Whether each of the scopes was granted; with `target`, for this object.
fn holds_all(grant: &Grant, scopes: &[&str], target: Option<&AssetId>) -> bool {
    scopes.iter().all(|it| holds_any(grant, &[it], target))
}

/// Whether one of the scopes was granted; with `target`, for this object.
fn holds_any(grant: &Grant, scopes: &[&str], target: Option<&AssetId>) -> bool {
    let covers = |it: &GrantedScope| match (&it.target_ids, target) {
        (Some(ids), Some(target)) => ids.iter().any(|id| id == target.as_digits()),
        _ => true,
    };
    grant
        .facts
        .scopes
        .iter()
        .any(|it| scopes.contains(&it.scope.as_str()) && covers(it))
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
                profile_id: None,
                person_name: None,
                is_work_account: None,
                scopes: scopes.iter().map(scope).collect(),
                issued_at: None,
                expires_at: None,
                data_access_expires_at: None,
                read_at: chrono::DateTime::UNIX_EPOCH,
            },
        }
    }

    fn explained(kind: AssetKind, refusal: RefusalKind, grant: &Grant) -> RefusalKind {
        explained_of(kind, refusal, "a message of Graph", grant)
    }

    fn explained_of(
        kind: AssetKind,
        refusal: RefusalKind,
        message: &str,
        grant: &Grant,
    ) -> RefusalKind {
        let refusal = Refusal {
            kind: refusal,
            message: message.to_owned(),
            fbtrace_id: None,
        };
        explain_by_scope(kind, &"5".parse().unwrap(), grant, refusal).kind
    }

    fn missing(names: &[&str]) -> RefusalKind {
        RefusalKind::MissingScope(names.iter().map(|it| (*it).to_owned()).collect())
    }

    #[test]
    fn every_kind_has_scopes_that_concern_it() {
        for kind in AssetKind::ALL {
            let reading = scopes_of(kind).reading;
            assert!(!reading.is_empty(), "{kind}");
            assert!(reading.iter().all(|it| scope_concerns(kind, it)), "{kind}");
        }
        assert!(scope_concerns(AssetKind::Page, "pages_manage_posts"));
        assert!(!scope_concerns(AssetKind::Business, "ads_read"));
    }

    #[test]
    fn not_reached_without_any_reading_scope_names_the_permission_for_every_kind() {
        let bare = grant(&["public_profile"], None);
        for kind in AssetKind::ALL {
            let reading = scopes_of(kind).reading;
            let found = explained(kind, RefusalKind::NotReached, &bare);
            let RefusalKind::NotReachedWithoutScope(names) = &found else {
                panic!("{kind}: {found:?}")
            };
            assert_eq!(names, &reading[..1], "{kind}");
            assert!(found.is_not_reached(), "{kind}");
            let held = grant(&reading[..1], None);
            let found = explained(kind, RefusalKind::NotReached, &held);
            assert_eq!(found, RefusalKind::NotReached, "{kind}");
        }
    }

    #[test]
    fn a_missing_permission_that_was_granted_for_another_object_is_not_reached() {
        let named = || missing(&["pages_read_engagement"]);
        let other = grant(&["pages_read_engagement"], Some(&["6"]));
        let page = AssetKind::Page;
        assert_eq!(explained(page, named(), &other), RefusalKind::NotReached);
        let without = grant(&["pages_show_list"], None);
        assert_eq!(explained(page, named(), &without), named());
        assert_eq!(
            explained(page, missing(&[]), &without),
            RefusalKind::NotReached
        );
    }

    #[test]
    fn of_alternatives_one_that_was_granted_is_enough() {
        const IMPERSONATE: &str = "(#190) Any of the pages_read_engagement, pages_manage_metadata, pages_messaging \
            permission(s) must be granted before impersonating a user's page. (code 190)";
        const ADS: &str =
            "(#200) Requires ads_management or ads_read permission to manage the object (code 200)";
        const BOTH: &str = "(#200) Requires both ads_management and ads_read permission (code 200)";
        let (page, ads) = (AssetKind::Page, AssetKind::AdAccount);
        let here = Some(&["5"][..]);
        let other = Some(&["6"][..]);
        for (kind, message, scopes, targets, is_reached) in [
            (
                page,
                IMPERSONATE,
                &["pages_manage_metadata"][..],
                None,
                true,
            ),
            (page, IMPERSONATE, &["pages_messaging"], here, true),
            (page, IMPERSONATE, &["pages_read_engagement"], other, true),
            (page, IMPERSONATE, &["email"], None, false),
            (page, IMPERSONATE, &["pages_show_list"], here, false),
            (ads, ADS, &["ads_read"], None, true),
            (ads, ADS, &["ads_read", "ads_management"], here, true),
            (ads, ADS, &["email"], None, false),
            (ads, BOTH, &["ads_read"], None, false),
            (ads, BOTH, &["ads_read", "ads_management"], None, true),
        ] {
            let error = crate::errors::GraphErrorFacts {
                code: Some(if kind == page { 190 } else { 200 }),
                subcode: None,
                kind: "OAuthException",
                http_status: 400,
                is_transient: false,
                message,
                object: Some(kind),
                caller: crate::errors::Caller::Person,
            };
            let crate::errors::ErrorClass::Refused(refused) =
                crate::errors::look_up_error(&error).class
            else {
                panic!("{message}")
            };
            assert!(
                matches!(&refused, RefusalKind::MissingScope(it) if it.len() >= 2),
                "{refused:?}"
            );
            let expected = if is_reached {
                RefusalKind::NotReached
            } else {
                refused.clone()
            };
            let found = explained_of(kind, refused, message, &grant(scopes, targets));
            assert_eq!(found, expected, "{message} with {scopes:?} for {targets:?}");
        }
    }

    #[test]
    fn unknown_scopes_explain_nothing_and_other_refusals_stay() {
        let unknown = grant(&[], None);
        let bare = grant(&["email"], None);
        for kind in [RefusalKind::NotReached, missing(&["ads_read"])] {
            let found = explained(AssetKind::Pixel, kind.clone(), &unknown);
            assert_eq!(found, kind);
        }
        for kind in [
            RefusalKind::NoRole,
            RefusalKind::TokenDead,
            RefusalKind::Unavailable,
        ] {
            assert_eq!(explained(AssetKind::Pixel, kind.clone(), &bare), kind);
        }
    }
}
