using System.Text;

namespace HmsOps.Workspace.Tests.Malformed;

/// <summary>Files as they arrive after a slip of the hand: ten thousand of them, the same in every run.</summary>
public sealed class MutationTests
{
    private const int Mutations = 10_000;
    private const string Good = "metric: heap_bytes\nthreshold: 2GiB\nname: heap\n";
    private static readonly string[] Bits = [":", "- ", "\n", "\t", "'", "\"", "{", "}", "[", "]", ",", "#", "&a ", "*a", "!!str ", "> ", "|", "%", "@", "\0", "é", "😀", "\u2028", "\r", "~", "0", "rules", "<<: ", "---\n", "? "];

    [Fact]
    public void No_mutation_crashes_applies_by_half_or_complains_outside_the_file()
    {
        var random = new Random(16_07);
        var bad = MalformedTests.Cases().Select(each => (each.Path, each.Text)).ToList();
        (string Path, string Text)[] good =
        [
            ("alerts/county_api.yml", Repository.Read("tests/HmsOps.Workspace.Tests/Chapters/b.yml")),
            ("rules.yml", "rules:\n- {metric: a_ms.p95, threshold: 0.8s, resolve: a_ms < 500 over 1m}\n- metric: b\n  threshold: 5\n  op: >=\n"),
            ("roster.yaml", "channels:\n  smtp: {host: m.gov, from: a@b.gov, user: u, password: '${secret:smtp}'}\n  webhook: {url: https://h.gov/}\n"),
            ("policies/guardrails.yaml", "# limits\nguardrails:\n  rollback: {cooldown: 10m, per_hour: 2}\n"),
        ];
        var heap = WorkspaceReader.Read(WorkspaceSnapshot.Of(("alerts/heap.yml", Good)), previous: null);
        var (taken, refused) = (0, 0);
        for (var i = 0; i < Mutations; i++)
        {
            var (path, seed) = random.Next(4) == 0 ? bad[random.Next(bad.Count)] : good[random.Next(good.Length)];
            var bytes = Mutate(seed, random);
            var files = new Dictionary<string, ReadOnlyMemory<byte>> { [path] = bytes, ["alerts/heap.yml"] = Encoding.UTF8.GetBytes(Good) };
            var version = WorkspaceReader.Read(new WorkspaceSnapshot(files), previous: heap);

            Assert.Contains(version.Rules, rule => rule.Name == "heap" && rule.Source.File == "alerts/heap.yml"); // the other file applies
            var state = version.Files.Single(file => file.Path == path).State;
            _ = state == FileState.InForce ? taken++ : refused++;
            if (state != FileState.InForce)
                Assert.DoesNotContain(version.Rules, rule => rule.Source.File == path);
            Assert.Equal(state != FileState.InForce, version.Diagnostics.Any(each => each.File == path && (each.Severity == Severity.Error || (each.Code == "E090"))));
            AssertPlaces(version.Diagnostics.Where(each => each.File == path), Encoding.UTF8.GetString(bytes).TrimStart('\uFEFF'), i);
        }
        Assert.True(taken > Mutations / 20 && refused > Mutations / 4, $"{taken} taken, {refused} refused: the mutations test one side only");
    }

    private static void AssertPlaces(IEnumerable<Diagnostic> diagnostics, string text, int mutation)
    {
        var lines = text.Replace("\r\n", "\n").Replace('\r', '\n').Split('\n');
        foreach (var each in diagnostics)
        {
            Assert.True(each.Line >= 1 && each.Line <= lines.Length, $"mutation {mutation}: {each} is on no line of {lines.Length}");
            Assert.True(each.Column >= 1 && each.Column <= lines[each.Line - 1].EnumerateRunes().Count() + 1, $"mutation {mutation}: {each} is behind its line '{lines[each.Line - 1]}'");
            Assert.True((each.EndLine, each.EndColumn).CompareTo((each.Line, each.Column)) >= 0, $"mutation {mutation}: {each} ends before it begins");
            Assert.DoesNotContain(each.Message, char.IsControl);
            Assert.NotEmpty(each.Fix);
        }
    }

    private static byte[] Mutate(string seed, Random random)
    {
        var text = new StringBuilder(seed);
        for (var slips = random.Next(1, 4); slips > 0; slips--)
        {
            var at = random.Next(text.Length + 1);
            var bit = Bits[random.Next(Bits.Length)];
            switch (random.Next(4))
            {
                case 0:
                    text.Insert(at, bit);
                    break;
                case 1:
                    text.Remove(at, Math.Min(random.Next(6), text.Length - at));
                    break;
                case 2:
                    text.Insert(at, text.ToString(at, Math.Min(random.Next(20), text.Length - at)));
                    break;
                default:
                    text.Length = at;
                    text.Append(bit);
                    break;
            }
        }
        var bytes = Encoding.UTF8.GetBytes(text.ToString());
        if (random.Next(20) == 0 && bytes.Length > 0)
            bytes[random.Next(bytes.Length)] = (byte)random.Next(256);
        return bytes;
    }
}
