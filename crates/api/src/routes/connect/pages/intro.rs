//! The first page of a link: whose assets, for which business, for which tenant, and what to tick at Meta.

use maud::{Markup, html};
use regrant_domain::{LinkPerson, Locale, LoginNotice};
use regrant_vault::{Capability, LinkAsset, LinkPage};

use super::{
    super::{
        opener::Opener,
        texts::{Text, format_time, kind_name},
    },
    shell::{Page, button_form},
};

/// The page that a person sees who opens the link.
pub(in super::super) fn render_intro(
    page: &LinkPage,
    browser: &Capability,
    opener: Opener,
) -> Page {
    render(page, browser, opener, &html! {}, Text::LogIn)
}

/// The same for a person who came back from Meta without a consent, with what happened.
pub(in super::super) fn render_log_in(
    page: &LinkPage,
    notice: Option<&LoginNotice>,
    browser: &Capability,
    opener: Opener,
) -> Page {
    let said = notice_line(page, notice);
    let label = match opener {
        Opener::PageAgain => Text::ChooseAgain,
        Opener::Person | Opener::Page => Text::LogInAgain,
    };
    render(page, browser, opener, &said, label)
}

/// What happened at the newest log-in, if it brought no consent.
pub(super) fn notice_line(page: &LinkPage, notice: Option<&LoginNotice>) -> Markup {
    html! {
        @if let Some(notice) = notice { p.notice role="alert" { (notice_text(page, notice)) } }
    }
}

fn render(
    page: &LinkPage,
    browser: &Capability,
    opener: Opener,
    said: &Markup,
    label: Text,
) -> Page {
    let locale = page.locale;
    let tenant = [("tenant", page.tenant_name.as_str())];
    let until = format_time(page.ends_at, locale);
    let act = match opener {
        Opener::PageAgain => "choose_again",
        Opener::Person | Opener::Page => "log_in",
    };
    let body = html! {
        (said)
        p { (Text::Intro.fill(locale, &tenant)) }
        (person_line(page))
        p { (Text::Until.fill(locale, &[("until", &until)])) }
        (button_form(browser, act, label.text(locale), "main", &opener.field()))
        p.hint { (Text::LogInHint.text(locale)) " " (Text::WrongAccountHint.text(locale)) }
        h2 { (Text::TickThese.text(locale)) }
        p { (Text::TickHint.fill(locale, &tenant)) }
        (asset_groups(page))
        (plain_list(page))
    };
    let mut made = Page::new(locale, Text::Title.text(locale).to_owned(), body);
    made.leads_to = Some(page.dialog_sources.clone());
    made
}

fn person_line(page: &LinkPage) -> Markup {
    let locale = page.locale;
    html! {
        @if let Some(person) = &page.person {
            p {
                strong { (Text::ForPerson.fill(locale, &[("person", &person_name(person))])) }
                @if page.require_person { " " (Text::OnlyPerson.text(locale)) }
            }
        }
    }
}

/// The name of a person with the id, because two accounts of one person often have the same name.
pub(super) fn person_name(person: &LinkPerson) -> String {
    match &person.name {
        Some(name) => format!("{name} ({})", person.id),
        None => person.id.to_string(),
    }
}

/// An asset: its kind, its name and its id.
pub(super) fn asset_line(asset: &LinkAsset, locale: Locale) -> Markup {
    html! {
        span.kind { (kind_name(asset.kind, locale)) } " "
        @if let Some(name) = &asset.name { (name) " " }
        span.id { (asset.id) }
    }
}

fn asset_groups(page: &LinkPage) -> Markup {
    html! {
        @for group in &page.groups {
            section {
                h3 { (group_name(page.locale, group.name.as_deref(), group.business.as_ref().map(ToString::to_string).as_deref())) }
                ul.assets {
                    @for asset in &group.assets { li { (asset_line(asset, page.locale)) } }
                }
            }
        }
    }
}

fn group_name(locale: Locale, name: Option<&str>, id: Option<&str>) -> String {
    match (name, id) {
        (Some(name), Some(id)) => format!("{name} ({id})"),
        (_, Some(id)) => id.to_owned(),
        (_, None) => Text::OtherBusiness.text(locale).to_owned(),
    }
}

/// The list once more as text, one line an asset, to be copied.
fn plain_list(page: &LinkPage) -> Markup {
    let lines = page.groups.iter().flat_map(|it| &it.assets).map(|it| {
        let name = it.name.as_deref().unwrap_or_default();
        format!("{}\t{name}\t{}\n", kind_name(it.kind, page.locale), it.id)
    });
    html! {
        details {
            summary { (Text::CopyList.text(page.locale)) }
            pre tabindex="0" { (lines.collect::<String>()) }
        }
    }
}

fn notice_text(page: &LinkPage, notice: &LoginNotice) -> String {
    let (locale, tenant) = (page.locale, [("tenant", page.tenant_name.as_str())]);
    match notice {
        LoginNotice::Declined => Text::DeclinedNotice.text(locale).to_owned(),
        LoginNotice::WrongPerson { actual } => {
            let wanted = page.person.as_ref().map(person_name).unwrap_or_default();
            let named = [("actual", person_name(actual)), ("wanted", wanted)];
            let named = named
                .each_ref()
                .map(|(name, value)| (*name, value.as_str()));
            Text::WrongPersonNotice.fill(locale, &named)
        }
        LoginNotice::CodeSpent => Text::CodeSpentNotice.text(locale).to_owned(),
        LoginNotice::Refused => Text::RefusedNotice.text(locale).to_owned(),
        LoginNotice::FormNotAllowed => Text::FormNotAllowedNotice.fill(locale, &tenant),
        LoginNotice::GraphDown => Text::GraphDownNotice.text(locale).to_owned(),
        LoginNotice::Ended => Text::EndedNotice.text(locale).to_owned(),
        LoginNotice::UsedUp => Text::UsedUpNotice.text(locale).to_owned(),
    }
}
