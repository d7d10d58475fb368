//! The names of the kinds of assets for people.

use regrant_domain::{AssetKind, Locale};

/// The name of a kind.
pub(in super::super) const fn kind_name(kind: AssetKind, locale: Locale) -> &'static str {
    match (kind, locale) {
        (AssetKind::Page, Locale::En) => "Page",
        (AssetKind::Page, Locale::De) => "Seite",
        (AssetKind::AdAccount, Locale::En) => "Ad account",
        (AssetKind::AdAccount, Locale::De) => "Werbekonto",
        (AssetKind::Business, Locale::En) => "Business portfolio",
        (AssetKind::Business, Locale::De) => "Unternehmensportfolio",
        (AssetKind::ProductCatalog, Locale::En) => "Catalog",
        (AssetKind::ProductCatalog, Locale::De) => "Katalog",
        (AssetKind::Pixel, Locale::En) => "Dataset (pixel)",
        (AssetKind::Pixel, Locale::De) => "Datensatz (Pixel)",
        (AssetKind::InstagramAccount, Locale::En) => "Instagram account",
        (AssetKind::InstagramAccount, Locale::De) => "Instagram-Konto",
        (AssetKind::WhatsappBusinessAccount, Locale::En) => "WhatsApp account",
        (AssetKind::WhatsappBusinessAccount, Locale::De) => "WhatsApp-Konto",
    }
}
