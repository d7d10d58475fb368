//! The pages of the dialog. They work without scripts, and repeat the request in their forms.

use maud::{DOCTYPE, Markup, PreEscaped, html};

use super::{
    login::Choice,
    offer::{BusinessGroup, Offer},
    request::DialogRequest,
};
use crate::world::Person;

const STYLE: &str = include_str!("page.css");

/// The choice of who is logged in: a browser at Meta has one account, and it may be the wrong one.
pub(super) fn render_persons<'a>(
    request: &DialogRequest,
    persons: impl Iterator<Item = &'a Person>,
) -> String {
    let body = html! {
        h1 { "Log in to " (request.app.name) }
        p { "Who is logged in at Meta in this browser?" }
        ul.persons {
            @for person in persons {
                li {
                    a href=(request.query_with(&[("person", &person.id)])) { (person.name) }
                    " " small { (person.id) @if person.is_work_account { " · managed account" } }
                }
            }
        }
        (cancel_form(request))
    };
    render_page("Log in", &body)
}

/// The picker; a person who chose before is asked whether that stays, unless the app asks again.
pub(super) fn render_choice(
    request: &DialogRequest,
    person: &Person,
    offer: &Offer,
    earlier: Option<&Choice>,
) -> String {
    let body = html! {
        h1 { (request.app.name) " asks for access" }
        p {
            "Logged in as " strong { (person.name) } " · "
            a href=(request.query_with(&[])) { "Not you?" }
        }
        @match earlier.filter(|_| !request.asks_again) {
            Some(earlier) => (reconnect_form(request, person, earlier)),
            None => (picker_form(request, person, offer, earlier)),
        }
        (cancel_form(request))
    };
    render_page("Choose what the app may use", &body)
}

/// A request that leads nowhere.
pub(super) fn render_fault(reason: &str) -> String {
    let body = html! { h1 { "This log-in cannot start" } p { (reason) } };
    render_page("Error", &body)
}

fn reconnect_form(request: &DialogRequest, person: &Person, earlier: &Choice) -> Markup {
    html! {
        p {
            "You chose before: "
            @match &earlier.assets {
                Some(assets) => { (assets.len()) " assets" },
                None => "all assets, now and later",
            }
            " and " (earlier.scopes.len()) " permissions."
        }
        form method="post" action="?" {
            (repeated_fields(request, Some(person)))
            button.main name="act" value="continue" { "Continue as " (person.name) }
        }
        p {
            a href=(request.query_with(&[("person", &person.id), ("auth_type", "rerequest")])) {
                "Choose other assets or permissions"
            }
        }
    }
}

fn picker_form(
    request: &DialogRequest,
    person: &Person,
    offer: &Offer,
    earlier: Option<&Choice>,
) -> Markup {
    html! {
        form method="post" action="?" {
            (repeated_fields(request, Some(person)))
            @if earlier.is_none() {
                p { button name="act" value="continue" { "Choose all, now and later" } }
            }
            @for group in &offer.groups { (group_fields(group, earlier)) }
            @if offer.groups.is_empty() { p { "This account reaches no assets." } }
            fieldset {
                legend { "Permissions" }
                @for scope in &offer.scopes { (scope_field(request, scope)) }
            }
            button.main name="act" value="choose" { "Continue as " (person.name) }
        }
    }
}

fn group_fields(group: &BusinessGroup, earlier: Option<&Choice>) -> Markup {
    let ticked = |id: &String| {
        let chosen = earlier.and_then(|it| it.assets.as_ref());
        chosen.is_none_or(|assets| assets.contains(id))
    };
    html! {
        fieldset {
            legend { (group.business) }
            @for asset in &group.assets {
                label {
                    input type="checkbox" name="asset" value=(asset.id) checked[ticked(&asset.id)];
                    " " (asset.name) " " small { (asset.kind.as_str()) " " (asset.id) }
                }
            }
        }
    }
}

/// The public profile, and every permission of a configuration, cannot be declined alone.
fn scope_field(request: &DialogRequest, scope: &str) -> Markup {
    html! {
        label {
            @if request.is_configured || scope == "public_profile" {
                input type="hidden" name="permission" value=(scope);
                "• " (scope)
            } @else {
                input type="checkbox" name="permission" value=(scope) checked;
                " " (scope)
            }
        }
    }
}

fn cancel_form(request: &DialogRequest) -> Markup {
    html! {
        form method="post" action="?" {
            (repeated_fields(request, None))
            button name="act" value="cancel" { "Cancel" }
        }
    }
}

/// The request and the person, in a form that posts to the address without its query.
fn repeated_fields(request: &DialogRequest, person: Option<&Person>) -> Markup {
    html! {
        @for (name, value) in &request.repeated { input type="hidden" name=(name) value=(value); }
        @if let Some(person) = person { input type="hidden" name="person" value=(person.id); }
    }
}

fn render_page(title: &str, body: &Markup) -> String {
    let page = html! {
        (DOCTYPE)
        html lang="en" {
            head {
                meta charset="utf-8";
                meta name="viewport" content="width=device-width";
                title { (title) " · sandbox" }
                style { (PreEscaped(STYLE)) }
            }
            body {
                p.sandbox { "Sandbox: this page simulates Meta's log-in." }
                main { (body) }
            }
        }
    };
    page.into_string()
}
