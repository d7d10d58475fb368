//! A reconnect that was confirmed: its progress, and its outcome by who acts next.
//!
//! The rule: a page with any asset that needs something has no title that says that all is done, and an undo that left
//! anything as it was has none that says that all was undone.

use maud::{Markup, html};
use regrant_domain::{Locale, LoginNotice, NextActor, Outcome, ReconnectStatus, Verdict};
use regrant_vault::{Capability, ItemView, LinkPage, ReconnectView};

use super::{
    super::{
        answer::step_path,
        texts::{Text, format_time, reason_text},
    },
    intro::{asset_line, notice_line},
    shell::{Page, button_form},
};

/// The groups of assets that need something, in the order in which they are shown behind those that are done.
const GROUPS: [(NextActor, Text, Text); 4] = [
    (
        NextActor::SomeoneElse,
        Text::GroupSomeone,
        Text::GroupSomeoneHint,
    ),
    (
        NextActor::Regrant,
        Text::GroupByItself,
        Text::GroupByItselfHint,
    ),
    (NextActor::Person, Text::GroupRetry, Text::GroupRetryHint),
    (
        NextActor::NotPossible,
        Text::GroupNotPossible,
        Text::GroupNotPossibleHint,
    ),
];

/// The page of a reconnect.
pub(in super::super) fn render_reconnect(
    page: &LinkPage,
    view: &ReconnectView,
    notice: Option<&LoginNotice>,
    browser: &Capability,
) -> Page {
    if view.status == ReconnectStatus::Running {
        render_progress(page, view)
    } else {
        render_summary(page, view, notice, browser)
    }
}

fn render_progress(page: &LinkPage, view: &ReconnectView) -> Page {
    let locale = page.locale;
    let (done, total) = (
        view.counts.total_count().to_string(),
        view.total.to_string(),
    );
    let said = Text::Progress.fill(locale, &[("done", &done), ("total", &total)]);
    let body = html! {
        progress value=(done) max=(total) aria-label=(Text::RunningTitle.text(locale)) {}
        p role="status" { (said) }
        p { (Text::RunningHint.text(locale)) }
    };
    let mut made = Page::new(locale, Text::RunningTitle.text(locale).to_owned(), body);
    made.reloads_from = Some(step_path(page.name, false));
    made
}

fn render_summary(
    page: &LinkPage,
    view: &ReconnectView,
    notice: Option<&LoginNotice>,
    browser: &Capability,
) -> Page {
    let locale = page.locale;
    let needs_person = has_group(view, NextActor::Person);
    let body = html! {
        (notice_line(page, notice))
        (done_groups(page, view))
        @for (actor, title, hint) in GROUPS {
            (group(page, &items_of(view, |it| actor_of(it) == actor), actor.as_str(), title, hint))
        }
        div.choices {
            @if needs_person {
                (button_form(browser, "choose_again", Text::LogInAgain.text(locale), "main", &html! {}))
            }
            @if can_undo(view) {
                (button_form(browser, "undo", Text::Undo.text(locale), "", &html! {}))
            }
            (back_link(page))
        }
        @if can_undo(view) { p.hint { (Text::UndoHint.text(locale)) } }
    };
    let mut made = Page::new(locale, title_of(view).text(locale).to_owned(), body);
    made.leads_to = Some(page.dialog_sources.clone());
    made
}

fn title_of(view: &ReconnectView) -> Text {
    match view.verdict() {
        _ if view.undo_of.is_some() => title_of_undo(view),
        Some(Verdict::AllDone) => Text::AllDoneTitle,
        Some(Verdict::NothingChanged) => Text::NothingDoneTitle,
        Some(Verdict::SomeNeedSomeone) | None => Text::SomeDoneTitle,
    }
}

fn title_of_undo(view: &ReconnectView) -> Text {
    match items_of(view, is_restored).len() {
        0 => Text::NothingDoneTitle,
        count if count == view.items.len() => Text::UndoneTitle,
        _ => Text::PartlyUndoneTitle,
    }
}

/// Whether the person may undo something of it still. An undo itself is not undone here.
fn can_undo(view: &ReconnectView) -> bool {
    view.undo_of.is_none() && view.items.iter().any(|it| it.undo_until.is_some())
}

fn has_group(view: &ReconnectView, actor: NextActor) -> bool {
    view.items.iter().any(|it| actor_of(it) == actor)
}

fn actor_of(item: &ItemView) -> NextActor {
    NextActor::after_outcome(item.outcome, item.reason.as_ref().map(|it| it.who))
}

fn is_restored(item: &ItemView) -> bool {
    item.outcome == Some(Outcome::Restored)
}

fn items_of(view: &ReconnectView, is_wanted: impl Fn(&ItemView) -> bool) -> Vec<&ItemView> {
    view.items.iter().filter(|it| is_wanted(it)).collect()
}

/// The assets that need nothing. An undo leaves some of them as they were.
fn done_groups(page: &LinkPage, view: &ReconnectView) -> Markup {
    let is_done = |it: &ItemView| actor_of(it) == NextActor::None;
    let done = |items, hint| group(page, items, NextActor::None.as_str(), Text::GroupDone, hint);
    if view.undo_of.is_none() {
        return done(&items_of(view, is_done), Text::GroupDoneHint);
    }
    let kept = items_of(view, |it| is_done(it) && !is_restored(it));
    html! {
        (done(&items_of(view, is_restored), Text::GroupRestoredHint))
        (group(page, &kept, "kept", Text::GroupNotUndone, Text::GroupNotUndoneHint))
    }
}

fn group(page: &LinkPage, items: &[&ItemView], class: &str, title: Text, hint: Text) -> Markup {
    let (locale, tenant) = (page.locale, [("tenant", page.tenant_name.as_str())]);
    html! {
        @if !items.is_empty() {
            section class=(class) {
                h2 { (title.text(locale)) " " span.count { (items.len()) } }
                p { (hint.fill(locale, &tenant)) }
                ul.assets { @for item in items { li { (item_line(page, item, locale)) } } }
            }
        }
    }
}

fn item_line(page: &LinkPage, item: &ItemView, locale: Locale) -> Markup {
    html! {
        @match page.find_asset(&item.asset_id) {
            Some(asset) => (asset_line(asset, locale)),
            None => span.id { (item.asset_id) },
        }
        @if let Some(reason) = &item.reason { p.reason { (reason_text(reason, locale)) } }
        @if let Some(at) = item.retry_at { p.reason { (format_time(at, locale)) } }
    }
}

/// The way back to the tenant's own page.
fn back_link(page: &LinkPage) -> Markup {
    let tenant = [("tenant", page.tenant_name.as_str())];
    html! {
        @if let Some(url) = &page.return_url {
            p { a.button href=(url.as_str()) { (Text::Back.fill(page.locale, &tenant)) } }
        }
    }
}
