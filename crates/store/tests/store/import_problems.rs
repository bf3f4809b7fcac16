//! What only the database can tell is reported with its place in the file, all at once, and nothing is changed.

use kiestoon_store::{Import, StoreError};

use crate::{Fixture, KANTOOR, import, presets};

#[tokio::test]
async fn all_problems_are_reported_and_nothing_is_changed() {
    let fixture = Fixture::new();
    let store = fixture.open().await;
    import(&store, KANTOOR).await;
    let before = store.directory().await.unwrap();
    let text = "[[organisation]]\nslug = \"winkel\"\ndomain = \"kantoor.example\"\n\
                [[extension]]\norganisation = \"elders\"\nnumber = \"1\"\n\
                [[extension]]\nnumber = \"2\"\n\
                [[extension]]\norganisation = \"kantoor\"\nnumber = \"2\"\n";
    let parsed = Import::parse("import.toml", text).unwrap();
    let error = store.import(&parsed, &presets(), &mut |_, _| {}).await.unwrap_err();
    assert!(matches!(&error, StoreError::Import(problems) if problems.len() == 3), "{error}");
    assert_eq!(
        error.to_string().lines().collect::<Vec<_>>(),
        [
            "import.toml:1:1: error: the domain of `winkel` belongs to organisation `kantoor`",
            "import.toml:6:10: error: there is no organisation `elders`",
            "import.toml:11:10: error: number 2 stands twice for organisation `kantoor`",
        ]
    );
    let after = store.directory().await.unwrap();
    assert_eq!(after.revision, before.revision);
    assert_eq!(after.organisations, before.organisations);
    assert_eq!(after.extensions, before.extensions);
}
