//! The fields that a probe reads of each kind of asset, and the result that the response means.
//!
//! The rule: HTTP 200 with an `id` proves nothing, because public objects are readable with any
//! token. Neither does a scope or a granular target: they are never looked at here. A person's token works on a page if the page gives a page token, on an ad account if the
//! account gives the person's tasks, on other kinds if a field is readable that needs a permission.
//!
//! A page's own token cannot mint another page token. Graph accepts it only while the person behind it
//! holds a role on the page, and refuses every read otherwise (190/492). So one readable field beyond
//! the public ones shows that it works; that field needs the granted permission as well.
//!
//! An object that is not in use is reached all the same: what Graph says of it is its condition, no refusal.

use std::{borrow::Cow, mem};

use regrant_domain::{
    AccessToken, AssetKind, BusinessReading, CredentialKind, ObjectCondition, ProbeFacts,
    ProbeResult, RefusalKind, Timestamp,
};
use serde::Deserialize;

use crate::{
    Target,
    call::wire::{self, Texts},
    errors::graph_error::build_refusal,
};

/// The fields that a probe reads. `user_access_expire_time` only where the node has it.
const fn probe_fields(kind: AssetKind, token: CredentialKind) -> &'static str {
    match kind {
        AssetKind::Page if matches!(token, CredentialKind::Page) => {
            "id,user_access_expire_time,is_published,tasks"
        }
        AssetKind::Page => "id,user_access_expire_time,is_published,tasks,access_token",
        AssetKind::AdAccount => "id,account_status,user_tasks,user_access_expire_time",
        AssetKind::Business | AssetKind::ProductCatalog | AssetKind::Pixel => {
            "id,user_access_expire_time"
        }
        AssetKind::InstagramAccount => "id,username",
        AssetKind::WhatsappBusinessAccount => "id,name",
    }
}

/// The fields that a probe of `target` reads, with its business where that is asked for.
pub(crate) fn fields_of_probe(target: &Target, token: CredentialKind) -> Cow<'static, str> {
    let fields = probe_fields(target.kind, token);
    match business_field(target.kind).filter(|_| target.reads_business) {
        Some(business) => Cow::Owned(format!("{fields},{business}")),
        None => Cow::Borrowed(fields),
    }
}

/// The field with the business that owns a node; `None` for nodes without one.
const fn business_field(kind: AssetKind) -> Option<&'static str> {
    match kind {
        AssetKind::Page | AssetKind::AdAccount | AssetKind::ProductCatalog => Some("business"),
        AssetKind::Pixel => Some("owner_business"),
        AssetKind::WhatsappBusinessAccount => Some("owner_business_info"),
        AssetKind::Business | AssetKind::InstagramAccount => None,
    }
}

/// The probe result that the response about `target` means.
pub(crate) fn read_probe_result(target: &Target, token: CredentialKind, body: &str) -> ProbeResult {
    let Ok(node) = serde_json::from_str::<Node>(body) else {
        return refused_result(
            RefusalKind::Unclassified,
            "The response of Graph is not the requested object.",
        );
    };
    let id = target.kind.canonical_id(&target.id);
    if node
        .id
        .as_deref()
        .is_some_and(|it| it.strip_prefix("act_").unwrap_or(it) != id.as_digits())
    {
        return refused_result(
            RefusalKind::Unclassified,
            "Graph responded with another object.",
        );
    }
    let business = node.business_reading(target);
    let result = match (target.kind, token) {
        (AssetKind::Page, CredentialKind::Page) => node.into_own_page_result(),
        (kind, _) => node.into_result(kind),
    };
    match result {
        ProbeResult::Works(facts) => ProbeResult::Works(ProbeFacts { business, ..facts }),
        refused @ ProbeResult::Refused(_) => refused,
    }
}

/// The task with the fewest rights that an app can use.
const MIN_TASK: &str = "ANALYZE";

#[derive(Deserialize)]
struct Node {
    #[serde(default, deserialize_with = "wire::parse_text")]
    id: Option<String>,
    #[serde(default)]
    tasks: Texts,
    #[serde(default)]
    user_tasks: Texts,
    /// In another form it fails the whole node: absent would mean that the person has no role.
    #[serde(default)]
    access_token: Option<AccessToken>,
    #[serde(default, deserialize_with = "wire::parse_text")]
    username: Option<String>,
    #[serde(default, deserialize_with = "wire::parse_flag")]
    is_published: Option<bool>,
    #[serde(default, deserialize_with = "wire::parse_integer")]
    account_status: Option<i64>,
    #[serde(default, deserialize_with = "wire::parse_text")]
    name: Option<String>,
    #[serde(default, deserialize_with = "wire::parse_moment")]
    user_access_expire_time: Option<Timestamp>,
    #[serde(
        default,
        alias = "owner_business",
        alias = "owner_business_info",
        deserialize_with = "wire::parse_id_of_object"
    )]
    business: Option<String>,
}

impl Node {
    fn into_result(self, kind: AssetKind) -> ProbeResult {
        let named = |it: &Option<String>| it.as_deref().is_some_and(|it| !it.is_empty());
        let opened = match kind {
            AssetKind::Page => return self.into_page_result(),
            AssetKind::AdAccount => return self.into_ad_account_result(),
            AssetKind::InstagramAccount => named(&self.username),
            AssetKind::WhatsappBusinessAccount => named(&self.name),
            AssetKind::Business | AssetKind::ProductCatalog | AssetKind::Pixel => {
                self.id.is_some() || self.user_access_expire_time.is_some()
            }
        };
        if opened {
            self.into_works_result(None)
        } else {
            refused_result(
                RefusalKind::NotReached,
                "Graph responded without the fields that need a permission.",
            )
        }
    }

    fn into_page_result(mut self) -> ProbeResult {
        let tasks = mem::take(&mut self.tasks);
        if self.access_token.is_none() {
            let kind = if tasks == Texts::Absent {
                RefusalKind::NotReached
            } else {
                RefusalKind::NoRole
            };
            return refused_result(
                kind,
                "Graph gave no page token: the person has no qualifying role on this page.",
            );
        }
        if tasks == Texts::Listed(Vec::new()) {
            return missing_tasks_result();
        }
        self.into_works_result(tasks.into_listed())
    }

    /// A page read with its own token. Graph does not give `tasks` to every such token.
    fn into_own_page_result(mut self) -> ProbeResult {
        // A page's own token mints no other.
        self.access_token = None;
        let shows_more = self.is_published.is_some() || self.user_access_expire_time.is_some();
        match mem::take(&mut self.tasks) {
            Texts::Listed(tasks) if tasks.is_empty() => missing_tasks_result(),
            Texts::Listed(tasks) => self.into_works_result(Some(tasks)),
            Texts::Absent | Texts::Unreadable if shows_more => self.into_works_result(None),
            Texts::Unreadable => unknown_tasks_result(),
            Texts::Absent => refused_result(
                RefusalKind::NotReached,
                "Graph responded with the public fields of this page only.",
            ),
        }
    }

    fn into_ad_account_result(mut self) -> ProbeResult {
        match mem::take(&mut self.user_tasks) {
            Texts::Absent => refused_result(
                RefusalKind::NoRole,
                "Graph named no tasks of the person on this ad account.",
            ),
            Texts::Unreadable => unknown_tasks_result(),
            Texts::Listed(tasks) if tasks.is_empty() => missing_tasks_result(),
            Texts::Listed(tasks) => self.into_works_result(Some(tasks)),
        }
    }

    fn into_works_result(self, tasks: Option<Vec<String>>) -> ProbeResult {
        ProbeResult::Works(ProbeFacts {
            condition: self.condition(),
            page_token: self.access_token,
            tasks,
            cut_off: self.user_access_expire_time,
            business: BusinessReading::Unread,
        })
    }

    /// The business that the response names, if the probe asked for it. An id that is none counts as absent.
    fn business_reading(&self, target: &Target) -> BusinessReading {
        if !target.reads_business || business_field(target.kind).is_none() {
            return BusinessReading::Unread;
        }
        let id = self.business.as_deref().and_then(|it| it.parse().ok());
        id.map_or(BusinessReading::Absent, BusinessReading::Named)
    }

    /// What Graph says of the object beside access; `None` where it is in use, or Graph says nothing known.
    const fn condition(&self) -> Option<ObjectCondition> {
        match (self.account_status, self.is_published) {
            (Some(2), _) => Some(ObjectCondition::AccountDisabled),
            (Some(3 | 9), _) => Some(ObjectCondition::AccountUnsettled),
            (Some(7 | 8), _) => Some(ObjectCondition::AccountInReview),
            (Some(100 | 101), _) => Some(ObjectCondition::AccountClosed),
            (_, Some(false)) => Some(ObjectCondition::PageUnpublished),
            _ => None,
        }
    }
}

fn missing_tasks_result() -> ProbeResult {
    let kind = RefusalKind::MissingTask(vec![MIN_TASK.to_owned()]);
    refused_result(
        kind,
        "The object is reached, but the person holds no task on it.",
    )
}

fn unknown_tasks_result() -> ProbeResult {
    let message = "Graph named the tasks of the person in an unknown form.";
    refused_result(RefusalKind::Unclassified, message)
}

fn refused_result(kind: RefusalKind, message: &str) -> ProbeResult {
    ProbeResult::Refused(build_refusal(kind, message))
}

#[cfg(test)]
mod tests;
