//! Taking more than there is.

use std::{hint::black_box, time::Duration};

pub(crate) fn spin() {
    let mut turns = 0_u64;
    while black_box(turns) < u64::MAX {
        turns += 1;
    }
}

pub(crate) fn sleep() {
    std::thread::sleep(Duration::from_hours(1));
}

pub(crate) fn eat(mebibytes: usize) {
    let mut kept = Vec::new();
    for _ in 0..mebibytes {
        kept.push(black_box(vec![1_u8; 1 << 20]));
    }
    black_box(&kept);
}

pub(crate) fn recurse() {
    black_box(deeper(1));
}

fn deeper(depth: u64) -> u64 {
    let room = black_box([depth; 64]);
    if black_box(depth) == 0 {
        return 0;
    }
    deeper(depth + 1) + black_box(room).iter().sum::<u64>()
}

#[expect(clippy::panic, reason = "this is the misbehaviour")]
pub(crate) fn trap() {
    panic!("cannot handle ada.example@example.org");
}

pub(crate) fn flood() {
    for line in 0..10_000 {
        lanyard_sdk::warn!("something is wrong", line = line);
    }
}
