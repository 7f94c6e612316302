"""`region NAME fault ...`: words of the command line turned into a request to the region."""

import faults

USAGE = """
    error ACTION CODE [MESSAGE]    answer with this error (--status 400)
    deny ACTION                    UnauthorizedOperation; also CreateTags (at birth) and PassRole
    throttle                       RequestLimitExceeded for everything (--action ACTION)
    down                           the connection ends at once (--action ACTION)
    unavailable                    503 for everything (--action ACTION)
    drop ACTION                    carry it out, then end the connection without an answer (once)
    capacity [ZONE...]             no machines in these zones (all); --type TYPE, --spot
    spot                           no spot capacity, anywhere
    unknown LOOKS                  so many looks at each new instance miss it (InvalidInstanceID.NotFound)
    dies [COUNT]                   the next instances (1) end while they are pending
    console late N                 the next N answers about a console are empty
    console empty                  all are
    console wrong-key              consoles show another host key than the computers have
    pause before|after N|ACTION    hold the Nth call from now, or that action, until `resume`
    paused                         print the call that is held, or null
    resume                         let it go on
    list, clear                    show what is set; end it all

  For each that has an ACTION: --nth N (from the Nth matching call on), --times N (so many), --region REGION.
  ACTION may have wildcards (Describe*) or be a list (A,B). A call that is answered with one fault is not counted by those
  that were set later.
"""

CAPACITY = ("We currently do not have sufficient {type} capacity in the Availability Zone you requested ({zone}). Our "
            "system will be working on provisioning additional capacity.")
_NO_SPOT = "There is no Spot capacity available that matches your request."
_DENIED = "You are not authorized to perform this operation. Encoded authorization failure message: b3BhcXVl"

_OPTIONS = {"--status": int, "--nth": int, "--times": int, "--region": str, "--action": str, "--type": str}
_PLAIN = {"paused": "paused", "resume": "resume", "clear": "clear", "list": "faults"}


class FaultError(Exception):
    """The words make no sense; the message says why."""


def request(words: list[str]) -> tuple[str, dict]:
    """What to ask the region for, and with which arguments."""
    positional, options = _split(words)
    if not positional:
        raise FaultError("which fault? see `region help`")
    kind, *rest = positional
    if kind in _PLAIN:
        return _PLAIN[kind], {}
    if kind == "unknown":
        return "unknown_looks", {"count": _number(kind, rest)}
    if kind == "dies":
        return "dying", {"count": int(rest[0]) if rest else 1}
    if kind == "console":
        return "console", _console(rest)
    make = _RULES.get(kind)
    if make is None:
        raise FaultError(f"unknown fault `{kind}`; see `region help`")
    try:
        rule = make(rest, options)
    except IndexError:
        raise FaultError(f"`{kind}` needs more words; see `region help`") from None
    return "rule", {**rule, **_limits(options)}


def _split(words: list[str]) -> tuple[list[str], dict]:
    positional, options = [], {}
    remaining = iter(words)
    for word in remaining:
        if word == "--spot":
            options["--spot"] = True
        elif word.startswith("--"):
            convert = _OPTIONS.get(word)
            value = next(remaining, None)
            if convert is None or value is None:
                raise FaultError(f"`{word}` is unknown or needs a value")
            options[word] = convert(value)
        else:
            positional.append(word)
    return positional, options


def _limits(options: dict) -> dict:
    return {name: options[f"--{name}"] for name in ("nth", "times", "region") if f"--{name}" in options}


def _number(kind: str, words: list[str]) -> int:
    if len(words) != 1 or not words[0].isdigit():
        raise FaultError(f"`{kind}` needs a number; see `region help`")
    return int(words[0])


def _error(actions: str, code: str, message: str, status: int, **more) -> dict:
    return {"kind": "error", "actions": actions.split(","), "code": code, "message": message, "status": status, **more}


def _capacity(zones: list[str], options: dict) -> dict:
    message = CAPACITY.format(type=options.get("--type", "instance"), zone=", ".join(zones) or "any")
    conditions = {
        "zones": zones or None,
        "types": [options["--type"]] if "--type" in options else None,
        "spot": options.get("--spot"),
    }
    return _error("RunInstances", "InsufficientInstanceCapacity", message, 500, **conditions)


def _console(words: list[str]) -> dict:
    match words:
        case ["late", count] if count.isdigit():
            return {"how": "late", "count": int(count)}
        case ["empty"]:
            return {"how": "empty", "count": 1_000_000_000}
        case ["wrong-key"]:
            return {"how": "wrong-key", "count": 0}
    raise FaultError("console late N, empty or wrong-key?")


def _pause(words: list[str], _options: dict) -> dict:
    if words[0] not in ("before", "after"):
        raise FaultError("pause before or after?")
    rule = {"kind": "pause", "after": words[0] == "after", "times": 1}
    return {**rule, "nth": int(words[1])} if words[1].isdigit() else {**rule, "actions": words[1].split(",")}


_RULES = {
    "error": lambda words, options: _error(words[0], words[1], " ".join(words[2:]), options.get("--status", 400)),
    "deny": lambda words, _: _error(words[0], faults.DENIED, _DENIED, 403),
    "throttle": lambda _, options: _error(options.get("--action", "*"), "RequestLimitExceeded", "Request limit exceeded.", 503),
    "unavailable": lambda _, options: _error(options.get("--action", "*"), "Unavailable",
                                             "The service is unavailable. Please try again shortly.", 503),
    "down": lambda _, options: {"kind": "cut", "actions": options.get("--action", "*").split(",")},
    "drop": lambda words, _: {"kind": "cut", "after": True, "actions": words[0].split(","), "times": 1},
    "capacity": _capacity,
    "spot": lambda _, __: _error("RunInstances", "InsufficientInstanceCapacity", _NO_SPOT, 500, spot=True),
    "pause": _pause,
}
