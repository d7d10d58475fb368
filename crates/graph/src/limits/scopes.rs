//! Scopes of pauses: what one limit of Graph covers, and which scopes a probe waits for.
//!
//! The rule: a scope covers exactly what its limit names; always within one app. A limit of a person never rests the app.
//! Start at [`scope_of_throttle`] and [`scopes_of_probe`].

use regrant_domain::{AppId, AssetId, AssetKind, PersonId, errors::Rests};

use crate::Target;

/// The calls that one limit of Graph covers.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(crate) enum PauseScope {
    /// Every call of the app.
    App(AppId),
    /// Every call with tokens of the person.
    Person(AppId, PersonId),
    /// Calls about one object, by its canonical id.
    Object(AppId, AssetId),
    /// Calls of one use case about objects of one business, or about one object, by the digits of its id.
    UseCase(AppId, String, UseCase),
    /// Calls of one person about one object, by its canonical id.
    PersonOnObject(AppId, PersonId, AssetId),
}

/// The business use cases that probes use. Each has limits of its own.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) enum UseCase {
    Pages,
    AdsManagement,
    CatalogManagement,
    Instagram,
    Whatsapp,
}

impl UseCase {
    /// The use case of a `type` in the usage header; `None` for one that no probe uses, and for unknown ones.
    pub(crate) fn from_header(text: &str) -> Option<Self> {
        match text {
            "pages" => Some(Self::Pages),
            "ads_management" => Some(Self::AdsManagement),
            "catalog_management" => Some(Self::CatalogManagement),
            "instagram" => Some(Self::Instagram),
            // Meta does not document the exact text.
            _ if text.starts_with("whatsapp") => Some(Self::Whatsapp),
            _ => None,
        }
    }

    /// The use case of a probe of this kind of asset.
    pub(crate) const fn of_probe(kind: AssetKind) -> Self {
        match kind {
            AssetKind::Page => Self::Pages,
            AssetKind::AdAccount | AssetKind::Pixel | AssetKind::Business => Self::AdsManagement,
            AssetKind::ProductCatalog => Self::CatalogManagement,
            AssetKind::InstagramAccount => Self::Instagram,
            AssetKind::WhatsappBusinessAccount => Self::Whatsapp,
        }
    }
}

impl PauseScope {
    /// The calls with tokens of one person.
    pub(crate) fn for_person(app: &AppId, person: &PersonId) -> Self {
        Self::Person(app.clone(), person.clone())
    }

    /// The calls about one object.
    pub(crate) fn for_object(app: &AppId, object: &AssetId) -> Self {
        Self::Object(app.clone(), object.clone())
    }

    /// The calls of one person about one object.
    fn for_person_on_object(app: &AppId, person: &PersonId, object: &AssetId) -> Self {
        Self::PersonOnObject(app.clone(), person.clone(), object.clone())
    }

    /// The wider scope that is paused too once several such scopes are; only of a person's objects.
    pub(crate) fn to_whole_person(&self) -> Option<Self> {
        match self {
            Self::PersonOnObject(app, person, _) => Some(Self::for_person(app, person)),
            Self::App(_) | Self::Person(..) | Self::Object(..) | Self::UseCase(..) => None,
        }
    }
}

/// The scope that a throttle pauses. Where the call has no such thing, the limit of an object rests the person, or else
/// the app; that of a person whom we do not know rests the object, or else nothing: other persons are not concerned.
pub(crate) fn scope_of_throttle(
    rests: Rests,
    app: &AppId,
    person: Option<&PersonId>,
    object: Option<&AssetId>,
) -> Option<PauseScope> {
    Some(match (rests, person, object) {
        (Rests::App, _, _) | (Rests::Object, None, None) => PauseScope::App(app.clone()),
        (Rests::PersonOnObject, Some(person), Some(object)) => {
            PauseScope::for_person_on_object(app, person, object)
        }
        (Rests::Object, _, Some(object))
        | (Rests::Person | Rests::PersonOnObject, None, Some(object)) => {
            PauseScope::for_object(app, object)
        }
        (Rests::Person, Some(person), _)
        | (Rests::Object | Rests::PersonOnObject, Some(person), None) => {
            PauseScope::for_person(app, person)
        }
        (Rests::Person | Rests::PersonOnObject, None, None) => return None,
    })
}

/// The scopes whose pauses hold for a probe of a target with a canonical id. The app is checked for the whole batch.
pub(crate) fn scopes_of_probe(
    app: &AppId,
    target: &Target,
    person: Option<&PersonId>,
) -> Vec<PauseScope> {
    let use_case = UseCase::of_probe(target.kind);
    let owners = [Some(&target.id), target.business.as_ref()];
    let use_cases = owners
        .into_iter()
        .flatten()
        .map(|it| PauseScope::UseCase(app.clone(), it.as_digits().to_owned(), use_case));
    let of_person = person.into_iter().flat_map(|it| {
        [
            PauseScope::for_person(app, it),
            PauseScope::for_person_on_object(app, it, &target.id),
        ]
    });
    [PauseScope::for_object(app, &target.id)]
        .into_iter()
        .chain(use_cases)
        .chain(of_person)
        .collect()
}

#[cfg(test)]
mod tests;
