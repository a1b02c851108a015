//! Replays what the fuzzer is seeded with and what it has found: `fuzz/corpus/authority`.

use std::{fs, path::Path};

use crate::{
    cases::cases,
    reaction::{rewritten, stock},
    values,
};
