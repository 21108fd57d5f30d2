//! Every command in the documentation is one that the module knows, and answers as it says there.

use kit::phone::Policy;
use kit::vanilla::PASSWORD;
use kit::{Phone, SOON, Scene};

use super::install::{complaints, desk};
use super::readme::{block, text};

/// A head that no audit has had.
const HEAD: &str = "1:0000000000000000000000000000000000000000000000000000000000000000";

/// Alice waits in 701.
fn parked(desk: &Scene) -> (Phone, kit::phone::Call) {
    let alice = Phone::new(&desk.switch, "1000").password(PASSWORD).policy(Policy::Answer);
    alice.register();
    let caller = alice.call_up("700");
    desk.wait_parked(&caller, "default", "701", "");
    (alice, caller)
}

/// The calls of the table, each with its optional arguments and without, and with the first of several alternatives.
fn table() -> Vec<String> {
    let rows = text().lines().filter(|line| line.starts_with("| `callpark "));
    let cells = rows.filter_map(|row| row.split(" | ").next());
    let mut commands = Vec::new();
    let calls = cells.flat_map(|cell| cell.split('`').skip(1).step_by(2));
    for command in calls.flat_map(alternatives) {
        let command = command.replace('…', "default");
        let words: Vec<&str> = command.split(' ').collect();
        let first =
            |word: &&str| word.trim_matches(['[', ']']).split("\\|").next().map(str::to_owned);
        let long: Vec<String> = words.iter().filter_map(first).collect();
        let needed = words.iter().filter(|word| !word.starts_with('['));
        let short: Vec<String> = needed.filter_map(first).collect();
        commands.extend([long.join(" "), short.join(" ")]);
    }
    commands.sort();
    commands.dedup();
    commands
}

/// A verb may be followed by several things that have nothing in common: `callpark audit [json] \| verify`.
fn alternatives(call: &str) -> Vec<String> {
    let mut all = call.split(" \\| ").map(str::to_owned);
    let first = all.next().unwrap_or_default();
    let verb = first.split(' ').take(2).collect::<Vec<_>>().join(" ");
    let others: Vec<String> = all.map(|other| format!("{verb} {other}")).collect();
    [vec![first], others].concat()
}

#[test]
fn every_command_of_the_table_is_accepted() {
    let Some(desk) = desk() else { return };
    let all = table();
    assert!(all.len() > 20, "{all:?}");
    for command in all {
        let (alice, caller) = parked(&desk);
        let said = [
            ("<lot> <orbit> <lot> <orbit>", "default 701 default 710"),
            ("<lot>", "default"),
            ("<orbit>", "701"),
            // A call is not retrieved by itself.
            ("retrieve default 701 <uuid>", "retrieve default 701 user/1000@test.local"),
            ("<uuid>", caller.uuid()),
            ("timeout <value>", "timeout 60"),
            ("<cause>", "USER_BUSY"),
            ("<id>", "1"),
            ("<verb>", "park"),
            ("<time>", "today"),
            ("<user>", "1001"),
            ("<outcome>", "retrieved"),
            ("<number>:<hash>", HEAD),
            ("<who>", "api"),
            ("<action>", "park"),
            ("<what>", "park"),
            ("<result>", "ok"),
            ("<number>", "1000"),
            ("<count>", "10"),
            ("<seconds>", "60"),
            ("<hook>", "crm"),
        ];
        let said = said.iter().fold(command.clone(), |text, (from, to)| text.replace(from, to));
        assert!(!said.contains(['<', '[', '|']), "{command}: {said}");
        let answer = desk.switch.api(&said);
        assert!(!answer.contains("bad_arguments"), "{said}: {answer}");
        assert!(!answer.contains("usage: "), "{said}: {answer}");
        desk.api("open default");
        desk.api("open default 701");
        caller.hangup();
        drop(alice);
        desk.wait_empty();
    }
}

/// `> callpark …` and what it answers. What depends on the moment (uuids, times) is not compared, nor is a reload of a
/// file that is not there.
#[test]
fn the_commands_answer_what_the_readme_says() {
    let Some(desk) = desk() else { return };
    let (_alice, caller) = parked(&desk);
    let session = block("The command `callpark`", "console", "> callpark");
    let mut compared = 0;
    let session = format!("\n{session}");
    for part in session.split("\n> ").skip(1) {
        let (command, said) = part.split_once('\n').unwrap_or((part, ""));
        if command == "callpark reload" {
            continue;
        }
        let answer = desk.switch.api(command);
        let first = |text: &str| text.lines().next().unwrap_or("").to_owned();
        let (said, answer) = (first(said), first(&answer));
        if said.starts_with("lot ") {
            let words = |line: &str| line.split_whitespace().map(str::to_owned).collect::<Vec<_>>();
            assert_eq!(words(&answer), words(&said), "{command}");
        } else {
            assert_eq!(answer, said, "{command}");
        }
        compared += 1;
    }
    assert!(compared >= 9, "{compared}");
    assert!(caller.wait_ended(SOON).remote);
    desk.api("open default 703");
    desk.wait_empty();
    assert_eq!(complaints(&desk.switch), Vec::<String>::new());
}
