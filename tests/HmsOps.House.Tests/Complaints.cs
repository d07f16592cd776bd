namespace HmsOps.House.Tests;

/// <summary>All complaints of a rule at once, one a line, as the failure's message.</summary>
static class Complaints
{
    public static void None(IEnumerable<string> complaints)
    {
        var all = complaints.ToList();
        Assert.True(all.Count == 0, Environment.NewLine + string.Join(Environment.NewLine, all));
    }
}
