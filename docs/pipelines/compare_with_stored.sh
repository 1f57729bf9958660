#!/bin/sh
# Loads the shop at $HOST with $SCENARIO, and compares the run with those in the folder baselines. gate-results holds the last run only.
# Exit codes: 3 the shop is worse, 4 the run is invalid, 2 something is missing or wrong. If nothing is decided: 0 and a warning,
# or 5 with UNDECIDED=fail.
set -u
if [ -z "${HOST:-}" ] || [ -z "${SCENARIO:-}" ]; then
    echo "Set HOST to the address of the new version, and SCENARIO to the scenario of the stored runs." >&2
    exit 2
fi
if ! ls baselines/*.json.gz >/dev/null 2>&1; then
    echo "$(pwd)/baselines has no stored runs. Store one there with: checkload baseline add RESULT" >&2
    exit 2
fi
rm -rf gate-results
checkload run "$SCENARIO" --host "$HOST" --results gate-results
run=$?
[ $run -eq 0 ] || [ $run -eq 5 ] || exit $run
checkload regress history gate-results
code=$?
[ $code -ne 0 ] || code=$run
if [ $code -eq 5 ] && [ "${UNDECIDED:-warn}" != fail ]; then
    echo "WARNING: nothing is decided, which is no pass. The answer above says why. The pipeline goes on; UNDECIDED=fail stops it."
    exit 0
fi
exit $code
