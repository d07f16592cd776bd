namespace HmsOps.Series.Tests;

public sealed class SampleBatchTests
{
    [Fact]
    public void A_batch_is_columns_and_can_be_filled_again()
    {
        var batch = new SampleBatch();
        batch.Add(Labels.From(("a", "1")), 10, -0.0);
        batch.Add(Labels.From(("b", "1")), 20, StaleMarker.Value);
        Assert.Equal((2, 20L, true), (batch.Count, batch.Time(1), StaleMarker.Is(batch.Value(1))));
        Assert.Equal(Labels.From(("a", "1")), batch.Series(0));
        batch.Clear();
        Assert.Equal(0, batch.Count);
    }

    [Theory]
    [InlineData(double.NaN, false)]
    [InlineData(0.0, false)]
    [InlineData(double.PositiveInfinity, false)]
    public void No_other_number_is_the_stale_marker(double value, bool stale)
    {
        Assert.Equal(stale, StaleMarker.Is(value));
        Assert.True(StaleMarker.Is(StaleMarker.Value));
        Assert.True(double.IsNaN(StaleMarker.Value));
    }

    [Theory]
    [InlineData(4, 6, true)]
    [InlineData(5, 6, false)]
    public void A_budget_is_for_the_whole_query(long first, long second, bool enough)
    {
        var budget = new QueryBudget(10);
        var selection = new Selection([new Matcher("job", MatchOp.Equal, "a")], 0, 1);
        budget.Charge(first, selection);
        if (enough)
            budget.Charge(second, selection);
        else
            Assert.Contains("{job=\"a\"}", Assert.Throws<QueryBudgetException>(() => budget.Charge(second, selection)).Message);
        Assert.Equal(first + second, budget.Samples);
    }
}
