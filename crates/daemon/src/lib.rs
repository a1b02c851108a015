//! What every Claviger daemon has: listeners, health, metrics, drain and reload.
