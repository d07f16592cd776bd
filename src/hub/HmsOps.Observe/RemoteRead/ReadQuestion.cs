using System.Text;
using HmsOps.Observe.Wire;
using HmsOps.Series;

namespace HmsOps.Observe.RemoteRead;

/// <summary>Writes the message <c>prometheus.ReadRequest</c> for one selection: <see cref="ReadRequest"/> reads it.</summary>
internal static class ReadQuestion
{
    public static void Write(MessageWriter into, IReadOnlyList<Matcher> matchers, long from, long to)
    {
        var query = into.BeginBlock(1);
        into.WriteVarint(1, (ulong)from);
        into.WriteVarint(2, (ulong)to);
        foreach (var matcher in matchers)
        {
            var block = into.BeginBlock(3);
            into.WriteVarint(1, (ulong)matcher.Op); // numbered alike
            into.WriteBlock(2, Encoding.UTF8.GetBytes(matcher.Name));
            if (matcher.Value.Length > 0)
                into.WriteBlock(3, Encoding.UTF8.GetBytes(matcher.Value));
            into.EndBlock(block);
        }
        into.EndBlock(query);
        var accepted = into.BeginBlock(2);
        into.WriteVarint(1); // STREAMED_XOR_CHUNKS, liked better
        into.WriteVarint(0); // SAMPLES
        into.EndBlock(accepted);
    }
}
