#!/usr/bin/env bash
# Make every table of expected numbers again:  make.sh [PYTHON]
# export.py writes the data as text, each R script reads it and the signatures of the catalogue.
set -euo pipefail
cd "$(dirname "$0")"
work="$(mktemp -d)"
trap 'rm -rf "$work"' EXIT
"${1:-python}" export.py "$work"
for script in coverage heatmap correlation survival random_signatures agreement cells; do
  Rscript --vanilla "$script.R" "$work" ../../../signatures
done
