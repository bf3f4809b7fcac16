//! Dutch by locale.

use crate::kiestoon::Folder;

#[test]
fn a_dutch_locale_gives_dutch_sentences() {
    let folder = Folder::new();
    let dutch = [("LC_ALL", "nl_NL.UTF-8")];
    folder.run_with(&["dialplan", "check"], &dutch).expect(0).says("belplan is goed: bestanden: 1");
    folder.run_with(&["extension", "add", "201"], &dutch).expect(0).says("toestel 201 toegevoegd");
    folder.run_with(&["history"], &dutch).expect(0).says("geen gesprekken");
    folder.run_with(&["dialplan", "check", "nergens"], &dutch).expect(64).says("die map bestaat niet");
    folder.run_with(&["check"], &dutch).expect(0).says("configuratie is goed").says("alles is goed");
}

#[test]
fn errors_are_dutch_too() {
    let folder = Folder::new();
    let dutch = [("LC_ALL", "nl_NL.UTF-8")];
    folder.run_with(&["ctl", "status"], &dutch).expect(1).says("de centrale draait niet");
    folder.run_with(&["history"], &dutch).expect(64).says("er is geen database data/kiestoon.db");
    folder.run_with(&["extension", "add", "201"], &dutch).expect(0);
    folder.run_with(&["extension", "add", "201"], &dutch).expect(1).says("toestel 201 bestaat al");
    folder
        .run_with(&["extension", "add", "a b"], &dutch)
        .expect(64)
        .says("kan geen nummer van een toestel zijn");
    folder.write("data/kiestoon.db", "een boodschappenlijst");
    folder.run_with(&["check"], &dutch).expect(64).says("data/kiestoon.db is geen SQLite-database");
}

#[test]
fn what_was_said_wrong_is_told_in_dutch() {
    let folder = Folder::new();
    let dutch = [("LC_ALL", "nl_NL.UTF-8")];
    // `rights` changes what is there.
    folder.run(&["extension", "add", "201"]).expect(0);
    for (command, said) in [
        (
            "trunk add voys host=a@b.example",
            "`host` kan niet \"a@b.example\" zijn: schrijf de gebruikersnaam als `username`",
        ),
        (
            "trunk add voys transport=tsl",
            "`transport` moet een van \"udp\", \"tcp\", \"tls\" zijn, niet \"tsl\": bedoelde u \"tls\"?",
        ),
        ("trunk add voys chanels=3", "een trunk heeft geen sleutel `chanels`: bedoelde u `channels`?"),
        ("trunk add voys channels=0", "`channels` is 0, maar moet van 1 tot 100000 zijn"),
        (
            "trunk add voys channels=veel",
            "`channels` moet een getal zonder aanhalingstekens zijn, niet tekst",
        ),
        ("trunk add voys patience=2", "`patience` moet een tijdsduur zijn"),
        ("trunk add voys addresses=192.0.2.7/24", "dat in zichzelf begint: schrijf \"192.0.2.0/24\""),
        ("trunk add voys country=NL", "`country` is geweigerd: `NL` is geen land"),
        ("profile set balie calls=veel", "`calls` moet een getal of \"off\" zijn, niet \"veel\""),
        ("profile set balie spend_per_day=1,5", "`spend_per_day` moet een bedrag zijn zoals 25.00"),
        ("profile set balie blocked=0049", "dat anderen anders bellen: schrijf het als +49"),
        ("rights set 201 --rights national,mobiel", "niet \"mobiel\": bedoelde u \"mobile\"?"),
        ("contact add 1 Jan", "is geen heel nummer"),
        ("user add a,b", "kan geen naam om in te loggen zijn"),
    ] {
        let words: Vec<&str> = command.split(' ').collect();
        folder.run_with(&words, &dutch).expect(64).says(said);
    }
}

#[test]
fn a_dialplan_is_refused_in_dutch_with_its_line() {
    let folder = Folder::new();
    let dutch = [("LC_ALL", "nl_NL.UTF-8")];
    let head = "version = 1\n[group.balie]\nmembers = [\"201\"]\n[[context.intern]]\nmatch = \"_2XX\"\n";
    for (rule, said) in [
        ("do = [{ dail = \"ext:201\" }]", "plan.toml:6:9: fout: onbekende stap `dail`"),
        ("do = [{ dail = \"ext:201\" }]", "  = bedoelde u `dial`?"),
        (
            "do = [{ dial = \"group:bali\" }]",
            "fout: er is geen groep `bali`: schrijf de naam van een [group.*]",
        ),
        (
            "do = [{ dial = \"ext:201\", timout = \"5s\" }]",
            "fout: onbekende sleutel `timout`: hier mag staan",
        ),
        (
            "do = [{ dial = \"ext:201\", timeout = 5 }]",
            "fout: `timeout` moet een tijdsduur zoals \"25s\" zijn, niet een getal",
        ),
        ("do = [{ goto = \"context:inter\", number = \"1\" }]", "fout: er is geen context `inter`"),
        ("when = \"kantoor\"\ndo = [{ hangup = true }]", "fout: er zijn geen openingstijden `kantoor`"),
    ] {
        folder.write("plannen/plan.toml", &format!("{head}{rule}\n"));
        folder.run_with(&["dialplan", "check", "plannen"], &dutch).expect(64).says(said);
    }
    folder.run(&["dialplan", "check", "plannen"]).expect(64).says("error: unknown hours `kantoor`");
}

#[test]
fn doctor_names_its_items_in_dutch_and_the_same_for_programs() {
    let folder = Folder::new();
    folder.run(&["extension", "add", "201"]).expect(0);
    let dutch = [("LC_ALL", "nl_NL.UTF-8")];
    folder.run_with(&["doctor"], &dutch).expect(64).says("✗ centrale").says("✓ belplan").says("mislukt: ");
    let items = folder.run_with(&["doctor", "--json"], &dutch).expect(64).json();
    let items: Vec<&str> = items.as_array().unwrap().iter().filter_map(|one| one["item"].as_str()).collect();
    assert!(items.contains(&"PBX") && items.contains(&"dialplan"), "{items:?}");
}
