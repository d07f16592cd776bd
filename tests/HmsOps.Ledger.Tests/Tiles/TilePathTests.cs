using HmsOps.Ledger.Tiles;

namespace HmsOps.Ledger.Tests.Tiles;

public sealed class TilePathTests
{
    [Theory]
    [InlineData(0, 0L, 256, "tile/0/000")]
    [InlineData(2, 5L, 17, "tile/2/005.p/17")]
    [InlineData(0, 1_234_067L, 256, "tile/0/x001/x234/067")]
    [InlineData(null, 1_000L, 1, "tile/entries/x001/000.p/1")]
    [InlineData(7, 999_999_999_999L, 255, "tile/7/x999/x999/x999/999.p/255")]
    public void A_name_is_written_and_read(int? level, long number, int width, string name)
    {
        Assert.Equal(name, new TilePath(level, number, width).ToString());
        Assert.True(TilePath.TryParse(name, out var path));
        Assert.Equal(new TilePath(level, number, width), path);
    }

    [Theory]
    [InlineData("")]
    [InlineData("tile")]
    [InlineData("tile/0")]
    [InlineData("tile/0/")]
    [InlineData("tile/0/0")]
    [InlineData("tile/00/000")]
    [InlineData("tile/8/000")]
    [InlineData("tile/-1/000")]
    [InlineData("tile/0/000/")]
    [InlineData("tile/0/x000/000")]
    [InlineData("tile/0/001/000")]
    [InlineData("tile/0/x01/000")]
    [InlineData("tile/0/000.p/")]
    [InlineData("tile/0/000.p/0")]
    [InlineData("tile/0/000.p/256")]
    [InlineData("tile/0/000.p/01")]
    [InlineData("tile/0/000.p/1/2")]
    [InlineData("tile/0/٠٠٠")]
    [InlineData("tile/entry/000")]
    [InlineData("/tile/0/000")]
    [InlineData("tile/0/x001/x000/x000/x000/x000/x000/x000/000")]
    public void Any_other_text_is_no_name(string text) => Assert.False(TilePath.TryParse(text, out _));

    // The examples of the specification.
    [Fact]
    public void A_size_has_the_tiles_the_specification_says()
    {
        var tiles = TilePath.Of(70_000).ToArray();
        Assert.Equal([(null, 273, 112), (0, 273, 112), (1, 1, 17), (2, 0, 1)], tiles.GroupBy(tile => tile.Level).Select(level => (
            level.Key, level.Count(tile => tile.Width == 256), level.Where(tile => tile.Width < 256).Sum(tile => tile.Width))));
        Assert.Equal(["tile/entries/000", "tile/0/000", "tile/1/000.p/1"], TilePath.Of(256).Select(tile => tile.ToString()));
        Assert.Empty(TilePath.Of(0));
    }
}
