//! The sentences of the database and of the control socket in Dutch. Their crates have them in English only, since the log
//! and the API speak English.

use kiestoon_control::ClientError;
use kiestoon_store::{Refusal, StoreError, TrunkDoubt};

/// What is wrong with the database; `None` where only the English sentence exists.
pub(super) fn store(error: &StoreError) -> Option<String> {
    Some(match error {
        StoreError::Open { path, reason } => format!(
            "de database {} kan niet worden geopend ({reason}): controleer het pad in [store] url en de rechten op bestand en map",
            path.display()
        ),
        StoreError::Unreachable { database, reason } => format!(
            "de database {database} is niet bereikbaar ({reason}): controleer of de server draait en of [store] url haar noemt"
        ),
        StoreError::Denied { database, reason } => format!(
            "de database {database} laat ons niet toe ({reason}): controleer gebruiker, wachtwoord en database in [store] url, en pg_hba.conf op de server"
        ),
        StoreError::Missing { path } => format!(
            "er is geen database {}: start Kiestoon of importeer eerst iets, of controleer [store] url",
            path.display()
        ),
        StoreError::Gone { path } => format!(
            "de database {} is tijdens gebruik verplaatst of vervangen: zet haar terug, of herstart Kiestoon",
            path.display()
        ),
        StoreError::NotADatabase { path } => format!(
            "{} is geen SQLite-database: noem een ander bestand in [store] url, of zet dit opzij om leeg te beginnen",
            path.display()
        ),
        StoreError::Foreign { database } => {
            format!("{} is de database van een ander programma: noem een andere in [store] url", database)
        }
        StoreError::Corrupt { path } => format!(
            "de database {} is beschadigd: stop Kiestoon, zet het bestand opzij en plaats een kopie terug",
            path.display()
        ),
        StoreError::ReadOnly { database } => format!(
            "de database {} kan niet worden beschreven: controleer de rechten op bestand en map",
            database
        ),
        StoreError::UnknownUser { login } => format!("er is geen gebruiker `{login}`"),
        StoreError::UnknownContact { number, organisation } => {
            format!("er is geen contact {number} in organisatie `{organisation}`")
        }
        StoreError::TooManyContacts { organisation, most } => {
            format!(
                "organisatie `{organisation}` zou meer dan {most} contacten hebben: verwijder er eerst enkele"
            )
        }
        StoreError::UnknownBlock { what, organisation } => {
            format!("er is geen blokkade voor {what} in organisatie `{organisation}`")
        }
        StoreError::TooManyBlocks { organisation, most } => format!(
            "organisatie `{organisation}` zou meer dan {most} blokkades hebben: noem nummers in het bestand van [trunks] blocklist"
        ),
        StoreError::UserExists { login } => format!("gebruiker `{login}` bestaat al"),
        StoreError::Full { database } => {
            format!("de schijf met de database {} is vol: maak ruimte vrij", database)
        }
        StoreError::Busy { database, waited } => format!(
            "de database {} is na {} ms nog vergrendeld door een ander programma: probeer het opnieuw, of beëindig dat programma",
            database,
            waited.as_millis()
        ),
        StoreError::NewerSchema { database, found, known } => format!(
            "de database {} heeft schema {found} en deze versie kent er tot {known}: installeer de nieuwere versie",
            database
        ),
        StoreError::KeyFile { path, reason } => format!(
            "het sleutelbestand {} kan niet worden gebruikt ({reason}): zet het bestand terug dat bij de database is gemaakt, of herstel de rechten",
            path.display()
        ),
        StoreError::KeyExposed { path, mode } => format!(
            "het sleutelbestand {0} is bruikbaar voor anderen (rechten {mode:03o}): geef `chmod 600 {0}`",
            path.display()
        ),
        StoreError::KeyFormat { path } => format!(
            "het sleutelbestand {} bevat geen sleutel (32 bytes in base64): zet het bestand terug dat bij de database is gemaakt",
            path.display()
        ),
        StoreError::WrongKey { key, database } => format!(
            "de sleutel {key} past niet op de database {}: zet het sleutelbestand terug dat erbij is gemaakt",
            database
        ),
        StoreError::KeyGiven => "de sleutel staat in `store.key`, die alleen u kunt veranderen: schrijf hem in een bestand, noem dat in `store.key_file`, en vernieuw hem dan".into(),
        StoreError::UnknownOrganisation { slug } => format!("er is geen organisatie `{slug}`"),
        StoreError::OrganisationNeeded => "er zijn meer organisaties: noem er een".into(),
        StoreError::UnknownExtension { number, organisation } => {
            format!("er is geen toestel {number} in organisatie `{organisation}`")
        }
        StoreError::ExtensionExists { number, organisation } => {
            format!("toestel {number} bestaat al in organisatie `{organisation}`")
        }
        StoreError::UnknownTrunk { name, organisation, near } => {
            let meant = near.as_ref().map(|near| format!(": bedoelde u `{near}`?")).unwrap_or_default();
            format!("er is geen trunk `{name}` in organisatie `{organisation}`{meant}")
        }
        StoreError::TrunkExists { name, organisation } => {
            format!("trunk `{name}` bestaat al in organisatie `{organisation}`")
        }
        StoreError::NumberTaken { number, trunk } => {
            format!("nummer {number} komt binnen over trunk `{trunk}`: haal het daar eerst weg")
        }
        StoreError::NumberNotThere { number, trunk } => {
            format!("nummer {number} komt niet binnen over trunk `{trunk}`")
        }
        StoreError::UnknownProfile { name, organisation, near } => {
            let meant = near.as_ref().map(|near| format!(": bedoelde u `{near}`?")).unwrap_or_default();
            format!("er is geen profiel `{name}` in organisatie `{organisation}`{meant}")
        }
        StoreError::ProfileInUse { name, users } => {
            format!("profiel `{name}` is dat van {}: geef die eerst een ander", users.join(", "))
        }
        StoreError::Trunk(doubts) => doubts.iter().map(doubt).collect::<Vec<_>>().join("\n"),
        StoreError::Refused(refusal) => return refused(refusal),
        _ => return None,
    })
}

/// What is wrong with a trunk.
pub(super) fn doubt(doubt: &TrunkDoubt) -> String {
    match doubt {
        TrunkDoubt::UnknownPreset { name, hint } => format!("er is geen preset `{name}`: {hint}"),
        TrunkDoubt::UnknownCountry(country) => {
            format!("het land `{country}` is hier niet bekend: schrijf de twee letters ervan, zoals nl")
        }
        TrunkDoubt::Needs { preset, keys } => {
            format!("bij preset `{preset}` is nog in te vullen: {}", keys.join(", "))
        }
        TrunkDoubt::NoHost => "`host` ontbreekt: waar moeten de oproepen heen?".into(),
        TrunkDoubt::RegistersAsNobody => "`register = true` vraagt om `username`".into(),
        TrunkDoubt::ShowsNobody => "`caller_id_from = \"account\"` vraagt om `username`".into(),
        TrunkDoubt::PasswordOfNobody => "een wachtwoord vraagt om `username`".into(),
        TrunkDoubt::Number(number) => format!(
            "`{number}` is geen nummer: schrijf het als +31201234567, zoals men in het land belt, of als kort woord"
        ),
        TrunkDoubt::ShownNumber(number) => format!(
            "`{number}` is geen heel nummer: schrijf het als +31201234567, of zoals men in het land belt met het netnummer"
        ),
        TrunkDoubt::RegistersWithoutPassword => {
            "`register = true` zonder wachtwoord: een aanbieder die vraagt wie we zijn krijgt geen antwoord"
                .into()
        }
        TrunkDoubt::SignsWithHalf { has, misses } => format!(
            "`{has}` vraagt om `{misses}`: nummers van bellers worden ondertekend met een sleutel waarvan anderen het certificaat kunnen ophalen"
        ),
        TrunkDoubt::NobodyCallsIn => {
            "er kan geen oproep over binnenkomen: hij meldt zich niet aan en heeft geen `addresses`".into()
        }
        TrunkDoubt::KeysInTheOpen(transport) => format!(
            "`srtp = \"required\"` over {transport}: wie de SIP-berichten leest heeft de sleutels; zet transport = \"tls\""
        ),
        other => other.to_string(),
    }
}

fn refused(refusal: &Refusal) -> Option<String> {
    Some(match refusal {
        Refusal::File(path) => {
            format!("`{path}` is geen bestand: schrijf het pad ervan, zoals /etc/kiestoon/stir.key")
        }
        Refusal::ApiUrl(url) => format!(
            "`{url}` is geen plaats van een API: schrijf hem als https://api.example.com; http:// alleen op deze machine"
        ),
        Refusal::HttpsUrl(url) => {
            format!("`{url}` is geen https-URL: schrijf hem als https://cert.example.com/stir.pem")
        }
        Refusal::WebhookSecret => {
            "een geheim van webhooks heeft 16 tot 256 tekens, zonder spaties en komma's, en is na `whsec_` base64 van 24 tot 64 bytes; er worden er hoogstens twee bewaard".into()
        }
        Refusal::WebhookKey(key) => format!(
            "`{key}` is geen openbare sleutel van webhooks: schrijf hem zoals de aanbieder hem toont, 32 bytes in base64"
        ),
        Refusal::Number(number) => format!(
            "`{number}` kan geen nummer van een toestel zijn: 1 tot 32 van de tekens a-z A-Z 0-9 + * _ . - en geen . of - vooraan"
        ),
        Refusal::Password => "een wachtwoord heeft 1 tot 128 tekens en geen stuurtekens".into(),
        Refusal::TrunkName(name) => format!(
            "`{name}` kan geen naam van een trunk zijn: 1 tot 63 van de tekens a-z A-Z 0-9 . _ - en geen . of - vooraan"
        ),
        Refusal::ProfileName(name) => format!(
            "`{name}` kan geen naam van een profiel zijn: 1 tot 63 van de tekens a-z A-Z 0-9 . _ - en geen . of - vooraan"
        ),
        Refusal::Hours(hours) => {
            format!("`{hours}` kan geen naam van uren zijn: schrijf die zoals het belplan haar heeft")
        }
        Refusal::Context(context) => {
            format!("`{context}` kan geen context zijn: schrijf de naam zoals het belplan die heeft")
        }
        Refusal::PublicNumber(number) => {
            format!("`{number}` is geen heel nummer: schrijf het als +31201234567")
        }
        Refusal::Prefix(start) => {
            format!("`{start}` kan geen begin van nummers zijn: schrijf het als +44 of +4420")
        }
        Refusal::NoName => "een contact heeft een naam nodig".into(),
        Refusal::Name => "een naam heeft hoogstens 128 tekens en geen stuurtekens".into(),
        _ => return None,
    })
}

/// Why the PBX could not be asked; `None` where only the English sentence exists.
pub(super) fn client(error: &ClientError) -> Option<String> {
    Some(match error {
        ClientError::NoSocket { path } => format!(
            "de centrale draait niet: er is geen socket {}; start haar met `kiestoon serve`",
            path.display()
        ),
        ClientError::NotListening { path } => format!(
            "de centrale draait niet: op de socket {} antwoordt niemand; start haar met `kiestoon serve`",
            path.display()
        ),
        ClientError::Forbidden { path } => format!(
            "u mag de socket {} niet gebruiken; doe dit als de gebruiker van de centrale of word lid van zijn groep",
            path.display()
        ),
        ClientError::Timeout { path, secs } => format!(
            "de centrale op {} antwoordde niet binnen {secs} s; misschien is zij overbelast, zie haar log",
            path.display()
        ),
        ClientError::Broken { path, reason } => format!(
            "de verbinding met de centrale op {} brak af ({reason}); probeer het opnieuw",
            path.display()
        ),
        ClientError::Unexpected { path, reason } => format!(
            "de centrale op {} antwoordde iets anders dan verwacht ({reason}); gebruik de `kiestoon` van dezelfde versie",
            path.display()
        ),
        _ => return None,
    })
}
