//! Links: hosted pages at which one person gives a consent for listed assets.

mod locale;
mod next_actor;
mod notice;
mod status;

pub use locale::Locale;
pub use next_actor::NextActor;
pub use notice::{LinkPerson, LoginNotice};
pub use status::{LinkStatus, LinkTimes};
