//! Every example of docs/dialplan.md is a plan that loads without a doubt, and its tests pass by the plan that stands before them.

mod plans;

use kiestoon_dialplan::{Plans, Problem, Suite};
use plans::{file, load};

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
            panic!("{block}\n{}", problems.iter().map(Problem::render).collect::<String>())
        });
        assert_eq!(loaded.warnings, [], "{block}");
        plans += 1;
    }
    assert!(plans >= 11, "only {plans} examples");
}

#[test]
fn the_tests_of_the_page_pass() {
    let blocks = blocks();
    let (mut cases, mut files) = (0, 0);
    for pair in blocks.windows(2).filter(|pair| pair[1].starts_with("[[case]]")) {
        let plans = Plans::shared_by_all(load(pair[0]).expect("the plan before its tests").plan);
        let suite = Suite::load(&plans, &[file("tests/site.toml", pair[1])]).unwrap_or_else(|problems| {
            panic!("{}", problems.iter().map(Problem::render).collect::<String>())
        });
        let report = suite.run(&plans, "", None);
        assert_eq!(report.failed, 0, "{report:#?}");
        cases += report.passed;
        files += 1;
    }
    assert!(files >= 1 && cases >= 3, "{cases} cases of {files} files");
}
