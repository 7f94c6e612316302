//! A `create` whose files fail, at each of the changes that it makes to the store: what it made is in a record or `gc`
//! finds it, and the same `create` goes on with it, or says that it cannot.

use crate::failing::{BROKEN, FULL};
use crate::planned::{alone, create, expect, remove, run};
use crate::steps::{Command, Run, Step, Trouble};

/// Of so many changes one is played, unless `EVERY` says otherwise: each fault begins at another one.
pub const EVERY: u64 = 7;

/// More changes than these `create`s make: at the last of them nothing fails any more.
const EC2_CHANGES: u32 = 150;
const GENERIC_CHANGES: u32 = 120;

/// One for every `every`th change.
pub fn histories(every: u64) -> Vec<Vec<Step>> {
    let every = usize::try_from(every).expect("a small number");
    let mut all = Vec::new();
    for (create, last) in [(create(), EC2_CHANGES), (Command::Adopt(0), GENERIC_CHANGES)] {
        for (fault, first) in [(FULL, 1), (BROKEN, 2)] {
            let changes = (first..last).step_by(every).chain([last]);
            all.extend(changes.map(|change| {
                let failing = Run { trouble: Trouble::Files { fault, change }, ..run(create.clone()) };
                let mut steps = vec![Step::Run(vec![failing])];
                match change {
                    1 | 2 => steps.push(Step::FilesFailed(true)),
                    change if change == last => steps.push(Step::FilesFailed(false)),
                    _ => {}
                }
                steps.extend([alone(create.clone()), Step::GoesOn, alone(remove(false)), expect(Some(true), 0)]);
                steps
            }));
        }
    }
    all
}
