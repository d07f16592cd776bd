#!/bin/sh
# ROLLBACK:DOCKET_RULE. Takes the docket rule back from v41 to v40. May be run twice: the second run finds nothing to do.
# The rule that is live stands in a file beside this folder, or in the one DOCKET_RULE_FILE names. No network, no arguments.
# HMS-OPS runs a copy of the bytes it checked, and says in OPS_SCRIPT where the script itself lies.
set -eu

bad=v41
good=v40
file=${DOCKET_RULE_FILE:-$(dirname "$(readlink -f "${OPS_SCRIPT:-$0}")")/../docket_rule}

live=$good-by-absence
if [ -e "$file" ]; then live=$(cat "$file"); fi

case $live in
    "$good")
        echo "docket rule: $good is live already, nothing to do"
        exit 0
        ;;
    "$bad" | "$good-by-absence") ;;
    *)
        echo "docket rule: '$live' is live, and this script only knows how to undo $bad. Nothing was changed; undo it by hand." >&2
        exit 1
        ;;
esac

# Beside it and then renamed: a reader sees the old rule or the new one, never an empty file.
new=$file.$$
trap 'rm -f "$new"' EXIT
printf '%s\n' "$good" >"$new"
mv "$new" "$file"
if [ "$live" = "$bad" ]; then echo "docket rule: $bad taken back, $good is live"; else echo "docket rule: none was live, $good is now"; fi
