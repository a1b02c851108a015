//! What services tell of a call while they answer it: what it is on, and what neither its input nor its answer says.

use std::sync::{Mutex, PoisonError};

use aws_catalog::access::On;

/// Where a call's event gets what only the service knows.
#[derive(Debug, Default)]
pub struct Notes(Mutex<Noted>);

/// What was told.
#[derive(Debug, Default)]
pub(crate) struct Noted {
    /// In the order in which permission was asked.
    pub(crate) touched: Vec<Touched>,
    /// The id of the key material that was used.
    pub(crate) material: Option<[u8; 32]>,
    /// The id of the grant that was used up.
    pub(crate) grant: Option<Box<str>>,
}

/// Something that a call is on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Touched {
    pub(crate) on: On,
    pub(crate) arn: Box<str>,
}

impl Notes {
    pub(crate) fn note(&self, note: impl FnOnce(&mut Noted)) {
        note(&mut self.0.lock().unwrap_or_else(PoisonError::into_inner));
    }

    pub(crate) fn take(&self) -> Noted {
        std::mem::take(&mut self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

impl Noted {
    /// The call is on this.
    pub(crate) fn touch(&mut self, on: On, arn: &str) {
        let is_thing = !matches!(on, On::Nothing | On::Principal(_));
        if is_thing && !self.touched.iter().any(|touched| touched.on == on && *touched.arn == *arn) {
            self.touched.push(Touched { on, arn: arn.into() });
        }
    }
}
