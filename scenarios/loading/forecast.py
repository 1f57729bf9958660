"""Reads a forecast file and checks it; reports every problem at once, with key, value and remedy."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pydantic import ValidationError

import harness.planning.forecast as planned
from scenarios.loading.files import read_toml
from scenarios.schema.forecast_file import ForecastDocument
from scenarios.schema.names import OwnNames
from scenarios.schema.problems import Problem, ScenarioError, did_you_mean, one_of
from scenarios.schema.validation_errors import problems_of


@dataclass(frozen=True, slots=True)
class ForecastFile:
    """A forecast, and the number of instances that the shop had in each result."""

    forecast: planned.Forecast
    instances: Mapping[str, int]


def read_forecast(path: Path, results: Sequence[str], options: Collection[str] = ()) -> ForecastFile:
    """Read a forecast file; raises ``ScenarioError`` with every problem.

    ``results`` are the results of the command line, ``options`` the payment options that were measured in them.
    """
    return build_forecast(f"forecast {path}", read_toml(path, "forecast"), results, options)


def build_forecast(
    subject: str, document: Mapping[str, Any], results: Sequence[str], options: Collection[str] = ()
) -> ForecastFile:
    """Build a forecast from TOML tables; raises ``ScenarioError`` with every problem at once."""
    names = OwnNames(tuple(sorted(options)), remedy="an option of your shop's own must be in one of the results")
    named = _known_results(document)
    unknown = [
        Problem(
            f"instances.results.{name}",
            value,
            f"a result of the command line: {one_of(results)}" if results else "a result",
            did_you_mean(name, [Path(result).name for result in results]),
        )
        for name, value in named.items()
        if not any(_names_result(name, result) for result in results)
    ]
    try:
        read_document = ForecastDocument.model_validate(document, context=names)
    except ValidationError as error:
        raise ScenarioError(subject, [*problems_of(error, ForecastDocument, document), *unknown]) from None
    if unknown:
        raise ScenarioError(subject, unknown)
    counts = read_document.instances
    of_results = {
        result: next((n for name, n in counts.results.items() if _names_result(name, result)), counts.measured)
        for result in results
    }
    return ForecastFile(_planning_forecast(read_document), of_results)


def _planning_forecast(document: ForecastDocument) -> planned.Forecast:
    orders, conversion = document.orders, document.conversion
    return planned.Forecast(
        peak=planned.Peak(
            rate=orders.rate or 0.0,
            rate_uncertainty=orders.rate_uncertainty,
            factor=orders.peak_factor,
            factor_uncertainty=orders.peak_factor_uncertainty,
            past=tuple(each / 60 for each in orders.peaks_per_minute),
        ),
        confidence=document.confidence,
        seed=document.seed,
        draws=document.draws,
        run_effect=document.run_effect,
        growth=orders.growth,
        weeks=orders.weeks,
        retries=orders.retries,
        bought=conversion.bought if conversion else None,
        begun=conversion.begun if conversion else None,
        payments=document.payments.counts,
        instances=document.instances.now,
        lost=document.instances.lost,
        surge=document.surge.lasts,
        afterwards=document.surge.afterwards,
        what_ifs=tuple(
            planned.WhatIf(
                name=one.name, payments=one.payments.counts, bank_delay=one.bank_delay, sms_delay=one.sms_delay
            )
            for one in document.what_if
        ),
    )


def _known_results(document: Mapping[str, Any]) -> Mapping[str, Any]:
    instances = document.get("instances")
    named = instances.get("results") if isinstance(instances, Mapping) else None
    return named if isinstance(named, Mapping) else {}


def _names_result(name: str, result: str) -> bool:
    """Whether a name in the file means this result: by its path, or by the name of its folder."""
    path = Path(result)
    return name in {result, str(path), path.name, path.parent.name if path.suffix == ".json" else path.name}
