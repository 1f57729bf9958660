"""The order of a walk: look at what the shop offers, pay with each option, answer each code, sign in."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace

from scenarios.doctor.diagnosis.customers import lacks_token
from scenarios.doctor.diagnosis.diagnose import all_refused, diagnose
from scenarios.doctor.diagnosis.failure import Failure
from scenarios.doctor.finding import Finding, same_cause
from scenarios.doctor.recording import WalkEnded
from scenarios.doctor.walking.choice import Choice
from scenarios.doctor.walking.customers import SIGNING_IN, Customers
from scenarios.doctor.walking.examination import Examination
from scenarios.doctor.walking.manner import Manner, adapt
from scenarios.doctor.walking.offer import not_offered, offered_options, option_notes, stock_note
from scenarios.doctor.walking.paths import PathEnd, WalkedPath, WalkPath, payment_paths, sms_paths
from scenarios.doctor.walking.shopper import Attempt, PathWalker, may_have_paid
from scenarios.doctor.walking.token_search import find_token

MOST_TRIES = 30
"""The most times that one path is walked, each time with something changed."""

_FOR_ALL = frozenset({"not_found", "storefront_page"})
"""With these, what was found before them is only a symptom: the address is not that of the API."""

_MERE = frozenset({"other_slugs", "no_accounts"})
"""Notes that need no action; they come last."""

LONGEST_WAITS = 120.0
"""Seconds that a walk waits at most for a shop that throttles, in all."""


@dataclass(slots=True)
class Walk:
    """A whole walk.

    ``announce`` is told before the first order how many may be placed, ``progress`` of each path that has been walked, ``wait`` of
    each wait for a shop that throttles, in seconds.
    """

    walker: PathWalker
    manner: Manner
    customers: Customers
    choice: Choice = field(default_factory=Choice)
    announce: Callable[[int], None] = lambda _orders: None
    progress: Callable[[WalkedPath], None] = lambda _walked: None
    wait: Callable[[float], None] = lambda _seconds: None
    found: Examination = field(init=False)
    _under_way: tuple[WalkPath, int] | None = field(init=False, default=None)
    _waited: float = field(init=False, default=0.0)

    def __post_init__(self) -> None:
        self.found = Examination(self.walker.url, places_orders=self.walker.places_orders)

    def run(self) -> Examination:
        """Walk all paths; ends early when the time is up."""
        try:
            self._run()
        except WalkEnded as ended:
            self._end_early(str(ended))
        except KeyboardInterrupt:
            self._end_early("was interrupted")
        self._note_media_types()
        self._join_refusals()
        self.found.changed = dict(self.manner.changed)
        findings = self.found.findings
        notes = [note for note in self.found.notes if not any(same_cause(note, one) for one in findings)]
        self.found.notes[:] = sorted(notes, key=lambda note: note.code in _MERE)
        return self.found

    def _end_early(self, why: str) -> None:
        """Keep the exchanges of the path that was under way; it may have placed an order."""
        self.found.ended_early = why
        if self._under_way is not None:
            path, first = self._under_way
            exchanges = self.walker.recorder.exchanges[first:]
            walked = WalkedPath(path, PathEnd.SKIPPED, exchanges, may_have_ordered=may_have_paid(exchanges))
            self.found.paths.append(walked)

    def _run(self) -> None:
        buyer, options = self._look()
        works = ""
        if buyer:
            works = self._pay(buyer, options)
        elif self._is_shut():
            return
        for journey in SIGNING_IN:
            if journey == buyer or journey not in self.choice.journeys:
                continue
            if self.customers.invented and journey not in self.choice.used_journeys:
                continue
            if self.customers.can_try(journey):
                self._walk(WalkPath(journey, works))
            elif not self.customers.invented:
                self.found.notes.append(self.customers.missing(journey))

    def _look(self) -> tuple[str, Sequence[str]]:
        """Walk up to the payment options: who can buy (empty: no shopper), and the known options that are offered."""
        for journey in ("guest", *SIGNING_IN):
            if journey not in self.choice.journeys or (journey != "guest" and not self.customers.has(journey)):
                continue
            attempt = self._attempt(WalkPath(journey))
            if attempt.walked.end is PathEnd.OK:
                page_context, recipes = attempt.context.last_response.page_context, self.manner.policy.recipes
                self.found.facts = replace(self.found.facts, options=offered_options(page_context))
                for finding in (*stock_note(attempt.walked.exchanges), *option_notes(page_context, recipes)):
                    self._note(finding, stops=finding.stops)
                return journey, [
                    option.payment_type
                    for option in self.found.facts.options
                    if option.known or option.payment_type in recipes
                ]
            if self._is_shut():
                break
        return "", ()

    def _is_shut(self) -> bool:
        """Whether the shop stopped a shopper before the first page of its own, so that all others stop there, too."""
        return any(walked.last_try <= 1 for walked in self.found.stopped)

    def _pay(self, buyer: str, options: Sequence[str]) -> str:
        """Pay with each option, and answer codes in each way; returns an option that works, or an empty text."""
        for option in self.choice.options:
            if option not in options:
                self._note(not_offered(option), stops=True)
        usable = [option for option in options if option not in self.choice.excluded]
        three_d = self.choice.three_d and self.walker.places_orders
        paths = list(payment_paths(buyer, usable, three_d=three_d))
        if self.walker.places_orders:
            self.announce(len(paths) + len(self.choice.scripts) + len(SIGNING_IN))
        walked = [self._walk(path) for path in paths]
        asking = next((one.path.option for one in walked if one.asked_for_code and one.end is PathEnd.OK), "")
        for path in sms_paths(buyer, asking, list(self.choice.scripts) if asking else ()):
            self._walk(path)
        return next((one.path.option for one in walked if one.end in (PathEnd.OK, PathEnd.LEFT)), "")

    def _walk(self, path: WalkPath) -> WalkedPath:
        return self._attempt(path).walked

    def _attempt(self, path: WalkPath) -> Attempt:
        """Walk a path until it passes, or until nothing is left to change."""
        known, first = dict(self.manner.changed), len(self.walker.recorder.exchanges)
        self._under_way = path, first
        for _ in range(MOST_TRIES):
            with self.customers.account(path.journey) as account:
                invented = self.customers.invented and account is not None
                attempt = self.walker.walk(path, self.manner, account, invented=invented)
            if attempt.failure is None:
                break
            failure = self._with_token(attempt.failure)
            finding = diagnose(failure)
            if not self.choice.uses(path):
                finding = replace(finding, stops=False)
            attempt.walked.finding = finding
            attempt.walked.end = PathEnd.STOPPED if finding.stops else PathEnd.SKIPPED
            changed = dict(self.manner.changed)
            if adapt(self.manner, failure, finding, attempt.context):
                # What another try can do without a change of the scenario stops no shopper.
                self._note(finding, stops=finding.stops and changed != self.manner.changed)
            else:
                self._note(finding, stops=finding.stops)
                if not self._waits(failure, finding):
                    break
        attempt.walked.exchanges = self.walker.recorder.exchanges[first:]
        attempt.walked.changed = tuple(key for key in self.manner.changed if key not in known)
        self._under_way = None
        self.found.paths.append(attempt.walked)
        self.progress(attempt.walked)
        return attempt

    def _waits(self, failure: Failure, finding: Finding) -> bool:
        """Wait as long as a shop that throttles says, if it has let some requests pass; the path is then walked again."""
        said = failure.exchange.reply_headers.get("retry-after", "")
        passed = any(200 <= one.status < 300 for one in self.walker.recorder.exchanges)  # noqa: PLR2004 - RFC 9110 section 15
        if finding.code != "throttled" or not passed or not (said.isascii() and said.isdecimal()):
            return False
        seconds = float(said[:6]) + 0.5
        if seconds > min(LONGEST_WAITS - self._waited, self.walker.recorder.left):
            return False
        self._waited += seconds
        self.wait(seconds)
        self.walker.sleep(seconds)
        return True

    def _join_refusals(self) -> None:
        """Name one cause instead of many if the shop has refused every single request."""
        exchanges = self.walker.recorder.exchanges
        if len(self.found.findings) > 1 and all(400 <= one.status < 500 for one in exchanges):  # noqa: PLR2004 - RFC 9110 section 15
            finding = all_refused(exchanges)
            self.found.findings[:] = [finding]
            for walked in self.found.stopped:
                walked.finding = finding

    def _with_token(self, failure: Failure) -> Failure:
        """The failure, with the page that gives a token, if that is what is missing."""
        if not lacks_token(failure):
            return failure
        transport = self.walker.open(self.manner)
        try:
            return replace(failure, token=find_token(transport, self.walker.recorder))
        finally:
            transport.close()

    def _note_media_types(self) -> None:
        """Note pages with JSON under another media type; a finding if the scenario calls that a failure."""
        pages = sorted(self.walker.observer.mislabelled)
        if pages:
            named = ", ".join(pages[:3]) + (f" and {len(pages) - 3} more" if len(pages) > 3 else "")  # noqa: PLR2004
            seen = f"was JSON under another media type, on {named}"
            remedy = (
                'have the shop say application/json; a run only warns of it, with content_type = "warn" in [conduct]'
            )
            stops = self.manner.policy.json_as_json
            finding = Finding("media_type", "The reply", seen, remedy, "[conduct] content_type", '"warn"', stops)
            self._note(finding, stops=stops)

    def _note(self, finding: Finding, *, stops: bool) -> None:
        """Keep a finding, each cause only once: of many products that are sold out, the first."""
        kept = self.found.findings if stops else self.found.notes
        if finding.code in _FOR_ALL:
            kept[:] = [one for one in kept if one.code != "csrf_elsewhere"]
        elif finding.code == "csrf_elsewhere":  # a shop that refuses a post without a token does want one
            kept[:] = [one for one in kept if (one.code, one.value) != ("csrf_elsewhere", '""')]
        if all(not same_cause(finding, one) for one in kept):
            kept.append(replace(finding, stops=stops))
