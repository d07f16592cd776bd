using HmsOps.House.Tests.Scripts;

namespace HmsOps.House.Tests.Labs;

/// <summary>The Python side of the labs, with Debian's own Python and nothing installed beside it.</summary>
public sealed class LabTests
{
    [Theory]
    [InlineData("examples/b-county-court")]
    public void A_labs_own_tests_pass(string lab)
    {
        var ran = Ran.Of(
            Checkout.Absolute(lab), new Dictionary<string, string> { ["PYTHONDONTWRITEBYTECODE"] = "1" }, "/usr/bin/python3", "-W", "error::ResourceWarning", "-m", "unittest", "discover", "-s", "tests", "-t", ".");
        Assert.True(ran.Code == 0, ran.Errors);
        Assert.DoesNotContain("Ran 0 tests", ran.Errors, StringComparison.Ordinal);
        Assert.EndsWith("\nOK\n", ran.Errors, StringComparison.Ordinal); // not "OK (skipped=1)"
    }

    [Fact]
    public void The_chapters_folder_leads_to_its_lab() => Assert.Equal("b-county-court", new FileInfo(Checkout.Absolute("examples/ops_lab")).LinkTarget);
}
