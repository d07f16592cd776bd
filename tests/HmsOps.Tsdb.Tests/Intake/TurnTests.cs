using HmsOps.Tsdb.Intake;

namespace HmsOps.Tsdb.Tests.Intake;

public sealed class TurnTests
{
    [Fact]
    public async Task Whoever_waited_longest_is_next()
    {
        var turn = new Turn();
        await turn.TakeAsync(CancellationToken.None);
        var second = turn.TakeAsync(CancellationToken.None).AsTask();
        var third = turn.TakeAsync(CancellationToken.None).AsTask();
        Assert.False(second.IsCompleted);
        turn.Give();
        await second;
        Assert.False(third.IsCompleted);
        turn.Give();
        await third;
        turn.Give();
        Assert.True(turn.TakeAsync(CancellationToken.None).AsTask().IsCompletedSuccessfully);
    }

    [Fact]
    public async Task Whoever_stops_waiting_is_passed_over()
    {
        var turn = new Turn();
        using var impatient = new CancellationTokenSource();
        await turn.TakeAsync(CancellationToken.None);
        var second = turn.TakeAsync(impatient.Token).AsTask();
        var third = turn.TakeAsync(CancellationToken.None).AsTask();
        impatient.Cancel();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => second);
        turn.Give();
        await third;
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => turn.TakeAsync(impatient.Token).AsTask());
    }

    [Fact]
    public async Task A_token_that_comes_after_the_turn_changes_nothing()
    {
        var turn = new Turn();
        using var late = new CancellationTokenSource();
        await turn.TakeAsync(CancellationToken.None);
        var second = turn.TakeAsync(late.Token).AsTask();
        turn.Give();
        await second;
        late.Cancel();
        Assert.False(turn.TakeAsync(CancellationToken.None).AsTask().IsCompleted);
    }
}
