using HmsOps.Present.Doors;
using Microsoft.AspNetCore.Http;

namespace HmsOps.Present.Api;

/// <summary>What every door says that needs the metric store, while there is none yet or no more.</summary>
internal static class NotReady
{
    public static Problem Problem(HubStatus status) => new(
        status.Stage == HubStage.Starting ? "starting" : "stopping", $"HMS-OPS is {status.Stage.ToString().ToLowerInvariant()}",
        StatusCodes.Status503ServiceUnavailable, $"{status.Progress ?? "It will not take long."} Try again in a second; /readyz says when.")
    { RetryAfter = 1 };
}
