//! Refers to schemas by name where the generator of the description writes them out.
//!
//! The rule: the entries of a list are the schema of one entry, and the variants of a result have names and a
//! discriminator, so that a generated client has the type that its user expects.

use std::collections::BTreeMap;

use utoipa::{
    PartialSchema, ToSchema,
    openapi::{
        Discriminator, OpenApi, Ref, RefOr,
        path::Operation,
        schema::{Array, ArrayItems, Object, OneOf, Schema},
    },
};

use super::all_operations;
use crate::{problem::OauthErrorOut, schema};

type Schemas = BTreeMap<String, RefOr<Schema>>;

/// Names the entries of lists, the variants of results, the errors of OAuth, and the values that many schemas have.
pub(super) fn share_schemas(api: &mut OpenApi) {
    let mut named = Schemas::new();
    for operation in all_operations(api) {
        refer_to_oauth_error(operation, &mut named);
    }
    let schemas = &mut api.components.get_or_insert_default().schemas;
    schemas.append(&mut named);
    refer_to_entries(schemas);
    name_variants(schemas);
    let values = values();
    for schema in schemas.values_mut() {
        refer_to_values(schema, &values, &mut named);
    }
    for operation in all_operations(api) {
        refer_to_values_of_parameters(operation, &values, &mut named);
    }
    let schemas = &mut api.components.get_or_insert_default().schemas;
    schemas.append(&mut named);
}

/// Identifiers and closed lists that many schemas have, with the name of their type.
fn values() -> [(&'static str, Object); 14] {
    [
        ("AssetId", schema::asset_id()),
        ("GraphId", schema::graph_id()),
        ("AssetKind", schema::asset_kind()),
        ("AssetStatus", schema::asset_state()),
        ("ActingParty", schema::acting_party()),
        ("CredentialKind", schema::credential_kind()),
        ("CredentialSlot", schema::slot_name()),
        ("Confidence", schema::confidence_level()),
        ("EndingCause", schema::ending_cause()),
        ("EventKind", schema::event_kind()),
        ("FactName", schema::fact_name()),
        ("NextStepCode", schema::next_step_code()),
        ("ReasonCode", schema::reason_code()),
        ("Scope", schema::scope_name()),
    ]
}

/// Every call under `/oauth` has the same error.
fn refer_to_oauth_error(operation: &mut Operation, named: &mut Schemas) {
    let error = OauthErrorOut::schema();
    for response in operation.responses.responses.values_mut() {
        let RefOr::T(response) = response else {
            continue;
        };
        for content in response.content.values_mut() {
            if let RefOr::T(content) = content
                && content.schema.as_ref() == Some(&error)
            {
                let name = OauthErrorOut::name();
                content.schema = Some(RefOr::Ref(Ref::from_schema_name(name.as_ref())));
                named.insert(name.into_owned(), error.clone());
            }
        }
    }
}

fn refer_to_values_of_parameters(
    operation: &mut Operation,
    values: &[(&str, Object)],
    used: &mut Schemas,
) {
    for parameter in operation.parameters.iter_mut().flatten() {
        if let RefOr::T(parameter) = parameter
            && let Some(schema) = &mut parameter.schema
        {
            refer_to_values(schema, values, used);
        }
    }
}

/// Refers to the values in the properties and entries of a schema.
fn refer_to_values(schema: &mut RefOr<Schema>, values: &[(&str, Object)], used: &mut Schemas) {
    let RefOr::T(own) = schema else { return };
    let parts: Vec<&mut RefOr<Schema>> = match own {
        Schema::Object(object) => {
            if let Some((name, value)) = values.iter().find(|(_, value)| value == &*object) {
                used.insert((*name).to_owned(), value.clone().into());
                *schema = RefOr::Ref(Ref::from_schema_name(*name));
                return;
            }
            object.properties.values_mut().collect()
        }
        Schema::Array(Array {
            items: ArrayItems::RefOrSchema(items),
            ..
        }) => vec![items],
        Schema::OneOf(one) => one.items.iter_mut().collect(),
        Schema::AllOf(all) => all.items.iter_mut().collect(),
        _ => Vec::new(),
    };
    for part in parts {
        refer_to_values(part, values, used);
    }
}

/// The entries of `Page_Asset` are `Asset`.
fn refer_to_entries(schemas: &mut Schemas) {
    let names: Vec<String> = schemas.keys().cloned().collect();
    for (name, schema) in schemas.iter_mut() {
        let entry = name.strip_prefix("Page_");
        let Some(entry) = entry.filter(|it| names.iter().any(|name| name == it)) else {
            continue;
        };
        let RefOr::T(Schema::Object(page)) = schema else {
            continue;
        };
        if let Some(RefOr::T(Schema::Array(list))) = page.properties.get_mut("data") {
            let entry = RefOr::Ref(Ref::from_schema_name(entry));
            list.items = ArrayItems::RefOrSchema(Box::new(entry));
        }
    }
}

/// Each variant of a `oneOf` whose variants differ in a constant becomes a schema of its own.
fn name_variants(schemas: &mut Schemas) {
    let mut named = Schemas::new();
    for (name, schema) in schemas.iter_mut() {
        let RefOr::T(Schema::OneOf(result)) = schema else {
            continue;
        };
        if let Some(tag) = tag_of_variants(result) {
            name_variants_of(name, &tag, result, &mut named);
        }
    }
    schemas.extend(named);
}

fn name_variants_of(name: &str, tag: &str, result: &mut OneOf, named: &mut Schemas) {
    let mut discriminator = Discriminator::new(tag);
    for variant in &mut result.items {
        let Some(value) = constants_of(variant).remove(tag) else {
            continue;
        };
        let variant_name = format!("{name}_{value}");
        let reference = Ref::from_schema_name(&variant_name);
        discriminator
            .mapping
            .insert(value, reference.ref_location.clone());
        let schema = std::mem::replace(variant, RefOr::Ref(reference));
        named.insert(variant_name, schema);
    }
    result.discriminator = Some(discriminator);
}

/// The property that has one value in each variant, and another one in each.
fn tag_of_variants(result: &OneOf) -> Option<String> {
    let constants: Vec<_> = result.items.iter().map(constants_of).collect();
    let candidates = constants.first()?.keys();
    let mut tags = candidates.filter(|tag| constants.iter().all(|it| it.contains_key(*tag)));
    tags.next().cloned().filter(|_| constants.len() > 1)
}

/// The properties of a schema that can have one value only, with their values.
fn constants_of(schema: &RefOr<Schema>) -> BTreeMap<String, String> {
    match schema {
        RefOr::T(Schema::Object(object)) => {
            let constants = object.properties.iter().filter_map(|(name, property)| {
                let RefOr::T(Schema::Object(property)) = property else {
                    return None;
                };
                match property.enum_values.as_deref() {
                    Some([value]) => Some((name.clone(), value.as_str()?.to_owned())),
                    _ => None,
                }
            });
            constants.collect()
        }
        RefOr::T(Schema::AllOf(all)) => all.items.iter().flat_map(constants_of).collect(),
        _ => BTreeMap::new(),
    }
}
