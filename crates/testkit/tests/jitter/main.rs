//! The jitter buffer on a clock moved by hand, behind networks made from seeds.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

mod clocks;
mod networks;
mod pauses;
mod sound;
