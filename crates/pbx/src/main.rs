//! The PBX binary.
mod media;
fn main() {}
