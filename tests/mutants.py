"""Small lies told to the rules of sync, one at a time: does a test notice each?

``python tests/mutants.py [NAME...]`` patches a copy of the package, runs the tests of the core on it until one fails,
and lists what was noticed and by which test. A lie that no test notices is a rule that nobody proves.
"""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
TESTS = (
    "tests/test_plan_table.py",
    "tests/test_plan_table_asks.py",
    "tests/test_plan_table_many.py",
    "tests/test_plan_table_commands.py",
    "tests/test_commands.py",
    "tests/test_obey.py",
    "tests/test_obey_orders.py",
    "tests/test_obey_once.py",
    "tests/test_plan_table_done.py",
    "tests/test_act.py",
    "tests/test_poll.py",
    "tests/test_report.py",
    "tests/test_tickets.py",
    "tests/test_take_follows.py",
    "tests/test_cascades.py",
    "tests/test_shown.py",
    "tests/test_shown_links.py",
    "tests/test_observe.py",
    "tests/test_take.py",
    "tests/test_sweep.py",
    "tests/test_braking.py",
    "tests/test_begun.py",
    "tests/test_together.py",
    "tests/test_replies.py",
    "tests/test_updates.py",
    "tests/test_guard.py",
    "tests/test_carry.py",
    "tests/test_carry_back.py",
    "tests/properties/test_strolls.py",
    "tests/properties/test_machine.py",
    "tests/test_leaks.py",
)


OF_FILING = (
    "tests/test_file.py",
    "tests/test_file_promoted.py",
    "tests/test_file_closes.py",
    "tests/test_file_beside.py",
    "tests/test_file_boards.py",
    "tests/test_file_doubt.py",
    "tests/test_file_command.py",
    "tests/test_exposed.py",
    "tests/test_filing.py",
    "tests/test_given.py",
    "tests/test_guard.py",
    "tests/test_standing.py",
    "tests/test_carry.py",
    "tests/test_carry_back.py",
    "tests/test_deadly_filing.py",
)
"""Of filing, of what public places see, and of what is carried to issues."""


@dataclass(frozen=True)
class Mutant:
    """One change of one file. ``old`` stands there exactly once. ``tests``: those of which one ought to notice."""

    name: str
    file: str
    old: str
    new: str
    tests: tuple[str, ...] = TESTS


MUTANTS = (
    Mutant(
        "what was told once is forgotten",
        "plan/ticket.py",
        "return not self.issue_turned and any(self.bases[link.id].exempt for link in self.links)",
        "return False",
    ),
    Mutant(
        "old pairs of a new helpdesk count as filed",
        "ingest/take.py",
        "filed = not first_walk and store",
        "filed = not first_walk or store",
    ),
    Mutant(
        "an issue older than its ticket counts as filed",
        "plan/group.py",
        "return after_ticket and after_start",
        "return after_start",
    ),
    Mutant("no start mark", "plan/group.py", "return after_ticket and after_start", "return after_ticket"),
    Mutant(
        "no fresh read before a write",
        "probe/observe.py",
        "return sorted(refs | {step.target for step in plan.steps} | set(plan.missing), key=str)",
        "return sorted(set(plan.missing), key=str)",
    ),
    Mutant(
        "an effect is not known to be under way",
        "sync/act.py",
        "if note is not None and work.store.effects.send(row.id, work.clock.now()):",
        "if note is not None:",
    ),
    Mutant(
        "an effect in doubt is sent again at once",
        "store/effects.py",
        "tries = tries + 1 WHERE id = ? AND state = 'ready'",
        "tries = tries + 1 WHERE id = ? AND state IN ('ready', 'doubt')",
    ),
    Mutant(
        "an effect in doubt is not looked for",
        "probe/settle.py",
        "(_look if row.state is EffectState.DOUBT else _send)(work, row)",
        "(_look if row.state is None else _send)(work, row)",
    ),
    Mutant(
        "an effect nobody decided on is sent later",
        "probe/settle.py",
        "        elif row.owed:\n",
        "        elif True:\n",
    ),
    Mutant("a waiting customer is closed upon", "plan/decide.py", "if ticket.item.waiting:", "if False:"),
    Mutant(
        "any issue is enough",
        "playbook.py",
        "return min(words, key=order.index)",
        "return max(words, key=order.index)",
    ),
    Mutant(
        "our own write comes back as news",
        "ingest/poll.py",
        "old_news = [item for item in page.items if work.store.snapshots.is_old(work.kept(item))]",
        "old_news: list[Item] = []",
    ),
    Mutant(
        "a link in an echo is lost",
        "ingest/poll.py",
        "    also = [(item, resolve",
        "    also = todo[:0] and [(item, resolve",
    ),
    Mutant(
        "a link in an echo is asked for each time",
        "ingest/named.py",
        "claim.key.casefold() not in passed and not",
        "not",
    ),
    Mutant(
        "the base is recorded before the write",
        "sync/act.py",
        "    action = action_of(work, step, notes)\n",
        "    with work.store.write():\n        for one in step.records:\n"
        "            work.store.links.record(one, work.now)\n"
        "    action = action_of(work, step, notes)\n",
    ),
    Mutant(
        "one customer's reopening moves the others",
        "plan/asks.py",
        "        outline.before += _others_exempt(group, issue, native, set(asking))",
        "        pass",
    ),
    Mutant(
        "a removed link comes back with its ticket",
        "ingest/follow.py",
        "link.state is LinkState.ENDED and link.reason.startswith(GONE)",
        "link.state is LinkState.ENDED",
    ),
    Mutant(
        "a removed link comes back with its address",
        "ingest/take.py",
        "elif known.state is LinkState.PROPOSED and claim.trusted:",
        "elif known.state is not LinkState.LIVE and claim.trusted:",
    ),
    Mutant(
        "closings are not counted",
        "plan/ticket.py",
        "turn = self.turn + (1 if self.issue_turned or anew else 0)",
        "turn = self.turn",
    ),
    Mutant(
        "what was written though final",
        "plan/decide.py",
        "if item.final or group.mappings[ref.connector].is_final(item.status):",
        "if item.final:",
    ),
    Mutant(
        "a move that the feed tells is not followed",
        "ingest/poll.py",
        "            follow(work, item)\n",
        "            pass\n",
    ),
    Mutant(
        "a follow-up is a ticket like any other",
        "ingest/take.py",
        "    continue_(work, item, first_walk=first_walk)\n",
        "",
    ),
    Mutant("an old follow-up waits as filed", "ingest/follow.py", "filed=new,", "filed=True,"),
    Mutant("a follow-up is exempt as its parent was", "ingest/follow.py", "exempt=False, outside", "outside"),
    Mutant(
        "other customers' tickets are resolved with it",
        "plan/decide.py",
        "and ticket.item.cascades and",
        "and False and",
    ),
    Mutant(
        "a closed issue is done without its label",
        "playbook.py",
        "            return Word.DONE if is_met else Word.IN_PROGRESS",
        "            return Word.DONE",
    ),
    Mutant(
        "an open issue is not done with its label",
        "playbook.py",
        "return Word.DONE if self.label and is_met and word in UNFINISHED else word",
        "return word",
    ),
    Mutant("what is in no release is never released", "playbook.py", "released is not False", "released is True"),
    Mutant(
        "another way to be done is a move",
        "playbook.py",
        "is_met = met == self.resolve_when",
        "is_met = bool(met) or self.label",
    ),
    Mutant("a label is no change", "ingest/take.py", '"cascades", "tags", "released")', '"cascades", "released")'),
    Mutant("a release is no change", "ingest/take.py", '"cascades", "tags", "released")', '"cascades", "tags")'),
    Mutant(
        "an issue is closed that is closed",
        "plan/asks.py",
        "if before in (FINISHED_ISSUE if want",
        "if False and before in (FINISHED_ISSUE if want",
    ),
    Mutant(
        "a stranger's closing outweighs the team's label",
        "plan/ticket.py",
        "return issue.closed_outside and not (playbook.label and playbook.met(issue.tags, issue.released))",
        "return issue.closed_outside",
    ),
    Mutant("a deleted ticket counts on", "ingest/take.py", "    elif before is None:", "    elif False:"),
    Mutant("a ticket that nobody linked counts for nothing", "ingest/poll.py", "work.store.tickets.meet(news)", "pass"),
    Mutant("a walk of a part counts as a whole one", "ingest/poll.py", "span = row.span or (", "span = ("),
    Mutant(
        "a defect counts as a request", "report/share.py", "counted=kind in playbook.report.counted", "counted=True"
    ),
    Mutant(
        "a customer is kept though the playbook keeps none",
        "report/labels.py",
        ' if playbook.report.companies else ""',
        "",
    ),
    Mutant(
        "labels are forgotten with the walk that met them",
        "work.py",
        "wanted = (tag for tag in set(item.tags) if any(labels.asked(tag) for labels in self._labels))",
        "wanted = set()",
    ),
    Mutant(
        "adopted pairs show something",
        "plan/shown.py",
        "return base.turn > 0 or base.exempt or is_new(",
        "return True or (",
    ),
    Mutant("what stands there is written again", "plan/shown.py", "return stands == one.value", "return False"),
    Mutant(
        "two tags of a kind stand beside each other",
        "plan/shown.py",
        "beside = _kin(one, item.tags) if one.value else []",
        "beside = list[str]()",
    ),
    Mutant(
        "somebody else's word is taken away with the link",
        "plan/shown.py",
        "return stands is not None and stands not in one.ours",
        "return False",
    ),
    Mutant(
        "what an ended link showed stays",
        "store/groups.py",
        "            self._db.execute(ASK_LEFT_ALONE",
        "            _ = (ASK_LEFT_ALONE",
    ),
    Mutant(
        "a group that falls apart forgets what it showed",
        "store/groups.py",
        "    AND NOT EXISTS (SELECT 1 FROM left_alone WHERE ref = :old)\n",
        "",
    ),
    Mutant("a status is written again for a field", "sync/act.py", "else outcome.aside\n", "else None\n"),
    Mutant(
        "everybody may read which tickets an issue has",
        "plan/shown.py",
        "group.links if issue.audience is Audience.PRIVATE else ()",
        "group.links",
    ),
    Mutant(
        "an adopted ticket is led to for the sake of another",
        "plan/shown.py",
        " or link.ticket in group.muted or not known.speaks(link)",
        " or link.ticket in group.muted",
    ),
    Mutant("what is shown is no change", "store/journal.py", "status + notes + shown > 0", "status + notes > 0"),
    Mutant(
        "tickets are counted that are about to be finished",
        "plan/shown.py",
        "if not is_ticket and known.unsettled(links):",
        "if False:",
    ),
    Mutant(
        "what may have been shown is forgotten",
        "sync/act.py",
        "        work.store.shown.try_(step.target, one.what, one.value)\n",
        "        pass\n",
    ),
    Mutant("everybody is trusted", "links.py", "trusted=not why", "trusted=True"),
    Mutant(
        "a stranger's closing is followed",
        "plan/decide.py",
        "if ticket.only_told:  # not followed",
        "if False:  # not followed",
    ),
    Mutant(
        "as much as one likes is changed at once",
        "braking.py",
        "if target not in changed and len(changed) + 1 + ended > _limit(work, name):",
        "if False:",
    ),
    Mutant(
        "a ticket that is written again counts again",
        "braking.py",
        "if target not in changed and len(changed) + 1 + ended > _limit(work, name):",
        "if len(changed) + 1 + ended > _limit(work, name):",
    ),
    Mutant(
        "what is written at once is not counted",
        "sync/together.py",
        "refuse_too_much(work, step, [job.step for job in mine])",
        "refuse_too_much(work, step)",
    ),
    Mutant(
        "what was sent along with a defect counts as not begun",
        "sync/together.py",
        "notes=tuple(Written(note.effect, error=lost) for note in action.notes)",
        "notes=()",
    ),
    Mutant("nothing is damped", "sync/act.py", "if step.status is None or all(", "if True or all("),
    Mutant(
        "a ticket is done when the first of its issues is",
        "sync/act.py",
        "if not self.left[record.link] and record.link not in self.failed:",
        "if record.link not in self.failed:",
    ),
    Mutant(
        "an unknown status is written over",
        "plan/decide.py",
        "if Word.UNKNOWN in (ticket.word, ticket.issues_word):  # reported",
        "if False:  # reported",
    ),
    Mutant("both moved: the tracker wins", "plan/decide.py", 'elif policy == "tracker":', "elif both:"),
    Mutant(
        "a note that can't be read now is never read",
        "store/snapshots.py",
        "self._db.execute(READ_AGAIN",
        "_ = (READ_AGAIN",
    ),
    Mutant(
        "what a write was begun for is forgotten",
        "probe/observe.py",
        "                    _record_begun(work, one, record, link)",
        "                    pass",
    ),
    Mutant(
        "what vanishes is believed",
        "braking.py",
        "if (all_gone or len(within) > _limit(work, name)) and",
        "if False and",
    ),
    Mutant(
        "a customer's note commands",
        "commands.py",
        "by_agent = text.author is Author.TEAM and",
        "by_agent = text.author is not Author.SELF and",
    ),
    Mutant(
        "a public reply commands",
        "commands.py",
        "text.place is Place.NOTE and by_agent and",
        "by_agent and",
    ),
    Mutant("what is quoted commands", "commands.py", " and before.level == 0:", ":"),
    Mutant(
        "what an agent wrote long ago commands",
        "ingest/hear.py",
        "past=past or not _is_order(work, item, command.at))",
        "past=False)",
    ),
    Mutant(
        "a tag commands with each change of its ticket",
        "ingest/hear.py",
        "elif row.tag == AWAY and item.version > row.version:",
        "elif item.version > row.version:",
    ),
    Mutant(
        "a tag that an older answer doesn't show has been away",
        "ingest/hear.py",
        "source not in tags and item.version > row.version:",
        "source not in tags:",
    ),
    Mutant(
        "what an agent says on a finished ticket is never read",
        "ingest/take.py",
        "    return bool(desk and desk.commands and hidden.notes_hold_links) and",
        "    return bool(desk and not hidden) and",
    ),
    Mutant("a muted ticket is written to", "plan/decide.py", "if ref in group.muted:", "if False:"),
    Mutant(
        "what is owed to a muted ticket is sent",
        "store/effects.py",
        "(state = 'doubt' OR (state = 'ready' AND link NOT IN (SELECT id FROM muted_links)) OR",
        "(state = 'doubt' OR state = 'ready' OR",
    ),
    Mutant(
        "a merged ticket isn't muted any more",
        "store/commands.py",
        "for statement in (REKEY, REKEY_MUTE):",
        "for statement in (REKEY,):",
    ),
    Mutant("an order stands though it was done", "sync/act.py", "work.store.commands.end_orders(step.target)", "[]"),
    Mutant(
        "an order stands though somebody else was faster",
        "ingest/take.py",
        "        work.store.commands.end_orders(ref)\n",
        "        pass\n",
    ),
    Mutant(
        "an order that is refused parks its group", "sync/act.py", "    return bool(tickets)\n", "    return False\n"
    ),
    Mutant(
        "a command overtakes one that waits",
        "sync/obey.py",
        "if row.ticket in behind or not _obeyed(work, row):",
        "if not _obeyed(work, row):",
    ),
    Mutant(
        "an issue that was closed a moment ago can't be reopened",
        "sync/obey.py",
        "if tracker is None or tracker.polled_at <= row.at:",
        "if False:",
    ),
    Mutant(
        "an order on a muted ticket waits until it is unmuted",
        "sync/obey.py",
        "    if store.commands.muted_since(row.ticket):\n"
        '        raise _Fault("the ticket is muted")\n    if is_unknown',
        "    if is_unknown",
    ),
    Mutant(
        "what failed is said for ever",
        "sync/obey.py",
        "        tell_done(work, row.ticket)\n",
        "        pass\n",
    ),
    Mutant(
        "an issue that nobody has met has no key",
        "store/links.py",
        "coalesce(i.key, l.issue_key)",
        "coalesce(i.key, '')",
    ),
    Mutant(
        "nobody need have answered first",
        "messages/replies.py",
        "if playbook.replies.answered_first and not answered:",
        "if False:",
    ),
    Mutant("no hours are quiet", "messages/replies.py", "return Verdict(until=until) if until else", "return"),
    Mutant(
        "what leads to a private issue goes out",
        "messages/replies.py",
        "    if _leads_to_private(work, row, text):",
        "    if False:",
    ),
    Mutant(
        "what is true no more is said in the morning",
        "messages/replies.py",
        "if row.kind in CLOSINGS and base is not None and base.turn > row.turn + 1:",
        "if False:",
    ),
    Mutant(
        "a failed decision leaves its message to be sent",
        "sync/act.py",
        "                work.store.effects.unsay(effect)",
        "                pass",
    ),
    Mutant(
        "an incident is told what others are",
        "messages/replies.py",
        'return "incident" in playbook.kinds and kind_of(detail, playbook).value == "incident"',
        "return False",
    ),
    Mutant("a sprint is told of each time", "plan/ticket.py", "return over and news and", "return over and"),
    Mutant("strangers speak to customers", "messages/updates.py", "text.author is Author.TEAM and", "True and"),
    Mutant("an update is sent again", "messages/updates.py", "new = text.id not in known and", "new ="),
    Mutant(
        "who could read an issue when it was seen can read it still",
        "sync/talk.py",
        "now = reads(self.work.clock, patience=IN_PLACE)(connector.audience_now, self.target)",
        "now = self.target.audience",
    ),
    Mutant("everybody may read a subject", "guard.py", '"others", "note"}', '"others", "note", "subject"}'),
    Mutant("what is carried is carried to everybody", "sync/talk.py", "        if not private:", "        if False:"),
    Mutant(
        "what was written for the team is filed for everybody",
        "issues/create.py",
        "audience=guard.of(Audience(row.audience)),",
        "audience=Audience.PUBLIC,",
    ),
    Mutant(
        "a trigger from before the watch is filed",
        "ingest/watch.py",
        "old=seen.first_walk or _lay_outside(seen.work, item) or _is_older(seen)",
        "old=False",
        OF_FILING,
    ),
    Mutant(
        "a trigger that is taken away is filed all the same",
        "ingest/watch.py",
        "if last.state in OPEN and not last.ordered:",
        "if False:",
        OF_FILING,
    ),
    Mutant(
        "people have no time to file themselves",
        "ingest/watch.py",
        "timedelta(seconds=seen.desk.playbook.file_after)",
        "timedelta()",
        OF_FILING,
    ),
    Mutant(
        "a follow-up is promoted by the tags that it inherits",
        "filing/decide.py",
        "if item.follows is None else set()",
        "if True else set()",
        OF_FILING,
    ),
    Mutant(
        "nobody looks what people have filed meanwhile",
        "issues/file.py",
        "ready = {name for name in sorted(ready) if trackers.poll(name)}",
        "ready = set(sorted(ready))",
        OF_FILING,
    ),
    Mutant(
        "a person's issue is no reason to file none",
        "issues/already.py",
        "return _adopted(work, row, links[0]) if links else None",
        "return None",
        OF_FILING,
    ),
    Mutant(
        "nobody asks who can read in a place",
        "issues/file.py",
        "audience = reads(work.clock, patience=IN_PLACE)(work.connectors[tracker].audience, place)",
        'audience = __import__("syncd").model.Audience.PRIVATE',
        OF_FILING,
    ),
    Mutant(
        "a place that nobody can tell the audience of is private",
        "guard.py",
        "return Audience.PRIVATE if audience is Audience.PRIVATE else Audience.PUBLIC",
        "return Audience.PUBLIC if audience is Audience.PUBLIC else Audience.PRIVATE",
        OF_FILING,
    ),
    Mutant(
        "what is refused because its place was opened up is parked",
        "issues/create.py",
        "isinstance(error, (Refused, Gone)) and _opened_up(work, row):",
        "False:",
        OF_FILING,
    ),
    Mutant(
        "an issue isn't kept as sent before it is",
        "issues/file.py",
        "work.store.filings.put(settled or sent)",
        "work.store.filings.put(settled or row)",
        OF_FILING,
    ),
    Mutant(
        "an issue whose answer was lost is not looked for",
        "issues/create.py",
        "    if error.doubt:\n        _doubt(",
        "    if False:\n        _doubt(",
        OF_FILING,
    ),
    Mutant(
        "an issue that a search doesn't show at once is filed again",
        "issues/create.py",
        "(SEARCH_LOOKS if searched else 1)",
        "1",
        OF_FILING,
    ),
    Mutant(
        "an issue that was made much later stands beside",
        "issues/beside.py",
        " and abs(item.created_at - moment(row.began_at or row.filed_at)) <= ABOUT",
        "",
        OF_FILING,
    ),
    Mutant(
        "an issue that somebody added knowingly stands beside",
        "issues/beside.py",
        "link.origin not in MEANT and ",
        "",
        OF_FILING,
    ),
    Mutant(
        "a finished issue stands beside",
        "issues/beside.py",
        " or not _unfinished(work, link):",
        ":",
        OF_FILING,
    ),
    Mutant(
        "what stands in a place is promoted there",
        "issues/already.py",
        "if place and any(",
        "if False and any(",
        OF_FILING,
    ),
    Mutant(
        "what has no issue is promoted",
        "issues/already.py",
        "    if not links:\n        return replace(row, state=FilingState.WITHDRAWN,",
        "    if False:\n        return replace(row, state=FilingState.WITHDRAWN,",
        OF_FILING,
    ),
    Mutant(
        "issues that came later are closed with the public one",
        "plan/promoted.py",
        "if link.id < made.id and unfinished and private:",
        "if unfinished and private:",
        OF_FILING,
    ),
    Mutant(
        "public issues are closed with the public one",
        "plan/promoted.py",
        "issue.audience is Audience.PRIVATE and",
        "",
        OF_FILING,
    ),
    Mutant(
        "what a person reopens is closed again",
        "plan/promoted.py",
        " or not finished or not ticket.finishes(made):",
        " or not finished:",
        OF_FILING,
    ),
    Mutant(
        "a private issue is closed upon another customer",
        "plan/asks.py",
        "_all_finished(outline, issue, first.about):",
        "_all_finished(outline, issue, first.about) and not first.about:",
        OF_FILING,
    ),
    Mutant(
        "a closing that failed is forgotten",
        "plan/asks.py",
        "    outline.records = [record for record in outline.records if record.link not in mine]\n",
        "",
        OF_FILING,
    ),
    Mutant(
        "a public place sees what isn't on its list",
        "guard.py",
        "for name in ALLOWED[of(audience)] & facts.keys():",
        "for name in values.keys() & facts.keys():",
        OF_FILING,
    ),
    Mutant(
        "a public place sees the customer's label",
        "filing/write.py",
        '    if not guard.may_see("company", audience):\n        return Choice("", HIDDEN)\n',
        "",
        OF_FILING,
    ),
    Mutant(
        "a public place sees fields of the ticket",
        "filing/given.py",
        "if value and (ours or _private(audience))}",
        "if value}",
        OF_FILING,
    ),
    Mutant(
        "the standing note goes to a public issue",
        "sync/standing.py",
        "is Role.HELPDESK or guard.of(target.audience) is Audience.PRIVATE",
        "is Role.HELPDESK or True",
        OF_FILING,
    ),
    Mutant(
        "a text is carried each time",
        "sync/talk.py",
        "    for row in rows:\n        store.carried.send(row, known.id, talk.digest(row))\n",
        "",
        OF_FILING,
    ),
    Mutant(
        "an issue is put on no board once its answer was lost",
        "issues/create.py",
        'board_due=work.now if boards else ""',
        'board_due=""',
        OF_FILING,
    ),
    Mutant(
        "what a board refuses is told nobody",
        "issues/boarding.py",
        'board_due="", board_reason="; ".join(error.what for error in errors)',
        'board_due="", board_reason=""',
        OF_FILING,
    ),
    Mutant(
        "what was left on a person's issue is exposed to nobody",
        "store/accepted.py",
        "e.state IN ('sent', 'doubt', 'done')",
        "e.state = ''",
        OF_FILING,
    ),
)


def notice(mutant: Mutant) -> str | None:
    """The first test that notices, or None.

    Raises:
        ValueError: the source is no longer as the mutant thinks.
    """
    with tempfile.TemporaryDirectory() as folder:
        copy = Path(folder)
        for name in ("syncd", "mappings", "connectors", "tests"):
            shutil.copytree(ROOT / name, copy / name, ignore=shutil.ignore_patterns("__pycache__"))
        shutil.copy(ROOT / "pyproject.toml", copy)
        file = copy / "syncd" / mutant.file
        source = file.read_text()
        if source.count(mutant.old) != 1:
            raise ValueError(f"{mutant.name}: {mutant.file} holds that text {source.count(mutant.old)} times")
        file.write_text(source.replace(mutant.old, mutant.new))
        command = [sys.executable, "-m", "pytest", "-q", "-x", "-m", "not torture", "-p", "no:cacheprovider"]
        command += ["-k", "not thousand", *mutant.tests]
        done = subprocess.run(command, cwd=copy, capture_output=True, text=True, timeout=600, check=False)
    found = re.search(r"^(?:FAILED|ERROR) (\S+?::)?(.*?)(?: - .*)?$", done.stdout, re.MULTILINE)
    if done.returncode == 1 and found:
        return found[2]
    if done.returncode == 0:
        return None
    raise ValueError(f"{mutant.name}: the tests could not be run:\n{done.stdout[-2000:]}{done.stderr[-2000:]}")


def main(names: list[str]) -> int:
    """Print a line per mutant; 1 if one of them goes unnoticed."""
    unnoticed = 0
    for mutant in MUTANTS:
        if names and mutant.name not in names:
            continue
        test = notice(mutant)
        unnoticed += test is None
        sys.stdout.write(f"{'noticed' if test else 'UNNOTICED':9}  {mutant.name}{f'  <- {test}' if test else ''}\n")
        sys.stdout.flush()
    return int(bool(unnoticed))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
