namespace HmsOps.App.Demo;

/// <summary>The demo's workspace, file by file: chapter B's, with times short enough to watch. Each shortened value stands beside the chapter's or the default.</summary>
internal static class DemoFiles
{
    public static IEnumerable<(string Name, string Text)> Of(Uri phone) =>
    [
        ("workspace.yaml", """
            interval: 1s               # how often rules are looked at; 15s when nothing is written

            """),
        ("alerts/county_api.yml", """
            metric: county_api_ms
            threshold: 1000            # ms
            window: "5s"               # the chapter has "3m"
            resolve: county_api_ms < 200 over 3s   # the chapter writes none: the last 30s of its 3m under the threshold
            keep_firing_for: 5s        # 30s when nothing is written
            action: "ROLLBACK:DOCKET_RULE"
            runbook: "wiki/slow-county-api"
            notify: ["oncall@opm.gov", "pager_duty"]

            """),
        ("policies/demo.yaml", """
            guardrails:
              rollback:
                cooldown: 5s           # 10m when nothing is written: breaking it twice in a row would then need a person
                per_hour: 200          # 2 when nothing is written
                per_hour_in_all: 200   # 6 when nothing is written

            """),
        ("roster.yaml", $$"""
            channels:
              webhook: {url: "{{phone}}"}   # the demo's own phone, which prints what it is sent

            """),
        ("cd/rollback_docket_rule.sh", """
            #!/bin/sh
            # ROLLBACK:DOCKET_RULE. Takes the docket rule back to v40. May be run twice: the second run finds nothing to do.
            # HMS-OPS runs a copy of the bytes it checked, and says in OPS_SCRIPT where the script itself lies.
            set -eu

            good=v40
            file=$(dirname "$(readlink -f "${OPS_SCRIPT:-$0}")")/../docket_rule
            live=$(cat "$file")

            if [ "$live" = "$good" ]; then
                echo "docket rule: $good is live already, nothing to do"
                exit 0
            fi

            # Beside it and then renamed: a reader sees the old rule or the new one, never an empty file.
            new=$file.$$
            trap 'rm -f "$new"' EXIT
            printf '%s\n' "$good" >"$new"
            mv "$new" "$file"
            echo "docket rule: $live taken back, $good is live"

            """),
        ("wiki/slow-county-api.md", """
            # The county's API is slow

            Symptom: county_api_ms

            Clerks and citizens wait when they schedule a hearing: the average call to the county takes more than 1,000 ms. Normal is about 110 ms.

            The hub has paged the on-call and run `cd/rollback_docket_rule.sh`, which takes the docket rule back to v40. The incident shows its outcome.

            1. **Is the line on the board of `county_api_ms` back near 110 ms since the rollback?** Then it was the rule.
            2. **Did the script fail, or was it refused?** The reason stands in the incident. Run the script by hand.
            3. **Still slow under v40?** Then it is not the rule: ask the county's operations desk whether they have an outage.

            """),
    ];
}
