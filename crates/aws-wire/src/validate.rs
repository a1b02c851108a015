//! Validation of inputs against the model.
