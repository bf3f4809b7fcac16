//! A webhook whose secret cannot be used is shown with its line and a caret before a call needs it.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;

use crate::kiestoon::Folder;

#[test]
fn a_secret_file_is_looked_at_by_check() {
    let folder = Folder::new();
    let file = folder.path("crm.key");
    folder.write(
        "dialplans/office.toml",
        &format!(
            "version = 1\n[webhook.crm]\nurl = \"https://crm.example/route\"\nsecret_file = \"{}\"\n\
             [[context.intern]]\nmatch = \"1\"\ndo = [{{ webhook = \"crm\" }}]\n",
            file.display()
        ),
    );
    let said = |what: &str| {
        folder.run(&["check"]).expect(0).says("office.toml:4:15: warning:").says(what).says("^^^");
    };
    said("cannot be read");
    folder.write("crm.key", "");
    fs::set_permissions(&file, fs::Permissions::from_mode(0o600)).unwrap();
    said("the secret is empty");
    folder.write("crm.key", "geheim");
    fs::set_permissions(&file, fs::Permissions::from_mode(0o644)).unwrap();
    said("chmod 600");
    fs::set_permissions(&file, fs::Permissions::from_mode(0o600)).unwrap();
    let good = folder.run(&["check"]).expect(0);
    assert!(!good.err().contains("crm.key"), "{}", good.err());
}
