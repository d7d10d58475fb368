//! What a consent would cover: shown before anything changes, with what was not ticked.

use maud::{Markup, html};
use regrant_domain::{Coverage, Locale, LoginNotice, PreviewItem};
use regrant_vault::{Capability, CheckProgress, LinkPage, LinkPreview};

use super::{
    super::{
        answer::step_path,
        texts::{Text, reason_text},
    },
    intro::{asset_line, notice_line, person_name},
    left_out::{LeftOutAssets, sibling_group},
    shell::{Page, button_form},
};

/// The page while the consent is checked on each asset.
pub(in super::super) fn render_checking(
    page: &LinkPage,
    progress: CheckProgress,
    has_changed: bool,
) -> Page {
    let locale = page.locale;
    let (done, total) = (progress.done.to_string(), progress.total.to_string());
    let title = Text::CheckingTitle.text(locale);
    let body = html! {
        p role="status" { (Text::CheckingHint.text(locale)) }
        @if progress.done == 0 {
            progress aria-label=(title) {}
        } @else {
            progress value=(done) max=(total) aria-label=(title) {}
            p { (Text::Progress.fill(locale, &[("done", &done), ("total", &total)])) }
        }
    };
    let mut made = Page::new(locale, title.to_owned(), body);
    made.reloads_from = Some(step_path(page.name, has_changed));
    made
}

/// The page that asks for the confirmation.
pub(in super::super) fn render_preview(
    page: &LinkPage,
    shown: &LinkPreview,
    notice: Option<&LoginNotice>,
    has_changed: bool,
    browser: &Capability,
) -> Page {
    let locale = page.locale;
    let of = |wanted: &[Coverage]| {
        let items = shown.preview.items.iter();
        items
            .filter(|it| wanted.contains(&it.coverage))
            .collect::<Vec<_>>()
    };
    let covered = of(&[Coverage::WillReplace]);
    let missed = of(&[
        Coverage::WouldPark,
        Coverage::WouldNarrow,
        Coverage::Uncovered,
    ]);
    let left_out = LeftOutAssets::of_preview(&shown.preview);
    let group =
        |title, hint, items: &[&PreviewItem]| item_group(page, title, hint, items, &left_out);
    let body = html! {
        p { (Text::LoggedInAs.fill(locale, &[("person", &person_name(&shown.person))])) }
        (notice_line(page, notice))
        @if has_changed { p.notice role="alert" { (Text::PreviewChanged.text(locale)) } }
        @if !shown.missing_scopes.is_empty() {
            p.notice { (Text::MissingScopes.fill(locale, &[("scopes", &shown.missing_scopes.join(", "))])) }
        }
        (left_out.summary_line(locale))
        (group(Text::WillReplace, None, &covered))
        (group(Text::NotCovered, Some(Text::NotCoveredHint), &missed))
        (group(Text::NotKnown, None, &of(&[Coverage::Unknown])))
        (group(Text::Unchanged, None, &of(&[Coverage::Unchanged])))
        (sibling_group(page, &shown.preview))
        (choices(locale, shown, browser, !covered.is_empty() || !missed.is_empty()))
    };
    let mut made = Page::new(locale, Text::PreviewTitle.text(locale).to_owned(), body);
    made.leads_to = Some(page.dialog_sources.clone());
    made
}

fn choices(locale: Locale, shown: &LinkPreview, browser: &Capability, is_useful: bool) -> Markup {
    let plan = html! {
        @if let Some(plan) = &shown.preview.plan {
            input type="hidden" name="plan" value=(plan);
        }
    };
    html! {
        div.choices {
            @if is_useful && shown.preview.plan.is_some() {
                (button_form(browser, "confirm", Text::Confirm.text(locale), "main", &plan))
            }
            (button_form(browser, "choose_again", Text::ChooseAgain.text(locale), "", &html! {}))
            (button_form(browser, "check_again", Text::CheckAgain.text(locale), "", &html! {}))
        }
    }
}

fn item_group(
    page: &LinkPage,
    title: Text,
    hint: Option<Text>,
    items: &[&PreviewItem],
    left_out: &LeftOutAssets<'_>,
) -> Markup {
    let locale = page.locale;
    html! {
        @if !items.is_empty() {
            section {
                h2 { (title.text(locale)) " " span.count { (items.len()) } }
                @if let Some(hint) = hint { p { (hint.text(locale)) } }
                ul.assets {
                    @for item in items {
                        li {
                            @match page.find_asset(&item.asset_id) {
                                Some(asset) => (asset_line(asset, locale)),
                                None => span.id { (item.asset_id) },
                            }
                            (left_out.cause_line(&item.asset_id, locale))
                            @if let Some(reason) = &item.reason {
                                p.reason { (reason_text(reason, locale)) }
                            }
                        }
                    }
                }
            }
        }
    }
}
