//! The fields that a probe reads of each kind of asset, and the result that the response means.
//!
//! The rule: HTTP 200 with an `id` proves nothing, because public objects are readable with any
//! token. A person's token works on a page if the page gives a page token, on an ad account if the
//! account gives the person's tasks, on other kinds if a field is readable that needs a permission.
//!
//! A page's own token cannot mint another page token. Graph accepts it only while the person behind it
//! holds a role on the page, and refuses every read otherwise (190/492). So one readable field beyond
//! the public ones shows that it works; that field needs the granted permission as well.

use regrant_domain::{
    AccessToken, AssetKind, CredentialKind, Proof, Proven, RefusalKind, Timestamp,
};
use serde::{Deserialize, de::IgnoredAny};

use crate::{Target, call::wire, errors::graph_error::refusal};

/// The fields that a probe reads. `user_access_expire_time` only where the node has it.
pub(crate) const fn fields(kind: AssetKind, token: CredentialKind) -> &'static str {
    match kind {
        AssetKind::Page if matches!(token, CredentialKind::Page) => {
            "id,user_access_expire_time,is_published,tasks"
        }
        AssetKind::Page => "id,user_access_expire_time,tasks,access_token",
        AssetKind::AdAccount => "id,account_status,user_tasks,user_access_expire_time",
        AssetKind::Business | AssetKind::ProductCatalog | AssetKind::Pixel => {
            "id,user_access_expire_time"
        }
        AssetKind::InstagramAccount => "id,username",
        AssetKind::WhatsappBusinessAccount => "id,name",
    }
}

/// The probe result that the response about `target` means.
pub(crate) fn prove(target: &Target, token: CredentialKind, body: &str) -> Proof {
    let Ok(node) = serde_json::from_str::<Node>(body) else {
        return refused(
            RefusalKind::Unclassified,
            "The response of Graph is not the requested object.",
        );
    };
    let id = target.kind.canonical(&target.id);
    if node
        .id
        .as_deref()
        .is_some_and(|it| it.strip_prefix("act_").unwrap_or(it) != id.digits())
    {
        return refused(
            RefusalKind::Unclassified,
            "Graph responded with another object.",
        );
    }
    match (target.kind, token) {
        (AssetKind::Page, CredentialKind::Page) => node.into_own_page(),
        (kind, _) => node.into_proof(kind),
    }
}

/// The task with the fewest rights that an app can use.
const LEAST_TASK: &str = "ANALYZE";

#[derive(Deserialize)]
struct Node {
    #[serde(default, deserialize_with = "wire::parse_text")]
    id: Option<String>,
    #[serde(default, deserialize_with = "wire::parse_texts")]
    tasks: Option<Vec<String>>,
    #[serde(default, deserialize_with = "wire::parse_texts")]
    user_tasks: Option<Vec<String>>,
    #[serde(default)]
    access_token: Option<AccessToken>,
    #[serde(default, deserialize_with = "wire::parse_text")]
    username: Option<String>,
    #[serde(default)]
    is_published: Option<IgnoredAny>,
    #[serde(default, deserialize_with = "wire::parse_text")]
    name: Option<String>,
    #[serde(default, deserialize_with = "wire::parse_moment")]
    user_access_expire_time: Option<Timestamp>,
}

impl Node {
    fn into_proof(self, kind: AssetKind) -> Proof {
        let named = |it: &Option<String>| it.as_deref().is_some_and(|it| !it.is_empty());
        let opened = match kind {
            AssetKind::Page => return self.into_page(),
            AssetKind::AdAccount => return self.into_ad_account(),
            AssetKind::InstagramAccount => named(&self.username),
            AssetKind::WhatsappBusinessAccount => named(&self.name),
            AssetKind::Business | AssetKind::ProductCatalog | AssetKind::Pixel => {
                self.id.is_some() || self.user_access_expire_time.is_some()
            }
        };
        if opened {
            proven(None, None, self.user_access_expire_time)
        } else {
            refused(
                RefusalKind::NotReached,
                "Graph responded without the fields that need a permission.",
            )
        }
    }

    fn into_page(self) -> Proof {
        if self.access_token.is_none() {
            let kind = if self.tasks.is_some() {
                RefusalKind::NoRole
            } else {
                RefusalKind::NotReached
            };
            return refused(
                kind,
                "Graph gave no page token: the person has no qualifying role on this page.",
            );
        }
        if self.tasks.as_ref().is_some_and(Vec::is_empty) {
            return lacks_tasks();
        }
        proven(self.access_token, self.tasks, self.user_access_expire_time)
    }

    /// A page read with its own token. Graph does not give `tasks` to every such token.
    fn into_own_page(self) -> Proof {
        if self.tasks.as_ref().is_some_and(Vec::is_empty) {
            return lacks_tasks();
        }
        if self.is_published.is_none()
            && self.tasks.is_none()
            && self.user_access_expire_time.is_none()
        {
            return refused(
                RefusalKind::NotReached,
                "Graph responded with the public fields of this page only.",
            );
        }
        proven(None, self.tasks, self.user_access_expire_time)
    }

    fn into_ad_account(self) -> Proof {
        match self.user_tasks {
            None => refused(
                RefusalKind::NoRole,
                "Graph named no tasks of the person on this ad account.",
            ),
            Some(tasks) if tasks.is_empty() => lacks_tasks(),
            tasks @ Some(_) => proven(None, tasks, self.user_access_expire_time),
        }
    }
}

fn proven(
    page_token: Option<AccessToken>,
    tasks: Option<Vec<String>>,
    cut_off: Option<Timestamp>,
) -> Proof {
    Proof::Proven(Proven {
        page_token,
        tasks,
        cut_off,
    })
}

fn lacks_tasks() -> Proof {
    let kind = RefusalKind::MissingTask(vec![LEAST_TASK.to_owned()]);
    refused(
        kind,
        "The object is reached, but the person holds no task on it.",
    )
}

fn refused(kind: RefusalKind, message: &str) -> Proof {
    Proof::Refused(refusal(kind, message))
}

#[cfg(test)]
mod tests;
