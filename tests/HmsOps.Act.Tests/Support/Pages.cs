using HmsOps.Act.Paging;

namespace HmsOps.Act.Tests.Support;

internal static class Pages
{
    /// <summary>A real peer on this machine that has not answered in this time never will.</summary>
    public static readonly TimeSpan Patience = TimeSpan.FromSeconds(30);

    public static PageMessage Page { get; } = new(
        "INC-2026-0042/oncall/1", "INC-2026-0042", "oncall@opm.gov", "[INC-2026-0042] county_api_ms 1580 ms", "The county API is slow.\nRunbook: wiki/slow-county-api\n",
        PossibleRepeat: false, new Dictionary<string, string>(StringComparer.Ordinal) { ["value"] = "1580 ms", ["alert"] = "county_api_ms" });
}
