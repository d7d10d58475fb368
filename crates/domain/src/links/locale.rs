//! The languages of the pages for people.

use crate::closed_list;

closed_list! {
    /// A language of the pages for people.
    pub enum Locale: "language", serde {
        /// English.
        English = "en",
        /// German.
        German = "de",
    }
}
