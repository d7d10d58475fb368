//! What a message of Graph names: permissions, and the new id of a page.
//!
//! The rule: a name that stands in a URL or an anchor is no permission.

use std::collections::VecDeque;

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

/// Whether a message says that one of the permissions that it names is enough: "any of …", or only "or" between them.
pub(crate) fn lists_alternatives(message: &str) -> bool {
    let text = message.to_lowercase();
    if ALTERNATIVES.iter().any(|it| text.contains(it)) {
        return true;
    }
    let mut words: VecDeque<_> = text.split(|c: char| !is_name_char(c)).collect();
    // What stands before the first permission or after the last one joins none.
    while words.pop_front_if(|it| !is_permission(it)).is_some() {}
    while words.pop_back_if(|it| !is_permission(it)).is_some() {}
    words.contains(&"or") && !words.contains(&"and")
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

/// What a message says that names alternatives.
const ALTERNATIVES: [&str; 4] = ["any of the", "any of these", "one of", "and/or"];

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
    fn alternatives_are_what_any_of_or_only_or_joins() {
        for message in [
            "(#190) Any of the pages_read_engagement, pages_manage_metadata permission(s) must be granted before \
                impersonating a user's page.",
            "(#200) Requires ads_management or ads_read permission",
            "Requires pages_show_list, pages_read_engagement, or pages_messaging",
            "Requires at least one of: ads_read, ads_management",
            "Requires ads_read and/or ads_management",
        ] {
            assert!(lists_alternatives(message), "{message}");
        }
        for message in [
            "(#200) Requires both pages_read_engagement and pages_manage_posts",
            "Requires pages_show_list, or both pages_read_engagement and pages_manage_posts",
            "Log in or out: requires pages_show_list, pages_read_engagement. Or ask for help",
            "(#10) Requires pages_show_list",
            "(#100) Missing permissions",
            "",
        ] {
            assert!(!lists_alternatives(message), "{message}");
        }
    }

    #[test]
    fn the_new_id_of_a_page_follows_migrated_to() {
        let found = find_new_page_id("page id 11 was migrated to page id 222. please");
        assert_eq!(found.as_deref(), Some("222"));
        assert_eq!(find_new_page_id("migrated to another id"), None);
    }
}
