"""Runs Python's `backoff` over generated policies and scripts, and writes down what it does.

One case a line, as JSON; `tests/it/differential.rs` reads them and says what each field means. It
needs `python-backoff==3.0.0` and nothing else. It waits on a virtual clock, so that no time passes,
and draws everything from one fixed seed, so that every run writes the same bytes. Another seed, and
a number of cases of each kind, give other cases: `.ci/deep ancestor`.

    python generate.py > vectors.jsonl
    python generate.py SEED CASES_OF_EACH
"""

import asyncio
import itertools
import json
import random
import sys
import types

import backoff
import backoff._async
import backoff._common
import backoff._sync

# A run that makes more calls than this is taken for one that does not end.
MOST_CALLS = 45
CASES_OF_EACH = 18

STRATEGIES = ["expo", "fibo", "constant", "sequence", "decay", "runtime"]
FORMS = ["on_exception", "on_predicate", "retry_context"]
NAMES_OF_GENERATORS = {"sequence": "constant"}

# Only `random()`: its numbers are promised to stay the same in all versions of Python.
RANDOM = random.Random(20260831)


def below(end):
    return int(RANDOM.random() * end)


def pick(options):
    return options[below(len(options))]


def chance(probability):
    return RANDOM.random() < probability


def seconds(most):
    """A time that both sides can hold: sixteenths are exact as floats, the others as decimals."""
    step = pick([1 / 16, 0.25, 1, 0.1, 0.001])
    return 1 + below(most) if step == 1 else round((1 + below(int(most / step))) * step, 9)


class Failure(Exception):
    def __init__(self, number):
        super().__init__(number)
        self.number = number


class Transient(Failure):
    pass


class Limited(Failure):
    pass


class Fatal(Failure):
    pass


FAILURES = {"transient": Transient, "limited": Limited, "fatal": Fatal}
GIVEUPS = {"even": lambda number: number % 2 == 0, "from_five": lambda number: number >= 5}
PREDICATES = {
    "falsy": lambda number: not number,
    "below_five": lambda number: number < 5,
    "odd": lambda number: number % 2 == 1,
}


class TooLong(BaseException):
    pass


class World:
    """The clock, the operation that plays the script, and the handlers, of one case."""

    def __init__(self, policy, script):
        self.policy = policy
        self.script = script
        # Whole nanoseconds, as the system's clocks count. Each time is rounded to the nearest one: a
        # real sleep rounds up, and the sum of many waits would then differ by the rounding alone.
        self.nanos = 0
        self.calls = 0
        self.slept = []
        self.events = []

    def monotonic(self):
        return self.nanos / 1e9

    def advance(self, time):
        self.nanos += int(time * 1e9 + 0.5)

    def sleep(self, time):
        self.slept.append(time)
        self.advance(time)

    async def sleep_async(self, time):
        self.sleep(time)
        await asyncio.sleep(0)

    def operation(self):
        if self.calls == MOST_CALLS:
            raise TooLong
        kind, number, takes = self.script[min(self.calls, len(self.script) - 1)]
        self.calls += 1
        self.advance(takes)
        if kind == "value":
            return number
        raise FAILURES[kind](number)

    async def operation_async(self):
        await asyncio.sleep(0)
        return self.operation()

    def giveup(self, failure):
        self.advance(self.policy.get("condition_takes", 0))
        return GIVEUPS[self.policy["giveup"]](failure.number)

    def predicate(self, number):
        self.advance(self.policy.get("condition_takes", 0))
        return PREDICATES[self.policy["predicate"]](number)

    def handler(self, event):
        def handle(details):
            outcome = None
            if "exception" in details:
                outcome = outcome_of(details["exception"])
            elif "value" in details:
                outcome = ["value", details["value"]]
            self.events.append(
                [
                    event,
                    details["tries"],
                    number(details["elapsed"]),
                    number(details["wait"]) if "wait" in details else None,
                    outcome,
                    number(self.monotonic()),
                ]
            )
            self.advance(self.policy.get("handlers_take", 0))

        return handle

    def keyword_arguments(self):
        policy = self.policy

        def given(value):
            return (lambda: value) if policy.get("callables") else value

        def coroutine(function):
            async def wrapped(argument):
                await asyncio.sleep(0)
                return function(argument)

            return wrapped if policy.get("coroutines") else function

        arguments = {name: given(value) for name, value in policy["arguments"].items()}
        if policy["strategy"] == "runtime":
            arguments["value"] = lambda what: getattr(what, "number", what) / 4
        for event in ["try", "success", "backoff", "giveup"]:
            arguments["on_" + event] = coroutine(self.handler(event))
        for limit in ["max_tries", "max_time"]:
            if limit in policy:
                arguments[limit] = given(policy[limit])
        if "giveup" in policy:
            arguments["giveup"] = coroutine(self.giveup)
        if "raise_on_giveup" in policy:
            arguments["raise_on_giveup"] = policy["raise_on_giveup"]
        return dict(arguments, jitter=None, logger=None)

    def call(self, form, is_async):
        """Makes the call in the form that is asked for, and returns what it returns."""
        strategy = self.policy["strategy"]
        generator = getattr(backoff, NAMES_OF_GENERATORS.get(strategy, strategy))
        arguments = self.keyword_arguments()
        if form == "on_predicate":
            # "falsy" is what it does when nothing is said.
            if self.policy["predicate"] != "falsy" or "condition_takes" in self.policy:
                arguments["predicate"] = self.predicate
            decorator = backoff.on_predicate(generator, **arguments)
        else:
            matches = self.policy["matches"]
            failures = tuple(FAILURES[name] for name in matches)
            failures = {1: failures[0], len(FAILURES): Exception}.get(len(matches), failures)
            if form == "retry_context" and is_async:
                return asyncio.run(self.in_line_async(failures, generator, arguments))
            if form == "retry_context":
                return self.in_line(failures, generator, arguments)
            decorator = backoff.on_exception(generator, failures, **arguments)
        if is_async:
            return asyncio.run(decorator(self.operation_async)())
        # A bound method has no attributes of its own for the decorator to copy.
        return decorator(lambda: self.operation())()

    def in_line(self, failures, generator, arguments):
        value = None
        for attempt in backoff.retry_context(failures, generator, **arguments):
            with attempt:
                value = self.operation()
        return value

    async def in_line_async(self, failures, generator, arguments):
        value = None
        async for attempt in backoff.aretry_context(failures, generator, **arguments):
            with attempt:
                value = await self.operation_async()
        return value


def number(value):
    """Shorter where it is whole; a float's `repr` loses nothing."""
    value = float(value)
    return int(value) if value.is_integer() else value


def outcome_of(failure):
    return [type(failure).__name__.lower(), failure.number]


def play(form, is_async, policy, script):
    """Everything that can be seen of the run, or None where it does not end."""
    world = World(policy, script)
    backoff._common.time = types.SimpleNamespace(monotonic=world.monotonic)
    backoff._sync.time = types.SimpleNamespace(sleep=world.sleep)
    backoff._async.asyncio = types.SimpleNamespace(sleep=world.sleep_async)
    try:
        returned = world.call(form, is_async)
        end = None if returned is None else ["value", returned]
    except Failure as failure:
        end = outcome_of(failure)
    except TooLong:
        return None
    return {
        "calls": world.calls,
        "slept": [number(time) for time in world.slept],
        "events": world.events,
        "end": end,
        "ended": number(world.monotonic()),
    }


def draw_arguments(strategy):
    if strategy == "expo":
        arguments = {
            "base": pick([2, 2, 2, 3, 10, 1, 1.5, 1.1, 0.5, 0.9, 2.0, 4]),
            "factor": pick([1, 1, 0.5, 0.1, 3, 0.001, 0, seconds(5)]),
            "max_value": pick([None, None, 0, 16, 5, 0.75, 60]),
        }
        # That is one of the deviations, and among the edges.
        if arguments["base"] < 1 and 0 < (arguments["max_value"] or 0) <= arguments["factor"]:
            del arguments["max_value"]
    elif strategy == "fibo":
        arguments = {"max_value": pick([None, None, 0, 1, 2, 4, 5, 7, 8, 30])}
    elif strategy == "constant":
        arguments = {"interval": pick([None, 0, 1, 0.25, 0.1, 3, seconds(10)])}
    elif strategy == "sequence":
        length = pick([0, 1, 2, 3, 4, 6])
        arguments = {"interval": [pick([0, 1, seconds(10)]) for _ in range(length)]}
    elif strategy == "decay":
        arguments = {
            "initial_value": pick([None, 1, 100, 10, 0.5, seconds(30)]),
            "decay_factor": pick([None, 1, 3, 0.5, 0.1, 0, 0.693]),
            "min_value": pick([None, 0, 5, 0.25, 0.01]),
        }
    else:
        arguments = {}
    return {name: value for name, value in arguments.items() if value is not None}


def draw_step(policy, role):
    """A step that this policy takes for a success, for something to retry, and so on."""
    takes = pick([0, 0, 0, 0.125, 0.5, seconds(2), seconds(2)])
    while True:
        kind, what = pick(["value", "transient", "transient", "limited", "fatal"]), below(10)
        if "predicate" in policy:
            if kind == "value":
                is_role = "retry" if PREDICATES[policy["predicate"]](what) else "success"
            else:
                is_role = "unmatched"
        elif kind == "value":
            is_role = "success"
        elif kind not in policy["matches"]:
            is_role = "unmatched"
        elif "giveup" in policy and GIVEUPS[policy["giveup"]](what):
            is_role = "refused"
        else:
            is_role = "retry"
        if is_role == role:
            return [kind, what, takes]


def draw_case(form, is_async, strategy, place):
    """A policy and a script. The place says how the run is meant to end."""
    plan = place % 9
    policy = {"strategy": strategy, "arguments": draw_arguments(strategy)}
    if form == "on_predicate":
        policy["predicate"] = pick(list(PREDICATES))
        if chance(0.15):
            policy["condition_takes"] = seconds(1)
    else:
        # All three are `Exception`: then nothing is unmatched.
        all_three = [["transient", "limited", "fatal"]] if plan != 7 else []
        policy["matches"] = pick([["transient"], ["transient", "limited"]] + all_three)
        if plan == 6 or chance(0.3):
            policy["giveup"] = pick(list(GIVEUPS))
            if chance(0.4):
                policy["condition_takes"] = seconds(1)
        if chance(0.15):
            policy["raise_on_giveup"] = False
    if plan in (3, 5) or plan in (2, 8) and chance(0.6):
        policy["max_tries"] = 1 + below(8)
    if plan in (4, 5) or plan in (2, 8) and chance(0.6):
        policy["max_time"] = seconds(20)
    if chance(0.2):
        policy["callables"] = True
    if chance(0.15):
        policy["handlers_take"] = seconds(1)
    if is_async and chance(0.5):
        policy["coroutines"] = True

    retries = 0 if plan == 0 else 1 + below(5)
    last = {0: "success", 1: "success", 2: "success", 6: "refused", 7: "unmatched"}
    last = last.get(plan, "retry" if plan != 8 else pick(["success", "retry"]))
    if last == "refused" and form == "on_predicate":
        last = "unmatched"
    script = [draw_step(policy, "retry") for _ in range(retries)] + [draw_step(policy, last)]
    return policy, script


def edges():
    """What chance would rarely hit."""
    busy, late = ["transient", 3, 0], ["transient", 1, 0.5]
    failing = {"matches": ["transient"]}

    def case(strategy, arguments, script, **policy):
        return dict(failing, strategy=strategy, arguments=arguments, **policy), script

    yield case("expo", {}, [busy] * 11 + [["value", 1, 0]])
    yield case("expo", {}, [busy], max_time=10)
    yield case("expo", {}, [busy], max_time=0)
    yield case("expo", {}, [busy], max_tries=1)
    yield case("expo", {"max_value": 1}, [late], max_tries=30)
    # Zero and less are no limit.
    for tries in [0, -1, -10]:
        yield case("constant", {}, [busy] * 12 + [["value", 1, 0]], max_tries=tries)
        yield case("fibo", {}, [late], max_tries=tries, max_time=30)
    # A deadline that is hit exactly by an attempt, and one that an attempt begins at.
    yield case("constant", {"interval": 1}, [["transient", 1, 1]], max_time=5)
    yield case("constant", {"interval": 1}, [["transient", 1, 0.5]], max_time=2.5)
    yield case("constant", {"interval": 0.1}, [busy], max_time=0.3)
    yield case("constant", {"interval": 0.1}, [["transient", 1, 0.1]], max_time=0.7)
    # Both limits are reached by the same attempt.
    yield case("constant", {"interval": 1}, [busy], max_time=4, max_tries=5)
    # The waits end when the tries do, and when the time does.
    yield case("sequence", {"interval": [1, 2]}, [busy], max_tries=3)
    yield case("sequence", {"interval": [1, 2]}, [busy], max_time=3)
    yield case("sequence", {"interval": []}, [busy])
    # The first wait is above the cap, and later ones, which shrink, would be below it.
    for base, factor, cap in [(0.5, 10, 3), (0.9, 2, 2), (0.5, 8, 1)]:
        yield case("expo", {"base": base, "factor": factor, "max_value": cap}, [busy], max_tries=7)
    # Waits of more than 584 years, which a limit cuts or nothing does.
    yield case("expo", {"base": 10}, [busy], max_tries=16)
    yield case("expo", {"base": 10, "factor": 1000}, [late], max_tries=30, max_time=1000)
    yield case("expo", {"base": 3.5, "factor": 60}, [late], max_tries=24)
    yield case("fibo", {}, [busy], max_tries=40)
    yield case("decay", {}, [busy], max_tries=40)
    yield case("decay", {"initial_value": 0}, [busy], max_tries=4)
    yield case("decay", {"initial_value": 1, "min_value": 2}, [busy], max_tries=4)
    yield case("decay", {"initial_value": 1000000, "decay_factor": 0.01}, [late], max_tries=40)
    yield case("runtime", {}, [busy, ["transient", 0, 0], ["transient", 9, 0]], max_time=10)


def cases(cases_of_each):
    for strategy in STRATEGIES:
        for form in FORMS:
            for is_async in [False, True]:
                for place in range(cases_of_each):
                    told = None
                    while told is None:
                        policy, script = draw_case(form, is_async, strategy, place)
                        told = play(form, is_async, policy, script)
                    yield form, is_async, policy, script, told


def cases_of_edges():
    for place, (policy, script) in enumerate(edges()):
        form, is_async = ["on_exception", "retry_context"][place % 2], place % 4 > 1
        yield form, is_async, policy, script, play(form, is_async, policy, script)


def main():
    assert backoff.__version__ == "3.0.0", backoff.__version__
    if len(sys.argv) > 1:
        seed, cases_of_each = map(int, sys.argv[1:])
        RANDOM.seed(seed)
        all_cases = cases(cases_of_each)
    else:
        all_cases = itertools.chain(cases(CASES_OF_EACH), cases_of_edges())
    for place, (form, is_async, policy, script, told) in enumerate(all_cases):
        case = dict(told, case=place, form=form, policy=policy, script=script)
        if is_async:
            case["async"] = True
        sys.stdout.write(json.dumps(case, sort_keys=True, separators=(",", ":")) + "\n")


if __name__ == "__main__":
    main()
