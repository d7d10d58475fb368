//! What a message of Graph names: permissions, and the new id of a page.
//!
//! The rule: a name that stands in a URL or an anchor is no permission.

use crate::AssetId;

/// The permissions that a message in lower case names, each once.
pub(super) fn find_permissions(message: &str) -> Vec<String> {
    let mut named: Vec<String> = Vec::new();
    let plain = message.split_whitespace().filter(|it| !is_address(it));
    let pieces = plain.flat_map(|word| word.split(|c: char| !is_name_char(c)));
    for name in pieces.filter(|it| is_permission(it)) {
        if !named.iter().any(|it| it == name) {
            named.push(name.to_owned());
        }
    }
    named
}

/// The id after "migrated to" in a message in lower case.
pub(super) fn find_new_page_id(message: &str) -> Option<String> {
    let (_, after) = message.split_once("migrated to")?;
    let digits = after
        .split(|c: char| !c.is_ascii_digit())
        .find(|it| !it.is_empty())?;
    digits.parse::<AssetId>().ok().map(String::from)
}

fn is_address(word: &str) -> bool {
    word.contains("://") || word.contains("www.") || word.contains("#reference")
}

const fn is_name_char(c: char) -> bool {
    c.is_ascii_alphanumeric() || c == '_'
}

fn is_permission(name: &str) -> bool {
    let is_id = name.ends_with("_id") || name.ends_with("_ids");
    !is_id && PREFIXES.iter().any(|it| name.starts_with(it))
}

const PREFIXES: [&str; 11] = [
    "ads_",
    "attribution_",
    "business_",
    "catalog_",
    "commerce_",
    "instagram_",
    "leads_",
    "pages_",
    "read_insights",
    "threads_",
    "whatsapp_",
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_permission_is_named_once_and_never_cut_out_of_an_address() {
        let message = "(#10) this endpoint requires the 'pages_read_engagement' permission or the 'page public \
            content access' feature. refer to https://developers.facebook.com/docs/pages_api#reference-pages_access, \
            (www.facebook.com/ads_manager) or #reference-pages_access. pages_read_engagement";
        assert_eq!(find_permissions(message), ["pages_read_engagement"]);
    }

    #[test]
    fn the_name_of_a_parameter_is_no_permission() {
        assert!(find_permissions("the parameter business_id or page_id is required").is_empty());
    }

    #[test]
    fn the_new_id_of_a_page_follows_migrated_to() {
        let found = find_new_page_id("page id 11 was migrated to page id 222. please");
        assert_eq!(found.as_deref(), Some("222"));
        assert_eq!(find_new_page_id("migrated to another id"), None);
    }
}
