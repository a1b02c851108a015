//! What runs beside the serving of a part, and is not to end before it.

use std::{collections::HashMap, future::pending};

use tokio::task::{Id, JoinSet};

use crate::failure::Failure;

/// Tasks by their names. They end with this.
#[derive(Default)]
pub(super) struct Beside {
    tasks: JoinSet<()>,
    names: HashMap<Id, &'static str>,
}

impl Beside {
    /// Has it run; should it end, it is told by this name.
    pub(super) fn spawn(&mut self, name: &'static str, task: impl Future<Output = ()> + Send + 'static) {
        let id = self.tasks.spawn(task).id();
        self.names.insert(id, name);
    }

    /// Returns when one has ended, which is a fault: the part would go on with what it knew last, and nobody would see it.
    pub(super) async fn ended(&mut self) -> Failure {
        let Some(ended) = self.tasks.join_next_with_id().await else { return pending().await };
        let (id, how) = match ended {
            Ok((id, ())) => (id, "has ended"),
            Err(error) => (error.id(), "has panicked"),
        };
        let name = self.names.get(&id).copied().unwrap_or("a task");
        Failure::new(format_args!("{name} {how}, without which this process cannot go on"))
            .help("this is a fault of Claviger's: start it anew, and report what it logged last")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn what_dies_is_told_by_its_name() {
        let mut beside = Beside::default();
        beside.spawn("the side port", pending());
        beside.spawn("the watch of pods", async { panic!("a fault") });
        let told = beside.ended().await;
        let expected = Failure::new("the watch of pods has panicked, without which this process cannot go on");
        assert_eq!(told, expected.help("this is a fault of Claviger's: start it anew, and report what it logged last"));
    }
}
