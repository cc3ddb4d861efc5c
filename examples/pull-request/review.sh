#!/bin/sh
# Writes comment.md: what the migrations that a branch adds or changes would do, and what to write instead. Ends as
# headgate lint does: 3 when somebody has to act. $1 is the commit that the branch is to be merged into.
# shellcheck disable=SC2086 # HEADGATE may be several words.
set -eu
headgate=${HEADGATE:-docker run --rm --network none --volume .:/src:ro --workdir /src headgate:0.1.0}
folder=${MIGRATIONS:-migrations}

printf '<!-- headgate -->\n' > comment.md
if git diff --quiet --diff-filter=AMR "$1...HEAD" -- "$folder"; then
  echo 'Headgate: no migration is added or changed.' >> comment.md
  exit 0
fi
added() { git diff --name-only -z --diff-filter=AMR "$1...HEAD" -- "$folder"; }
verdict=0
added "$1" | xargs -0 $headgate lint --format markdown >> comment.md || verdict=3
printf '\n' >> comment.md
added "$1" | xargs -0 $headgate plan --format markdown >> comment.md || verdict=3
exit "$verdict"
