using Flip.Config;
using Flip.Models;
using Flip.Storage;
using TorchSharp;
using static TorchSharp.torch;

namespace Flip.Conversion.Formats;

/// <summary>
/// The sine-cosine positions of the image tower as other formats hold them: a table among the weights, with a row of zeros for a class
/// token that has a position.
/// </summary>
internal static class FixedPositions
{
    /// <summary>The table, fp32, <c>[(1 +) patches, width]</c>.</summary>
    public static Tensor Table(ImageConfig image)
    {
        using var scope = NewDisposeScope();
        var grid = image.GridSize();
        var patches = tensor(PositionEmbedding.SinCos(grid, image.Width, image.PositionGrid > 0 ? image.PositionGrid : grid)).view(grid * grid, image.Width);
        return (image.ClassToken == ClassToken.WithPosition ? cat([zeros(1, image.Width), patches], 0) : patches).MoveToOuterDisposeScope();
    }

    /// <summary>Whether a file's table is this one, but for a last bit or two of another library's sine.</summary>
    /// <param name="weights">The file.</param>
    /// <param name="name">The table in it, <c>[1, rows, width]</c> or <c>[rows, width]</c>.</param>
    /// <param name="image">The tower.</param>
    /// <param name="unusedRows">Rows of zeros before the table.</param>
    public static bool Match(ITensorSource weights, string name, ImageConfig image, int unusedRows = 0)
    {
        if (!weights.Contains(name) || image.Width % 4 != 0)
        {
            return false;
        }

        var shape = weights.Describe(name).Shape;
        var rows = unusedRows + ((long)image.GridSize() * image.GridSize()) + (image.ClassToken == ClassToken.WithPosition ? 1 : 0);
        if (shape.Count < 2 || shape[^1] != image.Width || shape[^2] != rows || shape.SkipLast(2).Any(size => size != 1))
        {
            return false;
        }

        using var scope = NewDisposeScope();
        var expected = Table(image);
        var table = weights.ReadTensor(name).to(ScalarType.Float32).view(-1, image.Width);
        var difference = (table.narrow(0, unusedRows, expected.shape[0]) - expected).abs().max().ToSingle();
        return difference <= Tolerance && (unusedRows == 0 || table.narrow(0, 0, unusedRows).abs().max().ToSingle() == 0);
    }

    private const float Tolerance = 2e-5f; // fp32 sines of arguments up to a grid's size
}
