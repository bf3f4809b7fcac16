//! The PBX binary.
fn main() {}
