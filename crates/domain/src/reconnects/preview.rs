//! What a preview finds: the coverage of each asset, the assets that a log-in left out, and new ones that it reaches.
//!
//! The rule: a finding is stored and sent as it is, and holds nothing of the token.

use serde::{Deserialize, Serialize};

use crate::{AssetId, AssetKind, Coverage, Reason, Timestamp, closed_list};

closed_list! {
    /// Where a preview is.
    pub enum PreviewStatus: "status of a preview", serde {
        /// It asks the Graph API.
        Running = "running",
        /// Every asset has a coverage.
        Completed = "completed",
        /// The token was refused, or the process that ran the preview stopped.
        Failed = "failed",
    }
}

closed_list! {
    /// Why a log-in does not reach an asset that the log-in before it reached.
    pub enum LeftOutCause: "cause of a left-out asset", serde {
        /// The person granted the permission for other assets, and not for this one.
        NotTicked = "not_ticked",
        /// The person did not grant a permission at all.
        PermissionMissing = "permission_missing",
        /// The person granted it, but has no access to the asset any more.
        NoAccess = "no_access",
    }
}

/// What a reconnect would do to one asset.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PreviewItem {
    /// The asset, in its canonical form.
    pub asset_id: AssetId,
    /// Whether the token would serve the asset.
    pub coverage: Coverage,
    /// Why, and who must act.
    pub reason: Option<Reason>,
    /// Graph's trace id.
    pub fbtrace_id: Option<String>,
}

/// An asset that the person's log-in before reached, and the new one does not.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct LeftOutAsset {
    /// The asset.
    pub asset_id: AssetId,
    /// The kind.
    pub kind: AssetKind,
    /// A name for people.
    pub name: Option<String>,
    /// Why it is left out.
    pub cause: LeftOutCause,
    /// The permissions that it would lose.
    pub lost_scopes: Vec<String>,
    /// Whether the preview names the asset.
    pub is_named: bool,
    /// When its token was read last, if it was read lately.
    pub last_read_at: Option<Timestamp>,
}

/// An asset that the token reaches and the caller does not have.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ReachableAsset {
    /// The asset.
    pub asset_id: AssetId,
    /// The kind.
    pub kind: AssetKind,
    /// The name at Meta.
    pub name: Option<String>,
    /// The business that owns it, if it was found among the assets of one.
    pub business_id: Option<AssetId>,
}

/// One thing that a preview found: the unit of its events.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "finding", rename_all = "snake_case")]
pub enum PreviewFinding {
    /// The coverage of an asset.
    Item(PreviewItem),
    /// An asset that the log-in left out.
    LeftOut(LeftOutAsset),
    /// A new asset that the token reaches.
    Reachable(ReachableAsset),
}

impl PreviewFinding {
    /// What kind of finding it is: the name of its event.
    #[must_use]
    pub const fn as_str(&self) -> &'static str {
        match self {
            Self::Item(_) => "item",
            Self::LeftOut(_) => "left_out",
            Self::Reachable(_) => "reachable",
        }
    }

    /// The asset that it is about.
    #[must_use]
    pub const fn asset_id(&self) -> &AssetId {
        match self {
            Self::Item(it) => &it.asset_id,
            Self::LeftOut(it) => &it.asset_id,
            Self::Reachable(it) => &it.asset_id,
        }
    }

    /// The coverage, if it is that of an asset.
    #[must_use]
    pub const fn coverage(&self) -> Option<Coverage> {
        match self {
            Self::Item(it) => Some(it.coverage),
            Self::LeftOut(_) | Self::Reachable(_) => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_finding_is_read_as_it_was_stored() {
        let finding = PreviewFinding::LeftOut(LeftOutAsset {
            asset_id: "7".parse().unwrap(),
            kind: AssetKind::Page,
            name: None,
            cause: LeftOutCause::NotTicked,
            lost_scopes: vec!["pages_show_list".to_owned()],
            is_named: true,
            last_read_at: Some(chrono::DateTime::UNIX_EPOCH),
        });
        let stored = serde_json::to_string(&finding).unwrap();
        assert_eq!(
            serde_json::from_str::<PreviewFinding>(&stored).unwrap(),
            finding
        );
        assert!(stored.starts_with(r#"{"finding":"left_out""#), "{stored}");
    }
}
