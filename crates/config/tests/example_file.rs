//! The commented example loads without a word, names every key of the tree, and equals the defaults.

use std::path::{Path, PathBuf};

use kiestoon_config::{Config, ConfigFile, Rendered, load};

fn example() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../config/kiestoon.toml")
}

#[test]
fn the_example_loads_and_equals_the_defaults() {
    let loaded = load(&ConfigFile::Named(example()), []).expect("the example has no problems");
    assert_eq!(loaded.config, Config::default());
    assert!(loaded.warnings.is_empty(), "{:?}", loaded.warnings);
}

#[test]
fn the_example_documents_every_key() {
    let text = std::fs::read_to_string(example()).expect("the example is there");
    let rendered = Config::default().rendered();
    for (path, leaf) in rendered.leaves() {
        let (section, key) = path.rsplit_once('.').expect("every key is in a section");
        let set = !matches!(leaf, Rendered::Unset);
        assert!(documented(&text, section, key, set), "`{path}` is missing, or has no comment above it");
    }
}

/// Whether the key stands in its section below a comment; keys without a default stand commented out.
fn documented(text: &str, section: &str, key: &str, set: bool) -> bool {
    let header = format!("[{section}]");
    let start = if set { format!("{key} = ") } else { format!("# {key} = ") };
    let body =
        text.lines().skip_while(|line| *line != header).skip(1).take_while(|line| !line.starts_with('['));
    let mut commented = false;
    for line in body {
        if line.starts_with(&start) {
            return commented;
        }
        commented |= line.starts_with("# ");
    }
    false
}

#[test]
fn the_example_of_a_list_of_sections_loads_and_has_every_key() {
    let text = std::fs::read_to_string(example()).expect("the example is there");
    let commented = text.lines().skip_while(|line| *line != "# [[sip.network]]");
    let section: Vec<_> = commented.map_while(|line| line.strip_prefix("# ")).collect();
    let folder = tempfile::tempdir().expect("a temporary folder");
    let file = folder.path().join("kiestoon.toml");
    std::fs::write(&file, section.join("\n")).expect("a file");
    let loaded = load(&ConfigFile::Named(file), []).expect("the example has no problems");
    let [network] = &*loaded.config.sip.network else { panic!("one network") };
    assert!(!network.cidr.is_empty(), "{network:?}");
    assert!(network.external_address.is_some() && network.external_rtp_address.is_some(), "{network:?}");
}
