//! The embedded AWS: many accounts and regions on one port.
