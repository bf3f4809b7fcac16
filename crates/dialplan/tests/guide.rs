//! Every example of docs/dialplan.md is a plan that loads without a doubt, and every test file of it passes the schema.

mod plans;

use plans::load;

/// The TOML blocks of the page, in their order.
fn blocks() -> Vec<&'static str> {
    let page = include_str!("../../../docs/dialplan.md");
    page.split("```toml\n").skip(1).filter_map(|rest| rest.split("```\n").next()).collect()
}

#[test]
fn every_example_loads() {
    let mut plans = 0;
    for block in blocks().into_iter().filter(|block| !block.starts_with("[[case]]")) {
        let header =
            if block.starts_with("version") { "" } else { "version = 1\ntimezone = \"Europe/Amsterdam\"\n" };
        let loaded = load(&format!("{header}{block}")).unwrap_or_else(|problems| {
            panic!("{block}\n{}", problems.iter().map(kiestoon_dialplan::Problem::render).collect::<String>())
        });
        assert_eq!(loaded.warnings, [], "{block}");
        plans += 1;
    }
    assert!(plans >= 11, "only {plans} examples");
}
