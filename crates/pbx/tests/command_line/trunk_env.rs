//! Trunks taken over from the variables of another system.

use serde_json::json;

use crate::kiestoon::Folder;

const TWILIO: &str = r#"
APP_KEY=base64:whatever
TWILIO_SID=AC00000000000000000000000000000000
export TWILIO_TOKEN="token-van-twilio-0123456789abcdef"
TWILIO_API_KEY=SK00000000000000000000000000000000
TWILIO_API_SECRET='geheim van de api'
TWILIO_APP_SID=AP00000000000000000000000000000000
TWILIO_NUMBER=+31201234567   # the main one
VOIP_TOKEN_TTL=1800
VOIP_WEBHOOK_URL=https://pbx.example.com/
VOIP_RECORDING_ENABLED=true
VOIP_COLOUR=green
"#;

#[test]
fn what_twilio_was_kept_in_becomes_a_trunk() {
    let folder = Folder::new();
    folder.write("app.env", TWILIO);
    let done = folder.run(&["trunk", "import-env", "app.env"]).expect(0);
    done.says("trunk twilio of default taken over")
        .says("host, username, password")
        .says("kiestoon trunk enable twilio");
    done.says("TWILIO_APP_SID: not needed here").says("VOIP_COLOUR: not known here");
    assert!(!done.out().contains("geheim") && !done.out().contains("token-van"), "{}", done.out());
    let shown = folder.run(&["trunk", "show", "twilio", "--reveal", "--json"]).expect(0).json();
    assert_eq!(
        shown["settings"],
        json!({
            "account": "AC00000000000000000000000000000000", "api_key": "SK00000000000000000000000000000000",
            "caller_id_number": "+31201234567",
        })
    );
    assert_eq!((&shown["api_secret"], &shown["enabled"]), (&json!("geheim van de api"), &json!(false)));
    assert_eq!(shown["webhook_secret"], json!(["token-van-twilio-0123456789abcdef"]));
    assert_eq!(shown["webhook_url"], "https://pbx.example.com/webhooks/default/twilio");
    assert_eq!(shown["numbers"], json!({ "+31201234567": null }));
    folder.run(&["print-config"]).expect(0).says("token_ttl_secs = 1800");

    let again = folder.run(&["trunk", "import-env", "app.env", "--json"]).expect(0).json();
    assert_eq!(again["trunks"][0]["name"], "twilio");
    let same = folder.run(&["trunk", "import-env", "app.env"]).expect(0);
    same.says("trunk twilio of default unchanged").says("unchanged: conf.d/60-import-env.toml");
    assert!(!same.out().contains("taken over"), "{}", same.out());
    let set = [
        "trunk",
        "set",
        "twilio",
        "host=kantoor.pstn.twilio.com",
        "username=kantoor",
        "password=geheim-van-sip",
    ];
    folder.run(&set).expect(0);
    folder.run(&["trunk", "enable", "twilio"]).expect(0);
    folder.run(&["trunk", "import-env", "app.env"]).expect(0);
    let kept = folder.run(&["trunk", "show", "twilio", "--json"]).expect(0).json();
    assert_eq!(
        (&kept["enabled"], &kept["settings"]["username"]),
        (&json!(true), &json!("kantoor")),
        "what was filled in stays"
    );
}

#[test]
fn other_providers_and_what_cannot_be() {
    let folder = Folder::new();
    folder.write("sip.env", "VOIP_SERVER=sip.example.net\nVOIP_TRANSPORT=TCP\nVOIP_USERNAME=100001\nVOIP_PASSWORD=geheim-van-sip\nTELNYX_CONNECTION_ID=1234\nTELNYX_API_KEY=KEY0\n");
    folder
        .run(&["trunk", "import-env", "sip.env"])
        .expect(0)
        .says("trunk generic of default")
        .says("trunk telnyx of default");
    let sip = folder.run(&["trunk", "show", "generic", "--json"]).expect(0).json();
    assert_eq!(
        (&sip["enabled"], &sip["settings"]["register"], &sip["settings"]["transport"]),
        (&json!(false), &json!(true), &json!("tcp")),
        "it is tested first"
    );
    folder.run(&["trunk", "import-env", "sip.env"]).expect(0).says("`kiestoon trunk enable generic --config");
    folder
        .run(&["trunk", "import-env", "sip.env", "--enable"])
        .expect(0)
        .says("generic of default brought up");
    let on = |name: &str| folder.run(&["trunk", "show", name, "--json"]).expect(0).json()["enabled"].clone();
    assert_eq!((on("generic"), on("telnyx")), (json!(true), json!(false)), "something is missing of telnyx");

    folder.write("other.env", "APP_NAME=x\n");
    folder.run(&["trunk", "import-env", "other.env"]).expect(64).says("names no provider");
    folder.write("broken.env", "TWILIO_SID=AC1\nTWILIO_TOKEN=\"geheim zonder eind\n");
    let broken = folder.run(&["trunk", "import-env", "broken.env"]).expect(64);
    broken.says("broken.env:2: not written as NAME=VALUE");
    assert!(!broken.err().contains("geheim"), "{}", broken.err());
    folder.run(&["trunk", "import-env", "gone.env"]).expect(64).says("gone.env: the file cannot be read");
}

#[test]
fn all_of_a_file_is_taken_or_nothing() {
    let folder = Folder::new();
    folder.write(
        "wrong.env",
        "TWILIO_SID=AC1\n# the office\nVOIP_SERVER=sip.example.net\nVOIP_TRANSPORT=carrier-pigeon\nVOIP_TOKEN_TTL=1\n",
    );
    let wrong = folder.run(&["trunk", "import-env", "wrong.env", "--enable"]).expect(64);
    wrong.says("wrong.env:4: VOIP_TRANSPORT: `transport` must be one of");
    wrong.says("wrong.env:5: VOIP_TOKEN_TTL: error:");
    let nothing = |why: &str| {
        let trunks = folder.run(&["trunk", "list", "--json"]).expect(0).json();
        assert_eq!(trunks.as_array().map(Vec::len), Some(0), "{why}: {trunks}");
        folder.run(&["check"]).expect(0);
    };
    nothing("a value of a trunk and one of the sidecar are wrong");
    folder.write(
        "url.env",
        "TWILIO_SID=AC1\nVOIP_SERVER=sip.example.net\nVOIP_WEBHOOK_URL=https://pbx.example.com/webhooks\n",
    );
    folder.run(&["trunk", "import-env", "url.env"]).expect(64).says("url.env:3: VOIP_WEBHOOK_URL: error:");
    nothing("a value of the sidecar is wrong");
    folder.write(
        "twice.env",
        "TWILIO_SID=AC1\nTWILIO_NUMBER=+31201234567\nVOIP_SERVER=sip.example.net\nVOIP_NUMBER=+31201234567\nVOIP_TOKEN_TTL=1800\n",
    );
    folder.run(&["trunk", "import-env", "twice.env"]).expect(1).says("+31201234567");
    nothing("a number cannot be that of two trunks");
    let config = folder.run(&["print-config"]).expect(0);
    assert!(!config.out().contains("token_ttl_secs = 1800"), "{}", config.out());
}
