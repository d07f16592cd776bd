using HmsOps.Tsdb.Head;

namespace HmsOps.Tsdb.Tests.Head;

public sealed class HeadArenaTests
{
    [Fact]
    public void Rooms_never_overlap_and_room_given_back_is_taken_again()
    {
        var dice = new Random(5);
        var arena = new HeadArena();
        var taken = new List<(uint Handle, int Bytes, byte Mark)>();
        for (var step = 0; step < 20_000; step++)
        {
            if (taken.Count > 200 || (taken.Count > 0 && dice.Next(3) == 0))
            {
                var at = dice.Next(taken.Count);
                var (handle, bytes, mark) = taken[at];
                Assert.False(arena[handle][..bytes].ContainsAnyExcept(mark));
                arena.Give(handle, bytes);
                taken.RemoveAt(at);
                continue;
            }
            var wanted = dice.Next(50) == 0 ? dice.Next(1, 600_000) : dice.Next(1, 3_000);
            var room = arena.Take(wanted);
            Assert.NotEqual(0u, room);
            taken.Add((room, wanted, (byte)step));
            arena[room][..wanted].Fill((byte)step);
        }
        Assert.All(taken, room => Assert.False(arena[room.Handle][..room.Bytes].ContainsAnyExcept(room.Mark)));
        Assert.True(arena.TakenBytes >= taken.Sum(room => (long)room.Bytes) && arena.TakenBytes <= taken.Sum(room => room.Bytes * 1.13) + (taken.Count * 16));
        Assert.True(arena.MemoryBytes < 80 << 20, $"{arena.MemoryBytes} bytes of pages.");
    }
}
