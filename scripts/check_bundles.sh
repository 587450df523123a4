#!/usr/bin/env bash
# Rebuilds the front ends and fails where a committed bundle is not what its sources give.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
static=emocam_widgets/widgets/static
before=$(mktemp -d)
trap 'rm -rf "$before"' EXIT
cp -R "$static/." "$before"
npm --prefix js run --silent build >/dev/null
if ! diff -rq "$before" "$static"; then
    echo "emocam: the bundles in $static were not built from these sources; they are now: commit them" >&2
    exit 1
fi
