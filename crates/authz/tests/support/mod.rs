//! What several test programs of this crate share.

pub(crate) mod generate;
pub(crate) mod setting;
