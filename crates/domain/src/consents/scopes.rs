//! Which permissions a person declined at a log-in.
//!
//! The rule: this only explains. Graph decides whether a token reaches an asset.

use std::collections::BTreeSet;

use crate::{AssetKind, TokenFacts, judgement::reading_scopes};

/// Permissions about the person alone, which a managed account cannot grant.
const OF_PERSONS: &str = "user_";

/// The permissions that the app asked for, or that assets of these kinds need, and that the token lacks. None where Graph
/// did not say what was granted.
#[must_use]
pub fn find_missing_scopes(
    facts: &TokenFacts,
    requested: &[String],
    kinds: impl IntoIterator<Item = AssetKind>,
) -> Vec<String> {
    if facts.scopes.is_empty() {
        return Vec::new();
    }
    let holds = |name: &str| facts.scopes.iter().any(|it| it.scope == name);
    let is_managed = facts.is_work_account == Some(true);
    let declined = requested
        .iter()
        .filter(|it| !(holds(it) || (is_managed && it.starts_with(OF_PERSONS))))
        .cloned();
    let needed = kinds.into_iter().filter_map(|kind| {
        let reading = reading_scopes(kind);
        let is_readable = reading.iter().any(|it| holds(it));
        reading.first().filter(|_| !is_readable)
    });
    let missing: BTreeSet<String> = declined.chain(needed.map(|it| (*it).to_owned())).collect();
    missing.into_iter().collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{CredentialKind, GrantedScope};

    fn facts(scopes: &[&str], is_work_account: bool) -> TokenFacts {
        let scope = |it: &&str| GrantedScope {
            scope: (*it).to_owned(),
            target_ids: None,
        };
        TokenFacts {
            kind: CredentialKind::User,
            app_id: "1".parse().unwrap(),
            person_id: "7".parse().unwrap(),
            profile_id: None,
            person_name: None,
            is_work_account: Some(is_work_account),
            scopes: scopes.iter().map(scope).collect(),
            issued_at: None,
            expires_at: None,
            data_access_expires_at: None,
            read_at: chrono::DateTime::UNIX_EPOCH,
        }
    }

    fn requested(names: &[&str]) -> Vec<String> {
        names.iter().map(|it| (*it).to_owned()).collect()
    }

    #[test]
    fn what_was_asked_for_or_is_needed_and_not_granted_is_missing_once() {
        let missing = find_missing_scopes(
            &facts(&["ads_read"], false),
            &requested(&["ads_read", "pages_show_list"]),
            [AssetKind::Page, AssetKind::Pixel, AssetKind::Page],
        );
        assert_eq!(missing, ["pages_show_list"]);
    }

    #[test]
    fn a_managed_account_does_not_lack_permissions_about_persons() {
        let asked = requested(&["user_photos"]);
        let of = |managed| find_missing_scopes(&facts(&["email"], managed), &asked, []);
        assert_eq!(of(false), ["user_photos"]);
        assert!(of(true).is_empty());
    }

    #[test]
    fn nothing_is_missing_where_graph_did_not_say_what_was_granted() {
        let asked = requested(&["ads_read"]);
        assert!(find_missing_scopes(&facts(&[], false), &asked, AssetKind::ALL).is_empty());
    }
}
