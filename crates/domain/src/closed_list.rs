//! Closed lists: enums whose items each have one fixed text.
//!
//! The rule: a text is stored and sent, so it never changes once it is released.
//! Start at [`closed_list!`](crate::closed_list).

/// The text is not in the closed list.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("unknown {list}: expected {}", names.join(", "))]
pub struct UnknownItem {
    /// What the list holds, such as `kind of asset`.
    pub list: &'static str,
    /// The texts of its items.
    pub names: &'static [&'static str],
}

/// Defines an enum with one fixed text per item: `ALL`, `as_str`, `Display` and `FromStr`.
///
/// The text after the name says what the list holds; the error of `FromStr` quotes it and lists the texts. With
/// `, serde` behind it, serde reads and writes the enum as its text; the calling crate needs `serde`.
///
/// ```
/// regrant_domain::closed_list! {
///     /// The size of a shirt.
///     pub enum Size: "size of a shirt", serde {
///         /// Fits most children.
///         Small = "small",
///         /// Fits most adults.
///         Large = "large",
///     }
/// }
///
/// assert_eq!(Size::ALL.map(Size::as_str), ["small", "large"]);
/// assert_eq!("large".parse(), Ok(Size::Large));
/// assert_eq!("huge".parse::<Size>().unwrap_err().to_string(), "unknown size of a shirt: expected small, large");
/// ```
#[macro_export]
macro_rules! closed_list {
    (
        $(#[$attribute:meta])*
        $visibility:vis enum $name:ident: $list:literal, serde {
            $($(#[$item_attribute:meta])* $item:ident = $text:literal),+ $(,)?
        }
    ) => {
        $crate::closed_list! {
            $(#[$attribute])*
            #[derive(serde::Serialize, serde::Deserialize)]
            $visibility enum $name: $list {
                $($(#[$item_attribute])* #[serde(rename = $text)] $item = $text),+
            }
        }
    };
    (
        $(#[$attribute:meta])*
        $visibility:vis enum $name:ident: $list:literal {
            $($(#[$item_attribute:meta])* $item:ident = $text:literal),+ $(,)?
        }
    ) => {
        $(#[$attribute])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        $visibility enum $name {
            $($(#[$item_attribute])* $item),+
        }

        impl $name {
            /// Every item, in the order of declaration.
            pub const ALL: [Self; [$($text),+].len()] = [$(Self::$item),+];

            /// The fixed text of the item.
            #[must_use]
            pub const fn as_str(self) -> &'static str {
                match self {
                    $(Self::$item => $text),+
                }
            }
        }

        impl ::std::fmt::Display for $name {
            fn fmt(&self, f: &mut ::std::fmt::Formatter<'_>) -> ::std::fmt::Result {
                f.write_str(self.as_str())
            }
        }

        impl ::std::str::FromStr for $name {
            type Err = $crate::UnknownItem;

            fn from_str(text: &str) -> ::std::result::Result<Self, Self::Err> {
                match text {
                    $($text => Ok(Self::$item),)+
                    _ => Err($crate::UnknownItem { list: $list, names: &[$($text),+] }),
                }
            }
        }
    };
}
