//! `kiestoon history`: finished calls, newest first.

use jiff::Zoned;
use kiestoon_control::Way;
use kiestoon_store::{Cdr, Disposition, HistoryFilter};
use serde_json::Value;

use super::args::HistoryArgs;
use super::ctl::side;
use super::failure::Failure;
use super::language::{Language, say};
use super::table::{Table, printable};
use super::{Cli, database, print_line, told, way, when, why};

pub(super) fn history(cli: &Cli, args: &HistoryArgs) -> Result<(), Failure> {
    let filter = filter(args, cli.language)?;
    let config = cli.config()?;
    let calls = cli.block_on(async {
        let store = database::open_existing(&config).await?;
        let calls = store.history(&filter).await?;
        store.close().await;
        Ok(calls)
    })?;
    if cli.json {
        return cli.print_json(&calls);
    }
    if let (Some(_), [call]) = (&args.call, calls.as_slice()) {
        print_line(&table(&calls, cli.language));
        let legs = call.legs.iter().map(|of| leg(of, cli.language));
        let told = told::lines(&call.provider_events, cli.language);
        legs.chain(way(call, cli.language)).chain(told).for_each(|line| print_line(&line));
    } else if calls.is_empty() {
        print_line(cli.language.pick("no calls", "geen gesprekken"));
    } else {
        print_line(&table(&calls, cli.language));
    }
    Ok(())
}

fn filter(args: &HistoryArgs, language: Language) -> Result<HistoryFilter, Failure> {
    let since = args.since.as_deref().map(|text| when::since(text, &Zoned::now(), language)).transpose()?;
    let disposition = match args.disposition.as_deref() {
        None => None,
        Some(word) => Some(Disposition::from_word(word).ok_or_else(|| {
            Failure::Input(say!(
                language,
                "`{word}` is no disposition: answered, no_answer, busy, failed, cancelled or interrupted",
                "`{word}` is geen afloop: answered, no_answer, busy, failed, cancelled of interrupted"
            ))
        })?),
    };
    Ok(HistoryFilter {
        limit: args.limit,
        since,
        number: args.number.clone(),
        disposition,
        id: args.call.clone(),
        ..HistoryFilter::default()
    })
}

fn table(calls: &[Cdr], language: Language) -> String {
    let mut table = Table::new(&[
        language.pick("began", "begon"),
        language.pick("from", "van"),
        language.pick("dialled", "gebeld"),
        language.pick("reached", "bereikt"),
        "trunk",
        language.pick(">talked", ">gesprek"),
        language.pick("result", "afloop"),
        language.pick("reason", "reden"),
        "codec",
    ]);
    for call in calls {
        let text = |value: &Option<String>| value.clone().unwrap_or_else(|| "-".into());
        let talked = call.talk_ms.and_then(|ms| u64::try_from(ms / 1000).ok());
        table.row(vec![
            when::local(call.started_at),
            text(&call.from_number),
            text(&call.dialed),
            text(&call.to_number),
            trunks(call, language),
            talked.map_or_else(|| "-".into(), when::duration),
            call.disposition.map_or_else(|| "-".into(), |word| result(word, language).into()),
            call.end_reason.as_deref().map_or("-", |word| why::ended(word, language)).to_owned()
                + &causes(call),
            text(&call.codec_a) + &protection(call, language),
        ]);
    }
    table.render()
}

/// A phone of the call.
fn leg(leg: &Value, language: Language) -> String {
    let text = |key: &str| leg[key].as_str().map_or_else(|| "-".into(), printable);
    let status = leg["status"].as_u64().map_or_else(|| "-".into(), |status| status.to_string());
    let whose = leg["side"].as_str().map_or("-", |word| side(word, language));
    format!(
        "{whose} {} {status} {} {} {} {}",
        text("number"),
        text("codec"),
        text("transport"),
        text("remote"),
        text("user_agent")
    ) + &over(leg, language)
}

/// The trunk of a leg, with the host that was called and the number that was shown there.
fn over(leg: &Value, language: Language) -> String {
    let Some(trunk) = leg["trunk"].as_str() else { return String::new() };
    let host = leg["host"].as_str().map(|host| format!(" ({})", printable(host))).unwrap_or_default();
    let shown = leg["shown"].as_str().map(printable);
    let shown = shown.map(|shown| say!(language, " as {shown}", " als {shown}")).unwrap_or_default();
    format!(" trunk {}{host}{shown}", printable(trunk))
}

/// The trunks of a call: over which it came in and went out, and those that were tried in vain before, each with its status.
fn trunks(call: &Cdr, language: Language) -> String {
    let mut failed: Vec<String> = Vec::new();
    for leg in call.legs.iter().filter(|leg| leg["side"] == "callee") {
        if let (Some(trunk), Some(status @ 300..)) = (leg["trunk"].as_str(), leg["status"].as_u64()) {
            failed.push(format!("{} {status}", printable(trunk)));
        }
    }
    let came = call.trunk_in.as_deref().map(printable);
    let came = came.map(|trunk| say!(language, "from {trunk}", "van {trunk}"));
    let went = call.trunk_out.as_deref().map(printable);
    let went = went.map(|trunk| say!(language, "to {trunk}", "naar {trunk}"));
    let failed = (!failed.is_empty()).then(|| format!("({})", failed.join(", ")));
    let parts: Vec<String> = [came, went, failed].into_iter().flatten().collect();
    if parts.is_empty() { "-".into() } else { parts.join(" ") }
}

/// Its way through the dialplan.
fn way(call: &Cdr, language: Language) -> Vec<String> {
    let ways: Vec<Way> = call.way.iter().filter_map(|way| serde_json::from_value(way.clone()).ok()).collect();
    way::lines(&ways, language)
}

/// Why somebody was not heard or did not hear, where that was so.
fn causes(call: &Cdr) -> String {
    let causes = call.legs.iter().filter_map(|leg| leg.get("diagnosis")?.as_str());
    causes.map(|cause| format!(" !{cause}")).collect()
}

/// Whose speech was encrypted; where it was so on all legs, no side is named.
fn protection(call: &Cdr, language: Language) -> String {
    let with_sound = || call.legs.iter().filter(|leg| leg["quality"].is_object());
    let mut sides: Vec<&str> = with_sound()
        .filter(|leg| leg["quality"]["srtp"].is_string())
        .filter_map(|leg| leg["side"].as_str())
        .map(|word| side(word, language))
        .collect();
    sides.dedup();
    if sides.is_empty() {
        return String::new();
    }
    let whose = if call.srtp == Some(true) { String::new() } else { format!(" {}", sides.join(", ")) };
    let is_shown = with_sound().any(|leg| leg["srtp_key_in_clear"] == true);
    let key = if is_shown { language.pick(" (key in clear)", " (sleutel open)") } else { "" };
    format!(" srtp{whose}{key}")
}

fn result(disposition: Disposition, language: Language) -> &'static str {
    let (english, dutch) = match disposition {
        Disposition::Answered => ("answered", "beantwoord"),
        Disposition::NoAnswer => ("no answer", "geen gehoor"),
        Disposition::Busy => ("busy", "bezet"),
        Disposition::Failed => ("failed", "mislukt"),
        Disposition::Cancelled => ("cancelled", "afgebroken"),
        Disposition::Interrupted => ("interrupted", "onderbroken"),
    };
    language.pick(english, dutch)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn call(trunk_in: Option<&str>, trunk_out: Option<&str>, legs: Vec<Value>) -> Cdr {
        Cdr {
            trunk_in: trunk_in.map(Into::into),
            trunk_out: trunk_out.map(Into::into),
            legs,
            ..Cdr::default()
        }
    }

    fn tried(trunk: &str, status: u16) -> Value {
        json!({ "side": "callee", "trunk": trunk, "host": "sip.example:5061", "shown": "+31201234567", "status": status })
    }

    #[test]
    fn the_trunks_that_failed_are_named_beside_the_one_that_answered() {
        let failed_over = call(None, Some("backup"), vec![tried("voys", 503), tried("backup", 200)]);
        assert_eq!(trunks(&failed_over, Language::English), "to backup (voys 503)");
        assert_eq!(trunks(&failed_over, Language::Dutch), "naar backup (voys 503)");
        let through = call(Some("voys"), Some("backup"), vec![tried("backup", 200)]);
        assert_eq!(trunks(&through, Language::English), "from voys to backup");
        let inside = call(None, None, vec![json!({ "side": "callee", "trunk": null, "status": 486 })]);
        assert_eq!(trunks(&inside, Language::English), "-");
    }

    #[test]
    fn why_a_call_ended_is_said_in_the_language() {
        let ended = Cdr { end_reason: Some("no_route".into()), ..Cdr::default() };
        let shown = |language| table(std::slice::from_ref(&ended), language);
        assert!(shown(Language::English).contains("no rule fits"), "{}", shown(Language::English));
        assert!(shown(Language::Dutch).contains("geen regel past"), "{}", shown(Language::Dutch));
    }

    #[test]
    fn a_leg_over_a_trunk_says_where_it_went_and_who_was_shown() {
        let line = leg(&tried("voys", 503), Language::English);
        assert!(line.ends_with(" trunk voys (sip.example:5061) as +31201234567"), "{line}");
        assert!(!leg(&json!({ "side": "callee" }), Language::Dutch).contains("trunk"));
    }
}
