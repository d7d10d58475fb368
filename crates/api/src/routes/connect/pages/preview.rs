//! What a consent would cover: shown before anything changes, with what was not ticked.

use maud::{Markup, html};
use regrant_domain::{Coverage, Locale, LoginNotice};
use regrant_vault::{Capability, LinkPage, LinkPreview, PreviewItem, SiblingLoss};

use super::{
    super::texts::{Text, reason_text},
    intro::{asset_line, notice_line, person_name},
    shell::{Page, button_form},
};

/// After how many seconds a page that waits loads itself again.
pub(super) const RELOAD_SECONDS: u32 = 2;

/// The page while the consent is checked on each asset.
pub(in super::super) fn render_checking(page: &LinkPage) -> Page {
    let locale = page.locale;
    let body = html! {
        p role="status" { (Text::CheckingHint.text(locale)) }
        progress aria-label=(Text::CheckingTitle.text(locale)) {}
    };
    let mut made = Page::new(locale, Text::CheckingTitle.text(locale).to_owned(), body);
    made.reloads_after = Some(RELOAD_SECONDS);
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
    let body = html! {
        p { (Text::LoggedInAs.fill(locale, &[("person", &person_name(&shown.person))])) }
        (notice_line(page, notice))
        @if has_changed { p.notice role="alert" { (Text::PreviewChanged.text(locale)) } }
        @if !shown.missing_scopes.is_empty() {
            p.notice { (Text::MissingScopes.fill(locale, &[("scopes", &shown.missing_scopes.join(", "))])) }
        }
        (item_group(page, Text::WillReplace, None, &covered))
        (item_group(page, Text::NotCovered, Some(Text::NotCoveredHint), &missed))
        (item_group(page, Text::NotKnown, None, &of(&[Coverage::Unknown])))
        (item_group(page, Text::Unchanged, None, &of(&[Coverage::Unchanged])))
        (sibling_group(page, &shown.preview.siblings, shown.preview.has_more_siblings))
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

fn item_group(page: &LinkPage, title: Text, hint: Option<Text>, items: &[&PreviewItem]) -> Markup {
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

fn sibling_group(page: &LinkPage, siblings: &[SiblingLoss], has_more: bool) -> Markup {
    let (locale, tenant) = (page.locale, [("tenant", page.tenant_name.as_str())]);
    html! {
        @if !siblings.is_empty() {
            section.warning {
                h2 { (Text::Siblings.text(locale)) " " span.count { (siblings.len()) } }
                p { (Text::SiblingsHint.fill(locale, &tenant)) }
                ul.assets {
                    @for sibling in siblings { li { span.id { (sibling.id) } } }
                }
                @if has_more { p { (Text::MoreSiblings.text(locale)) } }
            }
        }
    }
}
