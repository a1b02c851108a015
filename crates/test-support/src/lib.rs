//! Fixtures for Claviger's own tests: the real control plane, the tools, faults.
