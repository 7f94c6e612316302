"""What shall go wrong, for which calls: rules that tests and people set, and their matching."""

import fnmatch
import threading
from dataclasses import asdict, dataclass, field

from calls import Call

# EC2's code for what the caller's policy does not allow.
DENIED = "UnauthorizedOperation"


@dataclass
class Rule:
    """One thing that goes wrong. `kind` says what, the other fields say for which calls."""

    # error: this answer instead of the real one. cut: the connection ends without an answer, `after` or before the
    # call was carried out. pause: the call waits for `resume`. None of them asks a clock: what is to last for some
    # time would meet a busy machine's calls less often.
    kind: str
    actions: list[str] = field(default_factory=lambda: ["*"])
    code: str = ""
    message: str = ""
    status: int = 400
    after: bool = False
    region: str | None = None
    zones: list[str] | None = None
    spot: bool | None = None
    types: list[str] | None = None
    # The first call that it concerns, counted from 1 among those that match, and how many from there on.
    nth: int = 1
    times: int | None = None
    seen: int = 0

    def ends_the_call(self) -> bool:
        """Whether a call that meets it goes no further."""
        return not self.after and self.kind in ("error", "cut")


@dataclass
class Facts:
    """What rules can ask about a call, besides its action."""

    zone: str | None
    spot: bool
    instance_type: str | None


class Faults:
    """The rules in force; safe for many threads."""

    def __init__(self):
        self._rules: list[Rule] = []
        self._lock = threading.Lock()
        self._resumed = threading.Condition()
        self._generation = 0
        self.paused: Call | None = None
        # How many looks at a new instance miss it, and how many instances shall die while pending.
        self.unknown_looks = 0
        self.dying = 0

    def add(self, rule: Rule) -> None:
        with self._lock:
            self._rules.append(rule)

    def clear(self) -> None:
        with self._lock:
            self._rules.clear()
            self.unknown_looks, self.dying = 0, 0
        self.resume()

    def in_force(self) -> list[dict]:
        with self._lock:
            rules = [{name: value for name, value in asdict(rule).items() if value is not None} for rule in self._rules]
        return rules + [{"kind": kind, "value": value}
                        for kind, value in (("unknown_looks", self.unknown_looks), ("dying", self.dying)) if value]

    def matching(self, call: Call, facts: Facts) -> list[Rule]:
        """The rules that concern this call; it counts as seen by them. What one rule ends, later rules never see: they
        wait for their turn."""
        found = []
        with self._lock:
            for rule in self._rules:
                if self._concerns(rule, call, facts):
                    found.append(rule)
                    if rule.ends_the_call():
                        break
        return found

    @staticmethod
    def _concerns(rule: Rule, call: Call, facts: Facts) -> bool:
        names = call.permissions() if rule.code == DENIED else {call.action}
        if not any(fnmatch.fnmatchcase(name, action) for name in names for action in rule.actions):
            return False
        if rule.region is not None and rule.region != call.region:
            return False
        if rule.zones is not None and facts.zone not in rule.zones:
            return False
        if rule.spot is not None and rule.spot != facts.spot:
            return False
        if rule.types is not None and facts.instance_type not in rule.types:
            return False
        rule.seen += 1
        return rule.seen >= rule.nth and (rule.times is None or rule.seen < rule.nth + rule.times)

    def pause(self, call: Call, gone) -> bool:
        """Holds the call until `resume`; False when its client went away meanwhile (`gone()`)."""
        with self._resumed:
            generation = self._generation
            self.paused = call
            while self._generation == generation:
                if gone():
                    self.paused = None
                    return False
                self._resumed.wait(0.05)
        return not gone()

    def resume(self) -> None:
        with self._resumed:
            self._generation += 1
            self.paused = None
            self._resumed.notify_all()
