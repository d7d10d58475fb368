//! Moves what a description repeats into its components, and refers to it there.
//!
//! The rule: a part is shared if several calls have it in the same form; a part of one call stays where it is. The
//! description says the same as before, in a fraction of the bytes, and a generated client has one type for it.

use std::collections::{BTreeMap, btree_map::Entry};

use serde::Serialize;
use utoipa::openapi::{Components, OpenApi, Ref, RefOr, Response, path::Parameter};

use super::all_operations;
use crate::problem::MEDIA_TYPE;

/// Shares headers, responses and parameters.
pub(super) fn share_parts(api: &mut OpenApi) {
    share_headers(api);
    share_responses(api);
    share_parameters(api);
}

/// Parts of one kind: how often each form is there, by its name.
struct Repeated<T> {
    forms: BTreeMap<String, BTreeMap<String, (usize, T)>>,
}

impl<T: Clone + Serialize> Repeated<T> {
    fn new() -> Self {
        Self {
            forms: BTreeMap::new(),
        }
    }

    fn count(&mut self, name: String, part: &T) {
        let form = form_of(part);
        match self.forms.entry(name).or_default().entry(form) {
            Entry::Occupied(mut it) => it.get_mut().0 = it.get().0.saturating_add(1),
            Entry::Vacant(it) => drop(it.insert((1, part.clone()))),
        }
    }

    /// The form of each name that is there most often, and more than once.
    fn into_shared(self) -> BTreeMap<String, T> {
        let most = |forms: BTreeMap<String, (usize, T)>| {
            forms.into_values().max_by_key(|(times, _)| *times)
        };
        let shared = self.forms.into_iter().filter_map(|(name, forms)| {
            let (times, part) = most(forms)?;
            (times > 1).then_some((name, part))
        });
        shared.collect()
    }
}

fn form_of<T: Serialize>(part: &T) -> String {
    serde_json::to_string(part).unwrap_or_default()
}

/// Replaces a part by a reference if it is the shared one of its name.
fn refer<T: Clone + Serialize>(
    part: &mut RefOr<T>,
    name: &str,
    kind: &str,
    shared: &BTreeMap<String, T>,
) {
    let RefOr::T(own) = part else { return };
    if shared
        .get(name)
        .is_some_and(|it| form_of(it) == form_of(own))
    {
        *part = RefOr::Ref(Ref::new(format!("#/components/{kind}/{name}")));
    }
}

fn share_headers(api: &mut OpenApi) {
    let mut repeated = Repeated::new();
    for_each_response(api, |_, response| {
        for (name, header) in &response.headers {
            if let RefOr::T(header) = header {
                repeated.count(name.clone(), header);
            }
        }
    });
    let shared = repeated.into_shared();
    for_each_response(api, |_, response| {
        for (name, header) in &mut response.headers {
            refer(header, name, "headers", &shared);
        }
    });
    components(api).headers.extend(as_components(shared));
}

/// Only problems are shared: they have a code, which names them.
fn share_responses(api: &mut OpenApi) {
    let mut repeated = Repeated::new();
    for_each_response(api, |name, response| {
        if let Some(name) = name {
            repeated.count(name, response);
        }
    });
    let shared = repeated.into_shared();
    for operation in all_operations(api) {
        for response in operation.responses.responses.values_mut() {
            if let RefOr::T(own) = &*response
                && let Some(name) = name_of_problem(own)
            {
                refer(response, &name, "responses", &shared);
            }
        }
    }
    components(api).responses.extend(as_components(shared));
}

fn share_parameters(api: &mut OpenApi) {
    let mut repeated = Repeated::<Parameter>::new();
    for operation in all_operations(api) {
        for parameter in operation.parameters.iter().flatten() {
            if let RefOr::T(it) = parameter {
                repeated.count(it.name.clone(), it);
            }
        }
    }
    let shared = repeated.into_shared();
    for operation in all_operations(api) {
        for parameter in operation.parameters.iter_mut().flatten() {
            if let RefOr::T(own) = &*parameter {
                let name = own.name.clone();
                refer(parameter, &name, "parameters", &shared);
            }
        }
    }
    components(api).parameters.extend(as_components(shared));
}

/// `call_under_way` names `CallUnderWay`.
fn name_of_problem(response: &Response) -> Option<String> {
    let is_problem = response.content.contains_key(MEDIA_TYPE);
    let code = response
        .description
        .split('`')
        .nth(1)
        .filter(|_| is_problem)?;
    let words = code.split('_').map(|word| {
        let (first, rest) = word.split_at_checked(1).unwrap_or((word, ""));
        first.to_uppercase() + rest
    });
    Some(words.collect())
}

fn for_each_response(api: &mut OpenApi, mut act: impl FnMut(Option<String>, &mut Response)) {
    for operation in all_operations(api) {
        for response in operation.responses.responses.values_mut() {
            if let RefOr::T(response) = response {
                act(name_of_problem(response), response);
            }
        }
    }
}

fn as_components<T>(shared: BTreeMap<String, T>) -> impl Iterator<Item = (String, RefOr<T>)> {
    shared
        .into_iter()
        .map(|(name, part)| (name, RefOr::T(part)))
}

fn components(api: &mut OpenApi) -> &mut Components {
    api.components.get_or_insert_default()
}
