using HmsOps.Act.Paging;

namespace HmsOps.App.Tests.World;

/// <summary>A mail server or web hook of the simulated world: takes pages after a moment, or does not while it is down.</summary>
internal sealed class SimulatedChannel(string kind)
{
    private static readonly TimeSpan Takes = TimeSpan.FromMilliseconds(300);

    /// <summary>What arrived, doubles included.</summary>
    public List<PageMessage> Received { get; } = [];

    /// <summary>When each try began.</summary>
    public List<DateTimeOffset> Tried { get; } = [];

    public bool IsDown { get; set; }

    /// <summary>Takes the call and never answers.</summary>
    public bool Hangs { get; set; }

    /// <summary>Busy: asks for so much rest.</summary>
    public TimeSpan? RetryAfter { get; set; }

    public IChannel ForHub(TimeProvider time) => new Door(this, kind, time);

    private sealed class Door(SimulatedChannel channel, string kind, TimeProvider time) : IChannel
    {
        public string Kind => kind;

        public async Task<SendOutcome> SendAsync(PageMessage message, CancellationToken cancellationToken)
        {
            channel.Tried.Add(time.GetUtcNow());
            await Task.Delay(channel.Hangs ? Timeout.InfiniteTimeSpan : Takes, time, cancellationToken);
            if (channel.RetryAfter is { } rest)
                return new SendOutcome.Failed($"{kind} is busy", rest);
            if (channel.IsDown)
                return new SendOutcome.Failed($"{kind} does not answer");
            channel.Received.Add(message);
            return new SendOutcome.Accepted($"{kind}-{channel.Received.Count}");
        }
    }
}
