//! The built binary against bad input: one clear error each, exit 64 where the operator has to mend something, and the old
//! state kept.

mod accounts;
mod callers;
mod corrupt_database;
mod dialplan_tools;
mod doctor;
mod duplicate_number;
mod extensions;
mod import_problems;
mod kiestoon;
mod languages;
mod missing_database;
mod not_running;
mod print_config;
mod reload;
mod rights;
mod secrets;
mod setup;
mod taken_port;
mod trunk_env;
mod trunks;
mod unknown_config_key;
mod unknown_step;
mod unreadable_file;
mod unusable_secret;
