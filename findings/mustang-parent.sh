#!/bin/sh
# Mustang 2.26.0, the validator of Factur-X and ZUGFeRD (org.mustangproject:validator): it is on Maven Central, but its parent
# `core` and its `library` are not; Central has these up to 2.25.0. One would guess that what Central names as the newest
# release can be had from it.
#
# Seen: Maven finds the descriptor of the validator 2.26.0 there, and no parent for it; 2.25.0 has all three. Who takes the newest
# by the list of versions gets a build that ends with "Could not find artifact org.mustangproject:core:pom:2.26.0".
set -eu
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
there() { # PART VERSION
    mvn -q -B dependency:get -Dmaven.repo.local="$folder" -Dtransitive=false \
        -Dartifact="org.mustangproject:$1:$2:pom" >/dev/null 2>&1
}
for part in core library validator; do
    there "$part" 2.25.0 || { echo "$part 2.25.0 can't be had"; exit 1; }
done
there validator 2.26.0 || { echo "the validator 2.26.0 is gone"; exit 1; }
if there core 2.26.0; then echo "This has changed: core 2.26.0 is there."; exit 1; fi
echo "As described: validator 2.26.0 is on Central without its parent."
