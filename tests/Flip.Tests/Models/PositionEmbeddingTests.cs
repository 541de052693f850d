using System.Text.Json;
using Flip.Config;
using Flip.Models;
using static TorchSharp.torch;

namespace Flip.Tests.Models;

/// <summary>Against torch 1.13, which both libraries resize by (tests/Golden/positions.json).</summary>
public class PositionEmbeddingTests
{
    public static TheoryData<int, PositionResize> Grids => [..
        from grid in new[] { 2, 3, 6, 9 }
        from kind in Enum.GetValues<PositionResize>()
        select (grid, kind)];

    [Theory]
    [MemberData(nameof(Grids))]
    public void A_table_is_resized_as_open_clip_or_Hugging_Face_resizes_it(int grid, PositionResize kind)
    {
        using var scope = NewDisposeScope();
        using var golden = JsonDocument.Parse(File.ReadAllText(SharedData.Golden("positions.json")));
        var table = tensor(Floats(golden.RootElement.GetProperty("table"))).view(17, 4);
        Tensor Expected(PositionResize resize) => tensor(Floats(golden.RootElement.GetProperty("resized").EnumerateArray()
            .Single(entry => entry.GetProperty("grid").GetInt32() == grid && entry.GetProperty("antialias").GetBoolean() == (resize == PositionResize.BicubicAntialias))
            .GetProperty("values"))).view(1 + (grid * grid), 4);

        var actual = PositionEmbedding.Resize(table, 1, grid, kind);
        Assert.InRange((actual - Expected(kind)).abs().max().item<float>(), 0, 5e-6);
        Assert.True((actual - Expected(kind == PositionResize.Bicubic ? PositionResize.BicubicAntialias : PositionResize.Bicubic)).abs().max().item<float>() > 0.05);
    }

    private static float[] Floats(JsonElement numbers) => [.. numbers.EnumerateArray().Select(number => number.GetSingle())];
}
