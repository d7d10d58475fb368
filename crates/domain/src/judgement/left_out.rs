//! Left-out assets: why a log-in does not reach what the log-in before it reached.
//!
//! The rule: the read on the asset decides whether it is reached. The granted targets of `debug_token` only separate the
//! causes, and warn of assets that were not read.

use crate::{
    AssetId, AssetKind, Grant, GrantedScope, LeftOutCause, ProbeResult, RefusalKind,
    coverage::{find_lost_scopes, is_granted},
    judgement::scope_table::scope_concerns,
};

/// Why the new log-in leaves an asset out; `None` if it reaches the asset, or nothing says that it does not. `held` is what
/// the same person granted before, `probe` what Graph said of the new token on the asset.
#[must_use]
pub fn find_left_out_cause(
    (kind, id): (AssetKind, &AssetId),
    probe: Option<&ProbeResult>,
    held: &Grant,
    offered: &Grant,
) -> Option<LeftOutCause> {
    let scopes = &offered.facts.scopes;
    match probe {
        Some(ProbeResult::Works(_)) => None,
        Some(ProbeResult::Refused(refusal)) => match refusal.kind {
            RefusalKind::NotReached | RefusalKind::NoRole => {
                Some(find_ungranted(scopes, kind, id).unwrap_or(LeftOutCause::NoAccess))
            }
            RefusalKind::MissingScope(_) | RefusalKind::NotReachedWithoutScope(_) => {
                Some(find_ungranted(scopes, kind, id).unwrap_or(LeftOutCause::PermissionMissing))
            }
            _ => find_lost(kind, id, held, offered),
        },
        None => find_lost(kind, id, held, offered),
    }
}

/// What the granted permissions say against the asset.
fn find_ungranted(scopes: &[GrantedScope], kind: AssetKind, id: &AssetId) -> Option<LeftOutCause> {
    if is_granted(scopes, kind, id) {
        return None;
    }
    let concerned = scopes.iter().any(|it| scope_concerns(kind, &it.scope));
    Some(if concerned {
        LeftOutCause::NotTicked
    } else {
        LeftOutCause::PermissionMissing
    })
}

/// What the permissions say that the asset had and would have no more.
fn find_lost(kind: AssetKind, id: &AssetId, held: &Grant, offered: &Grant) -> Option<LeftOutCause> {
    let lost = find_lost_scopes(kind, id, held, offered);
    let is_offered = |name: &&str| offered.facts.scopes.iter().any(|it| it.scope == **name);
    match lost.as_slice() {
        [] => None,
        lost if lost.iter().any(is_offered) => Some(LeftOutCause::NotTicked),
        _ => Some(LeftOutCause::PermissionMissing),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{CredentialKind, GrantId, ProbeFacts, Refusal, TokenFacts};

    /// A permission and the ids that it was granted for; `None` for all.
    type Granted = (&'static str, Option<&'static [&'static str]>);

    fn grant(scopes: &[Granted]) -> Grant {
        let scope = |(name, ids): &Granted| GrantedScope {
            scope: (*name).to_owned(),
            target_ids: ids.map(|ids| ids.iter().map(|it| (*it).to_owned()).collect()),
        };
        Grant {
            id: GrantId::mint(),
            facts: TokenFacts {
                app_id: "1".parse().unwrap(),
                kind: CredentialKind::User,
                person_id: "2".parse().unwrap(),
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

    fn refused(kind: RefusalKind) -> ProbeResult {
        ProbeResult::Refused(Refusal {
            kind,
            message: "a message of Graph".to_owned(),
            fbtrace_id: None,
        })
    }

    #[test]
    fn an_asset_that_was_not_ticked_differs_from_one_without_access() {
        let page: AssetId = "7".parse().unwrap();
        let held = grant(&[("pages_show_list", Some(&["7", "8"]))]);
        let both: &[Granted] = &[("pages_show_list", Some(&["7", "8"]))];
        let other: &[Granted] = &[("pages_show_list", Some(&["8"]))];
        let none: &[Granted] = &[("email", None)];
        let works = || Some(ProbeResult::Works(ProbeFacts::default()));
        let not_reached = || Some(refused(RefusalKind::NotReached));
        let scope_missing = || Some(refused(RefusalKind::MissingScope(vec![])));
        let down = || Some(refused(RefusalKind::Unavailable));
        for (probe, offered, cause) in [
            (works(), other, None),
            (not_reached(), both, Some(LeftOutCause::NoAccess)),
            (
                Some(refused(RefusalKind::NoRole)),
                both,
                Some(LeftOutCause::NoAccess),
            ),
            (not_reached(), other, Some(LeftOutCause::NotTicked)),
            (not_reached(), none, Some(LeftOutCause::PermissionMissing)),
            (scope_missing(), both, Some(LeftOutCause::PermissionMissing)),
            (scope_missing(), other, Some(LeftOutCause::NotTicked)),
            (down(), both, None),
            (down(), other, Some(LeftOutCause::NotTicked)),
            (None, both, None),
            (None, other, Some(LeftOutCause::NotTicked)),
            (None, none, Some(LeftOutCause::PermissionMissing)),
        ] {
            let found = find_left_out_cause(
                (AssetKind::Page, &page),
                probe.as_ref(),
                &held,
                &grant(offered),
            );
            assert_eq!(found, cause, "{probe:?} {offered:?}");
        }
    }

    #[test]
    fn a_token_without_known_permissions_says_only_that_access_is_missing() {
        let page: AssetId = "7".parse().unwrap();
        let held = grant(&[("pages_show_list", Some(&["7"]))]);
        let asset = (AssetKind::Page, &page);
        let probe = Some(refused(RefusalKind::NotReached));
        let found = find_left_out_cause(asset, probe.as_ref(), &held, &grant(&[]));
        assert_eq!(found, Some(LeftOutCause::NoAccess));
    }
}
