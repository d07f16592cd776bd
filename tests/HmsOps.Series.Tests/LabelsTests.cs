using System.Text;
using FsCheck;
using FsCheck.Fluent;

namespace HmsOps.Series.Tests;

public sealed class LabelsTests
{
    [Fact]
    public void The_order_in_which_labels_are_set_does_not_matter() => Prop.ForAll(Pairs(), pairs =>
    {
        var one = Labels.From(pairs);
        var other = Labels.From([.. Distinct(pairs).Reverse()]);
        Assert.Equal(one, other);
        Assert.True(one == other);
        Assert.Equal(one.GetHashCode(), other.GetHashCode());
        Assert.Equal(0, Labels.Compare(one, other));
    }).Holds();

    [Fact]
    public void Labels_come_sorted_by_the_bytes_of_their_names_and_without_empty_values() => Prop.ForAll(Pairs(), pairs =>
    {
        var expected = Distinct(pairs)
            .Where(pair => pair.Value.Length > 0)
            .OrderBy(pair => Encoding.UTF8.GetBytes(pair.Name), Comparer<byte[]>.Create((a, b) => a.AsSpan().SequenceCompareTo(b)));
        Assert.Equal(expected, Walk(Labels.From(pairs)));
    }).Holds();

    [Fact]
    public void Each_label_is_found_and_an_absent_one_is_empty() => Prop.ForAll(Pairs(), pairs =>
    {
        var labels = Labels.From(pairs);
        foreach (var (name, value) in Distinct(pairs))
            Assert.Equal(value, labels.Text(name));
        Assert.Equal("", labels.Text("absent"));
        Assert.Equal(labels.Text("__name__"), labels.Name);
    }).Holds();

    [Fact]
    public void Canonical_bytes_come_back_and_cut_ones_never_as_the_same_set() => Prop.ForAll(Pairs(), pairs =>
    {
        var labels = Labels.From(pairs);
        Assert.True(Labels.TryFromBytes(labels.Bytes.ToArray(), out var again));
        Assert.Equal(labels, again);
        for (var cut = 0; cut < labels.Bytes.Length; cut++)
            Assert.True(!Labels.TryFromBytes(labels.Bytes[..cut].ToArray(), out var part) || Walk(part).Count < Walk(labels).Count);
    }).Holds();

    [Theory]
    [InlineData("0a 06 0a01 62 1201 76 0a 06 0a01 61 1201 76", "out of order")]
    [InlineData("0a 06 0a01 61 1201 76 0a 06 0a01 61 1201 77", "a name twice")]
    [InlineData("0a 05 0a00 1201 76", "an empty name")]
    [InlineData("0a 05 0a01 61 1200", "an empty value")]
    [InlineData("0a 06 0a01 61 1209 76", "a length beyond the end")]
    [InlineData("0a 07 0a01 61 1201 76", "a label beyond the end")]
    [InlineData("0a 03 0a01 61", "a name alone")]
    [InlineData("0a 06 1201 76 0a01 61", "the value first")]
    [InlineData("0a 07 0a01 61 128100 76", "a length written longer than need be")]
    [InlineData("0a 07 0a01 61 1201 76 00", "more in the label than a label has")]
    [InlineData("12 06 0a01 61 1201 76", "another field")]
    public void Bytes_that_are_not_canonical_are_refused(string hex, string why)
    {
        var bytes = Convert.FromHexString(hex.Replace(" ", "", StringComparison.Ordinal));
        Assert.False(Labels.TryFromBytes(bytes, out var labels), why);
        Assert.True(labels.IsEmpty);
    }

    [Fact]
    public void Bytes_are_those_of_remote_write() =>
        Assert.Equal("0A060A01611201760A060A0162120177", Convert.ToHexString(Labels.From(("b", "w"), ("a", "v")).Bytes));

    [Fact]
    public void Sorting_is_by_names_and_values_as_a_list_of_pairs_sorts() => Prop.ForAll(Pairs(), Pairs(), (left, right) =>
    {
        var (a, b) = (Labels.From(left), Labels.From(right));
        var order = Math.Sign(Labels.Compare(a, b));
        Assert.Equal(-order, Math.Sign(Labels.Compare(b, a)));
        Assert.Equal(order == 0, a == b);
        Assert.Equal(Math.Sign(Oracle(Walk(a), Walk(b))), order);
    }).Holds();

    [Theory]
    [InlineData("up{job=\"a\"}", "__name__=up", "job=a")]
    [InlineData("up", "__name__=up")]
    [InlineData("{job=\"a\"}", "job=a")]
    [InlineData("{}")]
    [InlineData("{\"tax-bot.ok\"}", "__name__=tax-bot.ok")]
    [InlineData("{\"tax-bot.ok\", job=\"a\"}", "__name__=tax-bot.ok", "job=a")]
    [InlineData("m{\"a b\"=\"x\\\"\\\\\\n\\t\\x01\", z=\"é\"}", "__name__=m", "a b=x\"\\\n\t\u0001", "z=é")]
    [InlineData("a:b{\"c:d\"=\"1\"}", "__name__=a:b", "c:d=1")] // a colon needs no quotes in a metric's name, but in a label's
    public void They_print_as_PromQL_reads_them(string text, params string[] labels) =>
        Assert.Equal(text, Labels.From([.. labels.Select(label => (label[..label.IndexOf('=')], label[(label.IndexOf('=') + 1)..]))]).ToString());

    [Fact]
    public void A_builder_starts_from_a_set_changes_it_and_leaves_the_set_alone()
    {
        var labels = Labels.From(("a", "1"), ("b", "2"));
        var builder = LabelsBuilder.From(labels).Set("b", "").Set("c", "3").Remove("a"u8).Remove("nothing"u8);
        Assert.Equal(Labels.From(("c", "3")), builder.Build());
        Assert.Equal(Labels.From(("a", "1"), ("b", "2")), labels);
        builder.Clear();
        Assert.Equal(Labels.Empty, builder.Build());
        Assert.Throws<ArgumentException>(() => builder.Set("", "x"));
    }

    [Fact]
    public void A_choice_keeps_only_what_it_names_or_all_but_that()
    {
        var labels = Labels.From(("__name__", "up"), ("job", "court"), ("zone", "north"));
        Assert.Equal(Labels.From(("job", "court"), ("zone", "north")), LabelChoice.Only("zone", "job", "absent").Of(labels));
        Assert.Equal(Labels.From(("__name__", "up")), LabelChoice.Without("zone", "job", "absent").Of(labels));
        Assert.Equal(Labels.Empty, LabelChoice.Only().Of(labels));
        Assert.Equal(labels, LabelChoice.Without().Of(labels));
    }

    [Fact]
    public void The_hash_is_the_same_in_every_process() =>
        Assert.Equal(-1_216_972_118, Labels.From(("__name__", "up"), ("job", "court")).GetHashCode());

    private static List<(string Name, string Value)> Walk(Labels labels)
    {
        var seen = new List<(string, string)>();
        foreach (var label in labels)
            seen.Add((Encoding.UTF8.GetString(label.Name), Encoding.UTF8.GetString(label.Value)));
        return seen;
    }

    // Later pairs win.
    private static (string Name, string Value)[] Distinct((string Name, string Value)[] pairs) =>
        [.. pairs.GroupBy(pair => pair.Name).Select(same => same.Last())];

    private static int Oracle(List<(string Name, string Value)> left, List<(string Name, string Value)> right)
    {
        for (var i = 0; i < Math.Min(left.Count, right.Count); i++)
        {
            foreach (var (a, b) in ((string, string)[])[(left[i].Name, right[i].Name), (left[i].Value, right[i].Value)])
            {
                var order = Encoding.UTF8.GetBytes(a).AsSpan().SequenceCompareTo(Encoding.UTF8.GetBytes(b));
                if (order != 0)
                    return order;
            }
        }
        return left.Count.CompareTo(right.Count);
    }

    private static Arbitrary<(string Name, string Value)[]> Pairs() =>
        (from name in Gen.Elements("__name__", "a", "aa", "b", "é", "z", "\uffee", "😀", "with space", new string('n', 200))
         from value in Gen.Elements("", "v", "w", "vv", "é", "\n", new string('v', 300))
         select (name, value)).ArrayOf().ToArbitrary();
}
