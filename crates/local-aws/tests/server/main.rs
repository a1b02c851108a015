//! The one port, from outside: signatures, refusals in each protocol's own form, limits, life and end.

mod lifecycle;
mod limits;
mod refusals;
mod signed;
mod transport;
mod wire;
