using System.Text;

namespace HmsOps.Series.Tests;

public sealed class LabelListsTests
{
    // Letters, a prefix of others, the last before the surrogates, characters of two units, the last of one unit.
    private static readonly string[] Parts = ["a", "b", "", "é", "\ud7ff", "\ue000", "\uffff", "😀", "𐀀"];

    [Fact]
    public void A_union_has_each_once_in_the_order_of_their_bytes()
    {
        var random = new Random(5);
        for (var round = 0; round < 500; round++)
        {
            IReadOnlyList<string>[] lists = [.. Enumerable.Range(0, random.Next(5)).Select(_ => Drawn(random, isOrdered: random.Next(3) > 0))];
            var expected = lists.SelectMany(list => list).Distinct().ToList();
            expected.Sort(ByBytes);

            Assert.Equal(expected, LabelLists.Union(lists));
        }
    }

    [Fact]
    public void A_union_of_rows_has_each_once_in_order_and_reads_no_further_than_it_is_taken()
    {
        var random = new Random(5);
        for (var round = 0; round < 200; round++)
        {
            var read = 0;
            Labels[][] lists = [.. Enumerable.Range(0, random.Next(5)).Select(_ =>
                Enumerable.Range(0, random.Next(20)).Select(_ => Labels.From(("__name__", $"m{random.Next(9)}"), ("a", $"{random.Next(3)}"))).Distinct().Order(Labels.RowOrder).ToArray())];
            var expected = lists.SelectMany(list => list).Distinct().Order(Labels.RowOrder).ToArray();
            var most = random.Next(expected.Length + 2);

            Assert.Equal(expected.Take(most), LabelLists.UnionOfRows(lists.Select(list => list.Select(Counted))).Take(most));
            Assert.InRange(read, 0, (most + 1) * lists.Length);

            Labels Counted(Labels labels)
            {
                read++;
                return labels;
            }
        }
    }

    private static List<string> Drawn(Random random, bool isOrdered)
    {
        var drawn = Enumerable.Range(0, random.Next(20)).Select(_ => string.Concat(Enumerable.Range(0, random.Next(4)).Select(_ => Parts[random.Next(Parts.Length)]))).ToList();
        if (!isOrdered)
            return drawn;
        drawn = [.. drawn.Distinct()];
        drawn.Sort(ByBytes);
        return drawn;
    }

    private static int ByBytes(string a, string b) => Encoding.UTF8.GetBytes(a).AsSpan().SequenceCompareTo(Encoding.UTF8.GetBytes(b));
}
