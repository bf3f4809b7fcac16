//! The PBX binary: sockets, threads, clock, journals, control server and command line around the pure cores.
mod cli;
mod clock;
mod configured;
mod control;
mod database;
mod dutch;
mod ending;
mod ladder;
mod language;
mod media;
mod persist;
mod presets;
mod reload;
mod serve;
mod settings;
mod signalling;
mod snapshot;
mod socket_address;
mod sounds;
mod stir;
mod task;
mod transport;
mod webhook;

fn main() -> std::process::ExitCode {
    cli::run()
}
