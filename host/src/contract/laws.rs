//! The laws, each a few calls and a judgement.

mod failing;
mod lookups;
mod saying;

use super::{Law, bench::Bench};

/// All of them, in the order they are shown.
pub(super) async fn all(bench: &Bench) -> Vec<Law> {
    let mut laws = vec![saying::describes(bench).await, saying::manifest(bench)];
    laws.push(saying::capabilities(bench));
    let situations = bench.situations();
    if situations.is_empty() {
        laws.push(failing::nothing_outside());
    }
    for situation in &situations {
        laws.extend(failing::laws(bench, situation).await);
    }
    laws.push(lookups::hostile_names(bench).await);
    laws.push(lookups::hostile_ids(bench).await);
    laws.push(lookups::unknown_type(bench).await);
    laws.push(lookups::unknown_cursor(bench).await);
    laws.push(lookups::content(bench).await);
    // What everything before has left behind.
    laws.extend(saying::reach(bench));
    laws
}
