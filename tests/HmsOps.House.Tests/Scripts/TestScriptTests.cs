namespace HmsOps.House.Tests.Scripts;

/// <summary><c>./test</c>: builds once, runs each suite, sums what they counted, and believes exit codes over silence.</summary>
public sealed class TestScriptTests
{
    const string Counters = """echo "<Counters total=\"$1\" executed=\"$2\" passed=\"$3\" failed=\"0\" notExecuted=\"0\" />" >"$to/run.trx" """;

    /// <summary>Room Good passes 3, Labs 1. What Odd does, the test says.</summary>
    static FakeCheckout With(string odd, string build = "exit 0", string format = "exit 0")
    {
        var checkout = new FakeCheckout($$"""
            counters() { {{Counters}}; }
            [ "$1" = build ] && { {{build}}; }
            [ "$1" = format ] && { {{format}}; }
            dll=$2
            while [ "$1" != --results-directory ]; do shift; done
            to=$2
            case $dll in
                *Good*) counters 3 3 3 ;;
                *Labs*) counters 1 1 1 ;;
                *Odd*) {{odd}} ;;
            esac
            """);
        foreach (var room in (string[])["Good", "Labs", "Odd"])
            Directory.CreateDirectory(checkout.At($"tests/HmsOps.{room}.Tests"));
        return checkout;
    }

    [Theory]
    [InlineData("counters 2 2 2", "7 passed, 0 failed, 0 skipped", 0)]
    [InlineData("counters 2 2 1; echo 'Failed A_sentence'; exit 1", "6 passed, 1 failed, 0 skipped", 1)]
    [InlineData("counters 2 1 1", "6 passed, 0 failed, 1 skipped", 1)] // nobody may leave a test out
    [InlineData("echo 'host crashed'; exit 134", "5 passed, 1 failed, 0 skipped", 1)] // and wrote no counters
    [InlineData("counters 2 1 1; exit 134", "6 passed, 1 failed, 1 skipped", 1)]
    [InlineData("counters 2 2 2; exit 134", "7 passed, 1 failed, 0 skipped", 1)]
    [InlineData("counters 0 0 0", "5 passed, 1 failed, 0 skipped", 1)] // a suite without a test proves nothing
    [InlineData("exit 0", "5 passed, 1 failed, 0 skipped", 1)]
    public void The_last_line_is_the_sum(string odd, string sum, int code)
    {
        using var checkout = With(odd);
        foreach (var script in (string[])["test", ".ci/run"])
        {
            var ran = checkout.Run(script);
            Assert.Equal(sum, ran.Output.TrimEnd('\n').Split('\n')[^1]);
            Assert.Equal(code, ran.Code);
        }
    }

    [Fact]
    public void What_a_failing_suite_said_is_shown_and_what_a_passing_one_said_is_not()
    {
        using var checkout = With("echo 'Failed A_sentence'; counters 2 2 1; exit 1");
        Assert.Contains("Failed A_sentence", checkout.Run("test").Output, StringComparison.Ordinal);
        using var quiet = With("echo 'Passed A_sentence'; counters 2 2 2");
        Assert.DoesNotContain("A_sentence", quiet.Run("test").Output, StringComparison.Ordinal);
    }

    [Fact]
    public void It_builds_the_solution_once_and_runs_the_labs_last()
    {
        using var checkout = With("counters 2 2 2");
        checkout.Run("test");
        Assert.StartsWith("build HmsOps.slnx", checkout.Calls[0], StringComparison.Ordinal);
        Assert.All(checkout.Calls.Skip(1), call => Assert.DoesNotContain("build ", call[..6], StringComparison.Ordinal));
        Assert.Contains("Labs", checkout.Calls[^2], StringComparison.Ordinal);
        Assert.StartsWith("format HmsOps.slnx --no-restore --verify-no-changes", checkout.Calls[^1], StringComparison.Ordinal);
    }

    [Fact]
    public void A_build_that_fails_is_shown_and_is_one_failure()
    {
        using var checkout = With("", build: "echo 'src/A.cs(1,2): error CS1002'; exit 1");
        var ran = checkout.Run("test");
        Assert.Contains("src/A.cs(1,2): error CS1002", ran.Output, StringComparison.Ordinal);
        Assert.EndsWith("\n0 passed, 1 failed, 0 skipped\n", ran.Output, StringComparison.Ordinal);
        Assert.Equal(1, ran.Code);
    }

    [Fact]
    public void Format_is_one_test_of_its_own()
    {
        using var checkout = With("counters 2 2 2", format: "echo 'A.cs(1,1): error WHITESPACE'; exit 2");
        var ran = checkout.Run("test");
        Assert.Contains("error WHITESPACE", ran.Output, StringComparison.Ordinal);
        Assert.EndsWith("\n6 passed, 1 failed, 0 skipped\n", ran.Output, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("odd")]
    [InlineData("ODD")]
    public void One_room_is_built_and_run_alone_however_it_is_spelt(string room)
    {
        using var checkout = With("counters 2 2 2");
        var ran = checkout.Run("test", room);
        Assert.EndsWith("\n2 passed, 0 failed, 0 skipped\n", ran.Output, StringComparison.Ordinal);
        Assert.Equal(["build tests/HmsOps.Odd.Tests", "test .build/artifacts/bin/HmsOps.Odd.Tests/release/HmsOps.Odd.Tests.dll"],
            checkout.Calls.Select(call => string.Join(' ', call.Split(' ')[..2])));
    }

    [Fact]
    public void A_room_that_is_not_there_is_named_with_those_that_are()
    {
        using var checkout = With("");
        var ran = checkout.Run("test", "kitchen");
        Assert.Equal((2, "./test: there is no room kitchen; there are: Good Labs Odd\n"), (ran.Code, ran.Errors));
    }

    [Fact]
    public void As_root_what_is_missing_is_installed()
    {
        using var checkout = With("counters 2 2 2");
        foreach (var tool in (string[])["chromium", "prometheus", "promtool"])
            File.Delete(checkout.At($"bin/{tool}"));
        var ran = checkout.Run("test");
        Assert.Equal("update", checkout.Installs[0]);
        var asked = checkout.Installs[1].Split(' ');
        Assert.Single(asked, "chromium");
        Assert.Single(asked, "prometheus"); // though two tools come from it
        Assert.Equal(0, ran.Code);
    }

    [Fact]
    public void Another_user_is_told_what_is_missing()
    {
        using var checkout = With("counters 2 2 2");
        File.Delete(checkout.At("bin/chromium"));
        checkout.Program("bin/id", "#!/bin/bash\necho 1000\n");
        var ran = checkout.Run("test");
        Assert.Contains("sudo apt-get install chromium", ran.Output, StringComparison.Ordinal);
        Assert.EndsWith("\n0 passed, 1 failed, 0 skipped\n", ran.Output, StringComparison.Ordinal);
        Assert.Equal((1, 0, 0), (ran.Code, checkout.Installs.Count, checkout.Calls.Count));
    }

    [Fact]
    public void Accept_tells_the_tests_to_rewrite_golden_files()
    {
        using var checkout = With("counters ${HMS_ACCEPT:-0} 1 1");
        Assert.EndsWith("\n1 passed, 0 failed, 0 skipped\n", checkout.Run("test", "--accept", "odd").Output, StringComparison.Ordinal);
    }
}
