//! What of an imported state is no service's rows: what its world file told, and how its clock goes. In the state file, so
//! that it is there after a restart as well.

use authz::{
    file::{NoFiles, world},
    text::SourceText,
    world::World,
};
use aws_model::SecretBytes;

use super::MOST_BYTES;
use crate::{
    clock::{Clock, Setting},
    store::{Batch, OpenError, Store, Table, WriteFailed},
};

const WORLD: Table = Table::plain("state.world");
const CLOCK: Table = Table::plain("state.clock");
/// Beside the services' tables. A text has them elsewhere: as its `world` and its `clock`.
pub(crate) const TABLES: &[Table] = &[WORLD, CLOCK];

/// The one row of each.
const ROW: &str = "kept";

/// A row of a state: its table, its key and its bytes.
pub(crate) type Row = (Table, String, SecretBytes);

/// The rows that keep them.
pub(crate) fn rows(world: &World, clock: Setting) -> Result<[Row; 2], world::NotWritten> {
    let world = world::write(world, MOST_BYTES)?;
    Ok([(WORLD, ROW.to_owned(), SecretBytes::new(world.into_bytes())), (CLOCK, ROW.to_owned(), written(clock))])
}

/// What the world file of the state that was imported told.
pub(crate) fn world(store: &Store) -> Result<Option<World>, OpenError> {
    let Some(row) = store.rows(WORLD)?.pop() else { return Ok(None) };
    let damaged = |why: String| OpenError::Damaged { table: WORLD.name(), key: row.key.clone(), why };
    let text = std::str::from_utf8(row.bytes.expose()).map_err(|_| damaged("is no text".to_owned()))?;
    let read = world::read(&SourceText::new(WORLD.name(), text), &NoFiles);
    read.map(Some).map_err(|error| damaged(format!("does not read: {error}")))
}

/// How the clock went when it was last moved.
pub(crate) fn clock(store: &Store) -> Result<Option<Setting>, OpenError> {
    store.rows(CLOCK)?.pop().map(|row| store.decode(CLOCK, &row)).transpose()
}

/// Keeps how the clock goes, and waits until that would survive a kill.
pub(crate) async fn keep_clock(store: &Store, clock: &Clock) -> Result<(), WriteFailed> {
    // Under the clock's own lock, so that of two moves the later one is kept.
    let ticket = clock.told(|setting| {
        let mut batch = Batch::new();
        batch.put(CLOCK, ROW, written(setting));
        store.write(batch)
    });
    store.durable(ticket).await
}

fn written(clock: Setting) -> SecretBytes {
    // A duration or a time: there is nothing in it that JSON refuses.
    SecretBytes::new(serde_json::to_vec(&clock).unwrap_or_default())
}
