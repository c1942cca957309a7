# What recon shows of a run comes from here: one JSON object a line, into the file that RECON_EVENTS names.
#
# It takes the place of Ansible's own output (ANSIBLE_STDOUT_CALLBACK=recon_events) and needs nothing but ansible-core, 2.14
# to 2.19. Of a task with no_log it hands on the name and how it ended, and nothing else.
from __future__ import annotations

import json
import os

from ansible.plugins.callback import CallbackBase

DOCUMENTATION = """
    name: recon_events
    type: stdout
    short_description: events as JSON lines
    description: Writes what happens on which host into the file that RECON_EVENTS names.
"""

LONGEST_MESSAGE = 4096
LONGEST_DIFF = 65536


class CallbackModule(CallbackBase):
    CALLBACK_VERSION = 2.0
    CALLBACK_TYPE = "stdout"
    CALLBACK_NAME = "recon_events"

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        path = os.environ.get("RECON_EVENTS")
        self._events = open(path, "w", encoding="utf-8", errors="replace") if path else None
        self._plays = []  # the ids of all plays, in order
        self._batched = {}  # play -> the hosts that had their turn (serial)

    def _emit(self, event, **facts):
        if self._events is None:
            return
        facts["event"] = event
        try:
            self._events.write(json.dumps(facts, default=str) + "\n")
            self._events.flush()
        except (OSError, ValueError):
            self._events = None  # nobody listens any more; the run itself goes on

    # Where the run is.

    def v2_playbook_on_start(self, playbook):
        self._plays = [play._uuid for play in playbook.get_plays()]

    def v2_playbook_on_play_start(self, play):
        told = {"name": str(play.get_name()).strip()}
        try:
            facts = play.get_variable_manager().get_vars(play=play)
            done = self._batched.setdefault(play._uuid, set())
            done.update(facts["ansible_play_batch"])
            told["rest"] = [host for host in facts["ansible_play_hosts_all"] if host not in done]
            told["number"], told["of"] = self._plays.index(play._uuid) + 1, len(self._plays)
        except Exception:  # without it nobody can tell whether a run that failed went to its end elsewhere
            told.pop("rest", None)
        self._emit("play", **told)

    def v2_playbook_on_task_start(self, task, is_conditional):
        self._emit("task", task=task.get_name())

    def v2_playbook_on_handler_task_start(self, task):
        self._emit("task", task=task.get_name())

    def v2_runner_on_start(self, host, task):
        self._emit("begin", host=host.get_name(), task=task.get_name())

    def v2_playbook_on_no_hosts_remaining(self):
        self._emit("stopped")

    def v2_playbook_on_no_hosts_matched(self):
        self._emit("nobody")

    # What became of a task on a host.

    def v2_runner_on_ok(self, result):
        self._result("changed" if result._result.get("changed") else "ok", result)

    def v2_runner_on_skipped(self, result):
        self._result("skipped", result)

    def v2_runner_on_failed(self, result, ignore_errors=False):
        self._result("ignored" if ignore_errors else "failed", result)

    def v2_runner_on_unreachable(self, result):
        self._result("unreachable", result)

    def v2_runner_retry(self, result):
        facts = result._result
        self._emit("retry", host=result._host.get_name(), task=result._task.get_name(),
                   attempt=facts.get("attempts"), of=facts.get("retries"))

    def v2_playbook_on_stats(self, stats):
        self._emit("stats", hosts={host: stats.summarize(host) for host in stats.processed})

    def _result(self, event, result):
        facts = result._result
        told = {"host": result._host.get_name(), "task": result._task.get_name()}
        if self._hidden(result):
            told["hidden"] = True
        else:
            if event in ("failed", "ignored", "unreachable"):
                told["message"] = self._message(facts, self._cause(getattr(result, "exception", None)))[:LONGEST_MESSAGE]
            diff = self._changes(facts)
            if diff:
                told["diff"] = diff[:LONGEST_DIFF]
        self._emit(event, **told)

    @staticmethod
    def _hidden(result):
        parts = [result._result] + [r for r in result._result.get("results") or [] if isinstance(r, dict)]
        return bool(result._task.no_log) or any(p.get("_ansible_no_log") or "censored" in p for p in parts)

    @staticmethod
    def _cause(summary):
        """What is at the root of an error as Ansible 2.19 and later keep it: a chain of events, the last of which says it."""
        event = getattr(summary, "event", None)
        while getattr(event, "chain", None):
            event = event.chain.event
        return str(getattr(event, "msg", "") or "")

    @staticmethod
    def _message(facts, cause=""):
        """The words of what failed: of the items of a loop, those that did."""
        failed = [r for r in facts.get("results") or [] if isinstance(r, dict) and (r.get("failed") or r.get("unreachable"))]
        words = []
        for part in failed or [facts]:
            text = str(part.get("msg") or "").strip()
            thrown = str(part.get("exception") or "").strip()
            if thrown == "(traceback unavailable)":  # what is left of it for a callback
                thrown = cause if part is facts else ""
            more = str(part.get("stderr") or part.get("module_stderr") or thrown or part.get("stdout") or "").strip()
            if more and more not in text:
                text = (text + ": " if text else "") + more
            if "item" in part:
                text = "%s: %s" % (part["item"], text)
            words.append(text)
        return "; ".join(words)

    def _changes(self, facts):
        """What would change or has changed, as a diff; for a module that gives none, that it changed."""
        out = []
        for part in [facts] + [r for r in facts.get("results") or [] if isinstance(r, dict)]:
            if part.get("diff"):
                try:
                    out.append(self._get_diff(part["diff"]))
                except Exception:  # a module may give anything under this name
                    continue
        return "".join(out)
