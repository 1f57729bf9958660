#!/bin/sh
# Loads the shop at $HOST and compares the run with those in baselines/. Ends with 0 unless the shop is worse, or the run invalid.
set -u
checkload run "$SCENARIO" --host "$HOST" --results out
code=$?
[ $code -eq 0 ] || [ $code -eq 5 ] || exit $code
if [ "$(ls baselines | wc -l)" -ge 8 ]; then
    checkload regress history out
else
    checkload compare "baselines/$(ls baselines | tail -n 1)" out
fi
code=$?
if [ $code -eq 5 ]; then
    echo "Undecided: the pipeline goes on. More stored runs show smaller differences."
    exit 0
fi
exit $code
