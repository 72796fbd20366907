#!/bin/sh
# rcssmin 1.3.0, which makes stylesheets shorter: within `@container` and `@layer` a cell within a table, `.table :is(td)`, becomes a
# table that is a cell itself, `.table:is(td)`. One would guess that rules within these blocks are read as those within `@media`.
#
# Seen: the blank before `:is(` stays outside of blocks and within `@media` and `@supports`, and goes within `@container` and `@layer`, where
# rules are taken for declarations. They then match something else, without a warning: a page loses its look at some widths only.
set -eu
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet rcssmin==1.3.0
"$folder/venv/bin/python" - <<'PYTHON'
from rcssmin import cssmin

rule = ".table :is(td) { color: red }"
for block in ("@media print", "@supports (display: grid)"):
    if ".table :is(" not in cssmin(f"{block} {{ {rule} }}"):
        raise SystemExit(f"within {block} it is changed, too")
for block in ("@container (width < 40rem)", "@layer base"):
    if ".table :is(" in cssmin(f"{block} {{ {rule} }}"):
        raise SystemExit(f"This has changed: within {block} the blank stays.")
print("As described: within @container and @layer what is within becomes the thing itself.")
PYTHON
