//! `kiestoon dialplan graph`: the plan as a picture.

use kiestoon_dialplan::GraphOptions;

use super::{chosen, named, plans};
use crate::cli::args::GraphArgs;
use crate::cli::failure::Failure;
use crate::cli::language::say;
use crate::cli::{Cli, print_line};

pub(super) fn graph(cli: &Cli, args: &GraphArgs) -> Result<(), Failure> {
    let plans = plans(cli, &chosen(cli, args.path.clone())?)?;
    let plan = named(&plans, args.organisation.as_deref(), cli.language)?;
    let options = GraphOptions { context: args.context.as_deref(), ..GraphOptions::default() };
    let Some(graph) = plan.graph(options) else {
        let known = plan.contexts().map(|(name, _)| name).collect::<Vec<_>>().join(", ");
        let wanted = args.context.as_deref().unwrap_or_default();
        return Err(Failure::Input(say!(
            cli.language,
            "there is no context {wanted}; there are: {known}",
            "er is geen context {wanted}; er zijn: {known}"
        )));
    };
    let ending = args.output.as_ref().and_then(|path| path.extension()?.to_str());
    let is_markdown = matches!(ending, Some("md" | "markdown"));
    let text = match args.format.as_deref() {
        Some("svg") => graph.svg(),
        _ if is_markdown => format!("```mermaid\n{}```\n", graph.mermaid()),
        Some(_) => graph.mermaid(),
        None if ending == Some("mmd") => graph.mermaid(),
        None => graph.svg(),
    };
    let Some(output) = &args.output else {
        print_line(text.trim_end());
        return Ok(());
    };
    std::fs::write(output, text).map_err(|error| {
        let path = output.display();
        Failure::Other(say!(
            cli.language,
            "{path} cannot be written ({error})",
            "{path} kan niet worden geschreven ({error})"
        ))
    })?;
    let path = output.display();
    print_line(&say!(cli.language, "{path} is written", "{path} is geschreven"));
    Ok(())
}
