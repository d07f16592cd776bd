namespace HmsOps.House.Tests.Scripts;

/// <summary><c>./hms-ops</c>: builds when a source changed, and else is the program.</summary>
public sealed class StartScriptTests
{
    /// <summary>Writes a program into the folder after <c>-o</c> that says its arguments, its folder and which build made it.</summary>
    const string Publishes = """
        while [ "$1" != -o ]; do shift; done
        mkdir -p "$2"
        { echo '#!/bin/sh'; echo 'echo "$# <$*> in $PWD"'; } >"$2/hms-ops"
        chmod +x "$2/hms-ops"
        """;

    [Fact]
    public void The_first_start_builds_and_the_second_does_not()
    {
        using var checkout = new FakeCheckout(Publishes);
        var first = checkout.Run("hms-ops", "serve", "a b");
        checkout.Settle();
        var second = checkout.Run("hms-ops");

        Assert.Equal((0, $"2 <serve a b> in {checkout.Root}\n"), (first.Code, first.Output));
        Assert.Contains("building", first.Errors, StringComparison.Ordinal);
        Assert.Equal((0, ""), (second.Code, second.Errors));
        Assert.StartsWith("publish src/hub/HmsOps.App -c Release", Assert.Single(checkout.Calls), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("src/hub/HmsOps.App/Program.cs")]
    [InlineData("src/hub/HmsOps.App")] // a name in it came or went
    [InlineData("Directory.Build.props")]
    [InlineData("Directory.Packages.props")]
    [InlineData("global.json")]
    public void What_is_newer_than_the_last_build_is_built(string changed)
    {
        using var checkout = new FakeCheckout(Publishes);
        checkout.Run("hms-ops");
        checkout.Settle();
        checkout.Touch(changed, TimeSpan.FromSeconds(1));
        checkout.Run("hms-ops");
        Assert.Equal(2, checkout.Calls.Count);
    }

    [Theory]
    [InlineData("src/hub/HmsOps.App/Old.cs")]
    [InlineData("global.json")]
    public void A_source_that_is_gone_is_seen(string gone)
    {
        using var checkout = new FakeCheckout(Publishes);
        checkout.Run("hms-ops");
        checkout.Settle();
        checkout.Touch(".build/app.stamp", TimeSpan.FromMinutes(-1)); // the folder's new time is now: surely after the stamp
        File.Delete(checkout.At(gone));
        checkout.Run("hms-ops");
        Assert.Equal(2, checkout.Calls.Count);
    }

    [Fact]
    public void A_source_saved_while_the_build_ran_is_built_next_time()
    {
        using var checkout = new FakeCheckout($"touch -d '+1 minute' src/hub/HmsOps.App/Program.cs\n{Publishes}");
        checkout.Run("hms-ops");
        checkout.Run("hms-ops");
        Assert.Equal(2, checkout.Calls.Count);
    }

    [Fact]
    public void A_build_that_fails_says_the_compilers_lines_once_and_starts_nothing()
    {
        using var checkout = new FakeCheckout(Publishes);
        checkout.Run("hms-ops");
        checkout.Program("bin/dotnet", $"#!/bin/sh\necho '{checkout.Root}/src/A.cs(1,2): error CS1002'\necho '{checkout.Root}/src/A.cs(1,2): error CS1002'\nexit 1\n");
        checkout.Settle();
        checkout.Touch("src", TimeSpan.FromSeconds(1));

        for (var start = 0; start < 2; start++) // and is tried again by the next start
        {
            var ran = checkout.Run("hms-ops");
            Assert.Equal((1, ""), (ran.Code, ran.Output));
            Assert.Equal(["src/A.cs(1,2): error CS1002"], ran.Errors.Split('\n').Where(line => line.Contains("CS1002", StringComparison.Ordinal)));
        }
    }

    [Fact]
    public void It_runs_in_the_callers_folder_through_any_link()
    {
        using var checkout = new FakeCheckout(Publishes);
        var elsewhere = Directory.CreateDirectory(checkout.At("else where")).FullName;
        File.CreateSymbolicLink(Path.Combine(elsewhere, "ops"), "../hms-ops");
        var ran = Ran.Of(elsewhere, checkout.Environment, Path.Combine(elsewhere, "ops"), "query");
        Assert.Equal((0, $"1 <query> in {elsewhere}\n"), (ran.Code, ran.Output));
    }

    [Fact]
    public void Two_starts_at_once_build_once()
    {
        using var checkout = new FakeCheckout(Publishes);
        var starts = Enumerable.Range(0, 4).Select(_ => Ran.Start(checkout.Root, checkout.Environment, checkout.At("hms-ops"), "x")).ToList();
        Assert.All(starts.Select(start => { using (start) return Ran.Of(start); }).ToList(), ran => Assert.Equal(0, ran.Code));
        Assert.Single(checkout.Calls);
    }

    [Fact]
    public void A_running_program_keeps_its_files_when_the_next_one_is_built()
    {
        using var checkout = new FakeCheckout(Publishes);
        checkout.Run("hms-ops");
        var first = Directory.ResolveLinkTarget(checkout.At(".build/app"), returnFinalTarget: true)!.FullName;
        checkout.Settle();
        checkout.Touch("src", TimeSpan.FromSeconds(1));
        checkout.Run("hms-ops");
        Assert.True(File.Exists(Path.Combine(first, "hms-ops")));
        Assert.NotEqual(first, Directory.ResolveLinkTarget(checkout.At(".build/app"), returnFinalTarget: true)!.FullName);
    }

    [Fact]
    public void Without_dotnet_it_says_what_to_install()
    {
        using var checkout = new FakeCheckout(Publishes);
        File.Delete(checkout.At("bin/dotnet"));
        var ran = checkout.Run("hms-ops");
        Assert.Equal(1, ran.Code);
        Assert.Equal("hms-ops: dotnet is missing; install the .NET 10 SDK (https://dotnet.microsoft.com/download)\n", ran.Errors);
    }

    [Fact]
    public void Ops_is_the_same_script() => Assert.Equal("hms-ops", new FileInfo(Checkout.Absolute("ops")).LinkTarget);
}
