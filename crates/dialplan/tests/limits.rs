//! Files of any size and plans of any number of organisations take bounded time and memory, and are refused at their place.
#![expect(clippy::disallowed_methods, reason = "how long it takes is what is tested")]

mod plans;

use std::time::{Duration, Instant};

use kiestoon_dialplan::{Plans, Problem, SourceFile};
use plans::{file, load};

/// Generous: a busy machine without optimisation.
const SOON: Duration = Duration::from_secs(20);

fn lines(problems: &[Problem]) -> Vec<String> {
    problems.iter().map(ToString::to_string).collect()
}

#[test]
fn a_large_file_is_refused_before_it_is_parsed() {
    let large = format!("version = 1\n[set.a]\nnumbers = [\n{}]\n", "1,1,1,1,1,1,1,1\n".repeat(1_500_000));
    let began = Instant::now();
    let problems = Plans::load(&[file("a.toml", &large)]).expect_err("24 MB");
    assert_eq!(lines(&problems), ["a.toml:1:1: error: the dialplan is larger than 4 MiB"]);
    assert!(began.elapsed() < Duration::from_secs(2), "{:?}", began.elapsed());
}

#[test]
fn the_files_of_all_organisations_count_together() {
    let of = |slug: &str| {
        file(
            &format!("{slug}.toml"),
            &format!("version = 1\norganisation = \"{slug}\"\n{}", "#\n".repeat(900_000)),
        )
    };
    let problems = Plans::load(&[of("a"), of("b"), of("c")]).expect_err("5 MiB");
    assert_eq!(lines(&problems), ["c.toml:1:1: error: the dialplan is larger than 4 MiB"]);
}

#[test]
fn a_set_of_two_thousand_numbers_may_stand_on_one_line() {
    let numbers: Vec<String> = (0..2_000).map(|n| format!("\"+3161234{n:04}\"")).collect();
    let rule = "[[context.intern]]\nmatch = \"_!\"\nfrom = \"set:vip\"\ndo = [{ echo = true }]\n";
    let text = format!("version = 1\n[set.vip]\nnumbers = [{}]\n{rule}", numbers.join(", "));
    assert_eq!(load(&text).expect("a plan").warnings, []);
    let long = format!("version = 1\n# {}\n", "x".repeat(100_000));
    let problems = load(&long).expect_err("a long line");
    assert_eq!(lines(&problems), ["plan.toml:2:1: error: this line is longer than 100000 bytes"]);
}

#[test]
fn very_many_unknown_variables_are_told_soon() {
    let known: String = (0..60_000).map(|n| format!("v{n} = \"1\"\n")).collect();
    let steps = "{ notify = \"${qq}\" },\n".repeat(90);
    let rules: String =
        (0..800).map(|_| format!("[[context.intern]]\nmatch = \"_!\"\ndo = [\n{steps}]\n")).collect();
    let began = Instant::now();
    let problems = load(&format!("version = 1\n[variables]\n{known}{rules}")).expect_err("unknown variables");
    assert!(began.elapsed() < SOON, "{:?}", began.elapsed());
    let last = problems.iter().rfind(|problem| problem.is_error()).expect("an error").to_string();
    assert!(last.contains("more than 200 errors"), "{last}");
}

/// Organisations, and rules in the file that they share.
fn shared_by(organisations: usize, rules: usize) -> Vec<SourceFile> {
    let rule = |n: usize| {
        format!(
            "[[context.intern]]\nmatch = \"_4{n:05}X.\"\ndo = [{{ dial = \"ext:${{number:6}}\", timeout = \"25s\" }}]\n"
        )
    };
    let own = |slug: usize| {
        file(
            &format!("o{slug:03}.toml"),
            &format!(
                "version = 1\norganisation = \"o{slug}\"\n[[context.intern]]\nmatch = \"100\"\ndo = [{{ echo = true }}]\n"
            ),
        )
    };
    let shared: String = (0..rules).map(rule).collect();
    let mut files: Vec<SourceFile> = (0..organisations).map(own).collect();
    files.push(file("alle.toml", &format!("version = 1\n{shared}")));
    files
}

#[test]
fn shared_files_times_organisations_are_bounded() {
    let began = Instant::now();
    let problems = Plans::load(&shared_by(300, 5_000)).expect_err("300 times 450 kB");
    assert!(began.elapsed() < SOON, "{:?}", began.elapsed());
    let [problem] = problems.as_slice() else { panic!("{:?}", lines(&problems)) };
    assert!(problem.message.contains("more than 32 MiB"), "{problem}");
    assert!(problem.file.starts_with('o'), "{problem}");
    assert!(problem.hint.is_some());
    let (plans, warnings) = Plans::load(&shared_by(300, 50)).expect("300 times 5 kB");
    assert_eq!((plans.own().count(), warnings.len()), (300, 0));
}

#[test]
fn problems_come_in_the_order_of_files() {
    let own = |slug: &str| format!("version = 1\norganisation = \"{slug}\"\nfoo = 1\n");
    let files =
        [file("c.toml", "version = 1\nbar = 1\n"), file("b.toml", &own("x")), file("a.toml", &own("y"))];
    let problems = Plans::load(&files).expect_err("unknown keys");
    let files: Vec<&str> = problems.iter().map(|problem| problem.file.as_str()).collect();
    assert_eq!(files, ["a.toml", "b.toml", "c.toml"]);
}

#[test]
fn contexts_include_each_other_eight_deep() {
    let plan = |deep: usize| {
        let rule = |n: usize| format!("[[context.c{n}]]\nmatch = \"{n}\"\ndo = [{{ echo = true }}]\n");
        let include = |n: usize| format!("[[context.c{n}]]\ninclude = \"c{}\"\n", n + 1);
        let all: String = (1..=deep).map(rule).chain((1..deep).map(include)).collect();
        format!("version = 1\n[[context.intern]]\ninclude = \"c1\"\n{all}")
    };
    assert_eq!(load(&plan(8)).expect("eight deep").warnings, []);
    let problems = load(&plan(9)).expect_err("nine deep");
    assert!(problems[0].message.contains("more than 8 deep"), "{}", problems[0]);
}

#[test]
fn a_copy_in_another_folder_is_the_same_plan() {
    let text = "version = 1\n[[context.intern]]\nmatch = \"1\"\ndo = [{ echo = true }]\n";
    let hash =
        |path: &str, text: &str| Plans::load(&[file(path, text)]).expect("a plan").0.hash().to_string();
    assert_eq!(hash("dialplans/a.toml", text), hash("/tmp/new-dialplans/a.toml", text));
    assert_ne!(hash("dialplans/a.toml", text), hash("dialplans/b.toml", text));
    assert_ne!(hash("dialplans/a.toml", text), hash("dialplans/a.toml", "version = 1\n"));
}
