//! Every fault that has a name, where it is injected, what counts as an exposure.

use super::cell;
use crate::faults::describe;
use model::named_fault::NamedFault;
use model::scenario::FaultTarget;

/// The page.
pub(super) fn page() -> String {
    let mut page = String::from(
        "# Faults by name\n\nFailures that real checkouts have met. A scenario injects one with `inject: NAME`; `when`, `probability` and \
         `draw` narrow it. Each has a scenario of its own in `scenarios/faults/`.\n\n\
         ```yaml\nfaults:\n  - {name: noon, at: 40s, for: 15s, inject: answer-lost, probability: 20%}\n```\n\n\
         A fault counts only when it bit. The report says how many operations it matched, how many it was applied to, and how many it left \
         in the hazardous state; **exposure** says what that is. Zero violations among N exposed orders bound the rate at 3/N with 95% \
         confidence.\n\n\
         | name | what happens | injected as | exposure | a wrong checkout breaks | a right checkout |\n|---|---|---|---|---|---|\n",
    );
    for fault in NamedFault::ALL {
        let target = fault.target();
        let place = match &target {
            FaultTarget::Provider { when, .. } => {
                when.path.as_ref().map(|path| format!(" on `{path}`")).unwrap_or_default()
            }
            FaultTarget::Link { .. }
            | FaultTarget::Exchange { .. }
            | FaultTarget::Process { .. }
            | FaultTarget::Store { .. }
            | FaultTarget::Clock { .. } => String::new(),
        };
        page.push_str(&format!(
            "| `{}` | {} | {}{place} | {} | `{}` | {} |\n",
            fault.name,
            cell(fault.what),
            cell(&describe(&target)),
            cell(fault.exposure),
            fault.at_risk,
            cell(fault.right)
        ));
    }
    page.push_str(SHOPPERS);
    page
}

/// What is no fault of a server.
const SHOPPERS: &str = "
## What shoppers do to themselves

These are manners of a journey in the mix, not faults of a server; they go on all the time.

| failure | written as |
|---|---|
| double click, the same key at once | `manners: {double_click: 3%}` |
| two tabs, two keys, one cart | `manners: {second_tab: 2%}` |
| no answer, then the same key again | always, as often as `repeats` says |
| the tab is closed while the bank asks | `manners: {close_tab: 5%}` |
| the holder fails the authentication | `manners: {fail_challenge: 5%}` |
| the cart is edited while it is paid | `manners: {edit_cart: 5%}` |
| the return address is called twice | `manners: {return_twice: 5%}` |
| a herd comes when a fault ends | `traffic.shape` with a spike at its end; the objective `time_to_recover` |

## Everything else

Any effect of a provider (`provider:` with `effect:`), any toxic of a link (`link:` with `toxic:`), any rule for single exchanges
(`link:` with `rule:`), harm to a child process (`process:` with `harm:`), to the reference shop's store (`store: shop`) and to its
clock (`clock: shop`) can be written out; [scenario.md](scenario.md) has them under *Effect*, *Toxic*, *LinkRule*, *Harm*. A run harms
the shop and the providers that it started itself, no process of anybody else.

A store that is locked, or slow: another connection holds the write lock of the reference shop's SQLite file. It is free again the
moment that the run ends, however it ends. A clock that is ahead: the reference shop reads its time of day through one function, and
the fault adds to it; it ends by itself within ten seconds of the run's death, and `heal` undoes it.
";
