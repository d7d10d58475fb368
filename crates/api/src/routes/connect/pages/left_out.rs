//! What a log-in left out, against the log-in before: how much, why, and what of it is in use.

use std::collections::HashMap;

use maud::{Markup, html};
use regrant_domain::{AssetId, LeftOutAsset, LeftOutCause, Locale};
use regrant_vault::{LinkPage, PreviewView};

use super::super::texts::{Text, kind_name};

/// The assets that a preview found left out, by id.
pub(super) struct LeftOutAssets<'a>(HashMap<&'a AssetId, &'a LeftOutAsset>);

impl<'a> LeftOutAssets<'a> {
    pub(super) fn of_preview(preview: &'a PreviewView) -> Self {
        let assets = preview.left_out.iter();
        Self(assets.map(|it| (&it.asset_id, it)).collect())
    }

    /// Why this asset is left out, in one line; nothing if it is not.
    pub(super) fn cause_line(&self, id: &AssetId, locale: Locale) -> Markup {
        html! {
            @if let Some(asset) = self.0.get(id) { (cause_line(asset, locale)) }
        }
    }

    /// How many are left out, and how many of them are in use.
    pub(super) fn summary_line(&self, locale: Locale) -> Markup {
        let used = self.0.values().filter(|it| it.last_read_at.is_some());
        let (count, used) = (self.0.len().to_string(), used.count().to_string());
        html! {
            @if !self.0.is_empty() {
                p.notice {
                    (Text::LeftOutSummary.fill(locale, &[("count", &count), ("used", &used)]))
                }
            }
        }
    }
}

/// The left-out assets that the link does not ask for, and whether there may be others, which are not named.
pub(super) fn sibling_group(page: &LinkPage, preview: &PreviewView) -> Markup {
    let (locale, tenant) = (page.locale, [("tenant", page.tenant_name.as_str())]);
    let siblings: Vec<_> = preview.left_out.iter().filter(|it| !it.is_named).collect();
    html! {
        @if !siblings.is_empty() {
            section.warning {
                h2 { (Text::Siblings.text(locale)) " " span.count { (siblings.len()) } }
                p { (Text::SiblingsHint.fill(locale, &tenant)) }
                ul.assets { @for asset in siblings { li { (sibling_line(asset, locale)) } } }
            }
        }
        @if preview.has_more_left_out { p.notice { (Text::MoreSiblings.text(locale)) } }
    }
}

fn sibling_line(asset: &LeftOutAsset, locale: Locale) -> Markup {
    html! {
        span.kind { (kind_name(asset.kind, locale)) } " "
        @if let Some(name) = &asset.name { (name) " " }
        span.id { (asset.asset_id) }
        (cause_line(asset, locale))
    }
}

fn cause_line(asset: &LeftOutAsset, locale: Locale) -> Markup {
    let cause = match asset.cause {
        LeftOutCause::NotTicked => Text::NotTicked,
        LeftOutCause::PermissionMissing => Text::PermissionMissing,
        LeftOutCause::NoAccess => Text::NoAccess,
    };
    html! {
        p.reason {
            (cause.text(locale))
            @if asset.last_read_at.is_some() { " " strong { (Text::InUse.text(locale)) } }
        }
    }
}
