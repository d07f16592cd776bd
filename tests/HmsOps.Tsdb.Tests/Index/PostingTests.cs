using FsCheck.Fluent;
using HmsOps.Tsdb.Index;

namespace HmsOps.Tsdb.Tests.Index;

public sealed class PostingTests
{
    [Fact]
    public void A_posting_is_a_sorted_set() =>
        Prop.ForAll(ArbMap.Default.ArbFor<int>(), seed =>
        {
            var random = new Random(seed);
            var chunks = new PostingChunks();
            var postings = new Posting[3]; // their chunks lie among one another
            var sets = Enumerable.Range(0, postings.Length).Select(_ => new SortedSet<int>()).ToArray();
            var gaps = new[] { 1, 3, 200, 100_000 }[random.Next(4)];
            for (var (id, round) = (random.Next(3), 0); round < 1500; round++)
            {
                var at = random.Next(postings.Length);
                var run = random.Next(4) == 0 ? random.Next(1, 300) : 1;
                for (var i = 0; i < run; i++, id++)
                {
                    postings[at].Add(id, chunks);
                    sets[at].Add(id);
                }
                id += random.Next(gaps);
            }
            for (var at = 0; at < postings.Length; at++)
            {
                var limit = random.Next(2) == 0 ? int.MaxValue : random.Next(sets[at].Max + 2);
                Assert.Equal(sets[at].Where(id => id < limit), IdsOf(ref postings[at], limit, chunks));
                Assert.Equal(sets[at].Count, postings[at].Count);
                Assert.True(postings[at].IsSound(sets[at].Max + 1, chunks));
                Assert.False(postings[at].IsSound(sets[at].Max, chunks));
            }
        }).Holds(16);

    [Fact]
    public void Nobody_has_an_empty_posting_and_one_run_takes_no_chunk()
    {
        var chunks = new PostingChunks();
        var posting = default(Posting);
        Assert.Empty(IdsOf(ref posting, int.MaxValue, chunks));
        for (var id = 0; id < 1000; id++)
            posting.Add(id, chunks);
        Assert.Equal(Enumerable.Range(0, 1000), IdsOf(ref posting, int.MaxValue, chunks));
        Assert.Equal(Enumerable.Range(0, 10), IdsOf(ref posting, 10, chunks));
        Assert.Equal(new PostingChunks().MemoryBytes, chunks.MemoryBytes);
    }

    [Fact]
    public void An_id_in_two_hundred_takes_two_bytes()
    {
        var chunks = new PostingChunks();
        var posting = default(Posting);
        for (var i = 0; i < 100_000; i++)
            posting.Add(i * 200, chunks);
        Assert.InRange(chunks.MemoryBytes / 100_000.0, 1.9, 2.8);
    }

    private static List<int> IdsOf(ref Posting posting, int limit, PostingChunks chunks)
    {
        var ids = new List<int>();
        for (var runs = posting.Below(limit, chunks); runs.MoveNext();)
        {
            for (var id = runs.Start; id < runs.End; id++)
                ids.Add(id);
        }
        return ids;
    }
}
