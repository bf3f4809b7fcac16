//! The sidecar: login, API, events, metrics, the way of browsers to SIP, and the web pages. It never touches SIP or media,
//! and the PBX runs without it.

mod authorise;
mod certificates;
mod cli;
mod client;
mod database;
mod dialplan;
mod hall;
mod hub;
mod ice;
mod listed;
mod local_authority;
mod logins;
mod metrics;
mod patience;
mod problem;
mod providers;
mod relay;
mod routes;
mod serve;
mod server;
mod task;
mod web;

fn main() -> std::process::ExitCode {
    cli::run()
}
