//! Service models, as data.
