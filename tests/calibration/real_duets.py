"""Runs `checkload regress duet` for real, against embedded shops whose service times differ by a known share.

python tests/calibration/real_duets.py FOLDER [--rounds 40] [--write docs/ci-gate.md]

Each round is a load of 60 s. During every second one, a busy loop takes one core. FOLDER keeps all results: a second call
makes only the rounds that are missing. Every round is judged as the first round of a duet, and three of a kind in a row as a
whole duet.
"""

import argparse
import contextlib
import json
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from harness.objectives.verdict import Verdict
from harness.regression.comparison import Comparison
from harness.regression.figures import Plan
from harness.regression.pairing import Side
from harness.regression.tolerance import DUET_LOOKS, RunEffect, Tolerance
from harness.results.result import Result
from harness.results.store import read, run_folder
from scenarios.commands.run import command_line
from scenarios.regression.duet import Busy, BusyShare, DuetRounds, compare_results, play
from scenarios.regression.load_runs import LoadRuns
from shop.serving.process import ShopProcess
from shop.settings import ServiceSettings, Settings
from users.population.accounts import AccountPool

LOAD = """
description = "Guests and customers at two versions of a shop."
seed = {seed}
objectives = ["journey failures < 5%"]
[arrivals]
rate = "10/s"
duration = "60s"
[journeys]
guest = 60
returning = 40
[think]
scale = 0
[accounts]
file = "accounts.csv"
"""
SERVICE = 0.1
"""Mean service time of a page of the baseline, in seconds; lognormal."""
KINDS = (1.0, 1.1, 1.0, 1.2)
"""How much slower the candidates of successive pairs of rounds are."""
BUSY, FACTS = "busy", "round.json"
PLAN = Plan(Tolerance(), RunEffect(), DUET_LOOKS)
BEGIN, END = "<!-- real duets: written by tests/calibration/real_duets.py -->", "<!-- real duets: end -->"


@dataclass(frozen=True)
class Round:
    """One load: how much slower its candidate was, whether a busy loop ran, the busy share of the machine, the results."""

    slower: float
    loaded: bool
    busy: float
    results: tuple[Result, Result]


def make_round(folder: Path, number: int) -> None:
    """Run one load against two shops, and keep its results and facts in ``folder``."""
    slower, loaded = KINDS[number // 2 % len(KINDS)], number % 2 == 1
    folder.mkdir(parents=True, exist_ok=True)
    accounts, load = folder / "accounts.csv", folder / "load.toml"
    AccountPool.generate(80, 80, number).write_csv(accounts)
    load.write_text(LOAD.format(seed=number + 1), encoding="utf-8")
    with contextlib.ExitStack() as ends:
        hosts = {}
        for side, factor in zip(Side, (1.0, slower), strict=True):
            service = ServiceSettings(default=SERVICE * factor, distribution="lognormal")
            shop = ShopProcess.start(Settings(service=service, accounts_file=str(accounts)))
            ends.callback(shop.stop)
            hosts[side] = shop.url
        if loaded:
            loop = subprocess.Popen([sys.executable, "-c", "while True: pass"])
            ends.callback(loop.wait)
            ends.callback(loop.kill)
        busy = BusyShare()
        busy()
        LoadRuns(command_line(str(load), ()), hosts, folder).run_pair("load")
        if (measured := busy()) is None:
            raise SystemExit("this machine does not say how busy it is: /proc/stat cannot be read")
        facts = {"slower": slower, "loaded": loaded, BUSY: measured.share}
    accounts.unlink()
    (folder / FACTS).write_text(json.dumps(facts), encoding="utf-8")


def rounds_in(folder: Path) -> Iterator[Round]:
    """All rounds that are complete."""
    for path in sorted(folder.glob(f"*/{FACTS}")):
        facts = json.loads(path.read_text(encoding="utf-8"))
        load = run_folder(path.parent / "load")
        yield Round(**facts, results=(read(load), read(load / "candidate")))


def judged(rounds: list[Round], *, refuse: bool = True) -> Verdict:
    """How a duet of these rounds ends; with ``refuse`` off, also on a machine that is too busy."""
    shares = iter([None, *(Busy(one.busy) for one in rounds), None])

    def compare(done: Sequence[tuple[Result, Result]]) -> Comparison:
        return compare_results(done, 0.95, PLAN)

    left = iter(rounds)
    done = DuetRounds()
    with contextlib.suppress(StopIteration):
        return play(
            lambda _: next(left).results,
            compare,
            lambda: next(shares) if refuse else None,
            say=lambda _: None,
            done=done,
        ).verdict
    return compare(done.rounds).verdict


def table(rounds: list[Round]) -> Iterator[str]:
    """The lines of the table."""
    yield "| candidate | machine | judged after | duets | failed | passed | inconclusive | refused | if nothing were refused: failed | passed | inconclusive | all pages worse by |"
    yield "|---|---|---|---:|---:|---:|---:|---:|---:|---:|---:|---|"
    for slower in sorted(set(KINDS)):
        for loaded in (False, True):
            kind = [one for one in rounds if one.slower == slower and one.loaded == loaded]
            for size in (1, 3):
                duets = [kind[at : at + size] for at in range(0, len(kind) - size + 1, size)]
                ends, anyway = Counter(map(judged, duets)), Counter(judged(each, refuse=False) for each in duets)
                shown = [ends[each] for each in (Verdict.FAILED, Verdict.PASSED, Verdict.INCONCLUSIVE, Verdict.INVALID)]
                shown += [anyway[each] for each in (Verdict.FAILED, Verdict.PASSED, Verdict.INCONCLUSIVE)]
                who = "the same shop" if slower == 1 else f"{slower - 1:.0%} slower".replace("%", " %")
                what = f"one core taken ({busy_of(kind)})" if loaded else f"as it was ({busy_of(kind)})"
                when = "one round" if size == 1 else "up to three rounds"
                yield "| " + " | ".join([who, what, when, str(len(duets)), *map(str, shown), changes(duets)]) + " |"


def changes(duets: list[list[Round]]) -> str:
    """The lowest and the highest estimate of how much longer all pages take."""
    found = [compare_results([one.results for one in each], 0.95, PLAN).figures[1].change for each in duets]
    known = [one for one in found if one is not None]
    return f"{min(known):+.1%} to {max(known):+.1%}".replace("%", " %") if known else "not known"


def busy_of(rounds: list[Round]) -> str:
    """The lowest and the highest busy share of the machine in these rounds."""
    shares = [one.busy for one in rounds]
    return f"{min(shares):.0%} to {max(shares):.0%} busy".replace("%", " %") if shares else "no round"


def asked_for(arguments: list[str] | None) -> argparse.Namespace:
    """The parsed arguments; wrong ones end the process with code 2."""
    parser = argparse.ArgumentParser(description="Run duets for real, and print how they end.")
    parser.add_argument("folder", type=Path)
    parser.add_argument("--rounds", type=int, default=40, metavar="N")
    parser.add_argument("--write", type=Path, metavar="FILE")
    return parser.parse_args(arguments)


def main() -> None:
    """Make the missing rounds, and print or write the table."""
    asked = asked_for(None)
    for number in range(asked.rounds):
        folder = asked.folder / f"{number:02}"
        if not (folder / FACTS).exists():
            make_round(folder, number)
            sys.stderr.write(f"round {number + 1} of {asked.rounds}\n")
    text = "\n".join(table(list(rounds_in(asked.folder))))
    sys.stdout.write(text + "\n")
    if asked.write is not None:
        before, _, rest = asked.write.read_text(encoding="utf-8").partition(BEGIN)
        _, _, after = rest.partition(END)
        asked.write.write_text(f"{before}{BEGIN}\n\n{text}\n\n{END}{after}", encoding="utf-8")


if __name__ == "__main__":
    main()
