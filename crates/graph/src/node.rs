//! What to read of each kind of asset, and what its answer proves.
//!
//! The rule: HTTP 200 on `id` proves nothing, public objects answer everybody. To a person a page must
//! give its token, an ad account the person's tasks, others a field that only a permission opens.
//!
//! A page's own token cannot be proved by making another. Graph lets it act only while its person holds
//! a role on the page, and refuses it otherwise (190/492) whatever is asked; so it is proved by a field
//! beyond the public ones, which the granted permission must open as well. It names no page token.

use regrant_domain::{
    AccessToken, AssetKind, CredentialKind, Proof, Proven, RefusalKind, Timestamp,
};
use serde::{Deserialize, de::IgnoredAny};

use crate::{Target, error::refusal, wire};

/// The fields a probe reads. `user_access_expire_time` only where the node has it.
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

/// What the answer about `target` proves.
pub(crate) fn prove(target: &Target, token: CredentialKind, body: &str) -> Proof {
    let Ok(node) = serde_json::from_str::<Node>(body) else {
        return refused(
            RefusalKind::Unclassified,
            "Graph's answer is not the object asked for.",
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
            "Graph answered about another object.",
        );
    }
    match (target.kind, token) {
        (AssetKind::Page, CredentialKind::Page) => node.into_own_page(),
        (kind, _) => node.into_proof(kind),
    }
}

/// The least of the tasks that let an app do anything.
const LEAST_TASK: &str = "ANALYZE";

#[derive(Deserialize)]
struct Node {
    #[serde(default, deserialize_with = "wire::text")]
    id: Option<String>,
    #[serde(default, deserialize_with = "wire::texts")]
    tasks: Option<Vec<String>>,
    #[serde(default, deserialize_with = "wire::texts")]
    user_tasks: Option<Vec<String>>,
    #[serde(default)]
    access_token: Option<AccessToken>,
    #[serde(default, deserialize_with = "wire::text")]
    username: Option<String>,
    #[serde(default)]
    is_published: Option<IgnoredAny>,
    #[serde(default, deserialize_with = "wire::text")]
    name: Option<String>,
    #[serde(default, deserialize_with = "wire::moment")]
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
                "Graph answered without the fields that only a permission opens.",
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

    /// A page as its own token sees it; tasks are not told to every token.
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
                "Graph answered only what everybody may read of this page.",
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
mod tests {
    use RefusalKind as Kind;

    use super::*;

    fn read(kind: AssetKind, body: &str) -> Proof {
        read_with(CredentialKind::User, kind, body)
    }

    fn read_with(token: CredentialKind, kind: AssetKind, body: &str) -> Proof {
        prove(
            &Target {
                id: "7".parse().unwrap(),
                kind,
                business: None,
            },
            token,
            body,
        )
    }

    fn kind_of(proof: Proof) -> Kind {
        match proof {
            Proof::Refused(refusal) => refusal.kind,
            Proof::Proven(_) => panic!("proven"),
        }
    }

    #[test]
    fn a_page_is_proved_by_its_token() {
        let body = r#"{"id":"7","tasks":["MANAGE"],"access_token":"page-token","user_access_expire_time":"2026-12-01T00:00:00+0000"}"#;
        let Proof::Proven(proven) = read(AssetKind::Page, body) else {
            panic!("refused")
        };
        assert_eq!(proven.page_token.unwrap().expose(), "page-token");
        assert_eq!(proven.tasks, Some(vec!["MANAGE".to_owned()]));
        assert!(proven.cut_off.is_some());
    }

    #[test]
    fn a_page_that_only_shows_itself_is_not_proved() {
        assert_eq!(
            kind_of(read(AssetKind::Page, r#"{"id":"7"}"#)),
            Kind::NotReached
        );
        assert_eq!(
            kind_of(read(AssetKind::Page, r#"{"id":"7","tasks":[]}"#)),
            Kind::NoRole
        );
        assert_eq!(
            kind_of(read(AssetKind::Page, r#"{"id":"7","tasks":["ANALYZE"]}"#)),
            Kind::NoRole
        );
        let no_task = read(
            AssetKind::Page,
            r#"{"id":"7","tasks":[],"access_token":"t"}"#,
        );
        assert_eq!(
            kind_of(no_task),
            Kind::MissingTask(vec!["ANALYZE".to_owned()])
        );
    }

    #[test]
    fn a_pages_own_token_is_proved_by_what_only_a_manager_reads() {
        let read = |body| read_with(CredentialKind::Page, AssetKind::Page, body);
        for body in [
            r#"{"id":"7","is_published":false}"#,
            r#"{"id":"7","tasks":["MANAGE"]}"#,
            r#"{"id":"7","user_access_expire_time":"2026-12-01T00:00:00+0000"}"#,
        ] {
            assert!(
                matches!(read(body), Proof::Proven(it) if it.page_token.is_none()),
                "{body}"
            );
        }
        assert_eq!(kind_of(read(r#"{"id":"7"}"#)), Kind::NotReached);
        let no_task = kind_of(read(r#"{"id":"7","is_published":true,"tasks":[]}"#));
        assert_eq!(no_task, Kind::MissingTask(vec!["ANALYZE".to_owned()]));
    }

    #[test]
    fn an_ad_account_is_proved_by_tasks() {
        let read = |body| read(AssetKind::AdAccount, body);
        assert!(matches!(
            read(r#"{"id":"act_7","user_tasks":["ANALYZE"]}"#),
            Proof::Proven(_)
        ));
        assert_eq!(kind_of(read(r#"{"id":"act_7"}"#)), Kind::NoRole);
        let none = kind_of(read(r#"{"id":"act_7","user_tasks":[]}"#));
        assert_eq!(none, Kind::MissingTask(vec!["ANALYZE".to_owned()]));
    }

    #[test]
    fn an_absent_cut_off_is_unknown() {
        for body in [
            r#"{"id":"7"}"#,
            r#"{"id":"7","user_access_expire_time":null}"#,
            r#"{"id":"7","user_access_expire_time":0}"#,
        ] {
            let Proof::Proven(proven) = read(AssetKind::Business, body) else {
                panic!("refused")
            };
            assert_eq!(proven.cut_off, None);
        }
    }

    #[test]
    fn the_time_alone_proves_a_business_and_nothing_at_all_does_not() {
        let timed = r#"{"user_access_expire_time":"2023-06-23T12:00:00+00:00"}"#;
        assert!(matches!(read(AssetKind::Business, timed), Proof::Proven(_)));
        assert_eq!(kind_of(read(AssetKind::Business, "{}")), Kind::NotReached);
    }

    #[test]
    fn an_answer_about_another_object_proves_nothing() {
        assert_eq!(
            kind_of(read(AssetKind::Business, r#"{"id":"8"}"#)),
            Kind::Unclassified
        );
        assert_eq!(
            kind_of(read(AssetKind::Business, "true")),
            Kind::Unclassified
        );
        assert_eq!(
            kind_of(read(AssetKind::Page, r#"{"id":"8","access_token":"t"}"#)),
            Kind::Unclassified
        );
    }

    #[test]
    fn the_cut_off_is_asked_only_where_the_node_has_it() {
        for kind in AssetKind::ALL {
            for token in CredentialKind::ALL {
                let asked = fields(kind, token).contains("user_access_expire_time");
                assert_eq!(asked, kind.has_cut_off(), "{kind} with {token}");
            }
        }
    }
}
