//! Timers E, F and K.

use super::*;

#[test]
fn timer_e_doubles_up_to_t2_until_timer_f_gives_up() {
    let mut world = World::new();
    world.send(&request("OPTIONS", "z9hG4bKx"), udp());
    world.until_quiet().saw(&[
        "0 > OPTIONS",
        "500 > OPTIONS",
        "1500 > OPTIONS",
        "3500 > OPTIONS",
        "7500 > OPTIONS",
        "11500 > OPTIONS",
        "15500 > OPTIONS",
        "19500 > OPTIONS",
        "23500 > OPTIONS",
        "27500 > OPTIONS",
        "31500 > OPTIONS",
        "32000 failed Timeout",
    ]);
}

#[test]
fn a_provisional_response_slows_timer_e_but_not_timer_f() {
    let mut world = World::new();
    world.send(&request("BYE", "z9hG4bKx"), udp());
    world.at(100).answered(100, udp()).until_quiet().saw(&[
        "0 > BYE",
        "100 response 100",
        "4100 > BYE",
        "8100 > BYE",
        "12100 > BYE",
        "16100 > BYE",
        "20100 > BYE",
        "24100 > BYE",
        "28100 > BYE",
        "32000 failed Timeout",
    ]);
}

#[test]
fn over_tcp_nothing_is_repeated() {
    let mut world = World::new();
    world.send(&request("BYE", "z9hG4bKx"), tcp());
    world.until_quiet().saw(&["0 > BYE", "32000 failed Timeout"]);
}

#[test]
fn the_final_response_is_reported_once_and_timer_k_absorbs_the_rest() {
    let mut world = World::new();
    world.send(&request("BYE", "z9hG4bKx"), udp());
    world.at(200).answered(200, udp()).at(700).answered(200, udp()).answered(100, udp());
    world.saw(&["0 > BYE", "200 response 200"]);
    world.at(5_199);
    assert_eq!(world.layer.len(), 1);
    world.at(5_200);
    assert!(world.layer.is_empty());
}

#[test]
fn over_tcp_the_final_response_ends_it_at_once() {
    let mut world = World::new();
    world.send(&request("BYE", "z9hG4bKx"), tcp());
    world.answered(481, tcp()).saw(&["0 > BYE", "0 response 481"]);
    assert!(world.layer.is_empty());
}

#[test]
fn the_base_values_can_be_set() {
    let timers = Timers { t1: Duration::from_millis(100), ..Timers::default() };
    let mut world = World::with(timers, TransactionLimits::default());
    world.send(&request("OPTIONS", "z9hG4bKx"), udp());
    world.at(6_399);
    assert!(!world.layer.is_empty());
    world.log.clear();
    world.until_quiet().saw(&["6400 failed Timeout"]);
}
