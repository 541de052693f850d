using Flip.Config;
using Flip.Data.Images;

namespace Flip.Tests.Data.Images;

/// <summary>Every way in which the pixels of a file are read, side by side.</summary>
internal static class DecodingWays
{
    private static readonly TrainTransform Train = new(16, 0.1, 0.5, seed: 1);
    private static readonly EvaluationTransform Evaluation = new(EvalTransform.Clip, 16);
    private static readonly FinetuneTransform Finetune = new(16, new FinetuneConfig(), PixelNormalization.Clip);
    private static readonly byte[] Pixels = new byte[16 * 16 * 3];

    private static readonly (string Name, Action<byte[]> Read)[] All =
    [
        ("whole", file => ImageDecoder.Decode(file).Dispose()),
        ("rows", file => ImageDecoder.DecodeRegion(file, (w, h) => (CropBox.Whole(w, h), 1)).Dispose()),
        ("upper rows", file => ImageDecoder.DecodeRegion(file, (w, _) => (new CropBox(0, 0, w, 1), 1)).Dispose()),
        ("lower rows", file => ImageDecoder.DecodeRegion(file, (w, h) => (new CropBox(w / 2, h - 1, 1, 1), 1)).Dispose()),
        ("half", file => ImageDecoder.DecodeRegion(file, (w, h) => (CropBox.Whole(w, h), 2)).Dispose()),
        ("upper rows at an eighth", file => ImageDecoder.DecodeRegion(file, (w, _) => (new CropBox(0, 0, w, 1), 8)).Dispose()),
        ("training", file => Train.Apply(file, 0, 0, Pixels)),
        ("evaluation", file => Evaluation.Apply(file, 0, 0, Pixels)),
        ("fine-tuning", file => Finetune.Apply(file, 0, 0, Pixels)),
        ("thumbnail", file => Thumbnail.Of(file, 16)),
    ];

    /// <summary>The cause for which a file is refused, null where it is not; fails where the ways differ.</summary>
    public static string? Cause(byte[] file)
    {
        var causes = All.Select(way => (way.Name, Cause: CauseOf(way.Read, file))).ToList();
        Assert.True(causes.DistinctBy(way => way.Cause).Count() == 1, string.Join(", ", causes));
        return causes[0].Cause;
    }

    /// <summary>What lies behind a file's end does no harm; a file without its last bytes is refused, however many they are.</summary>
    public static void CheckEveryCut(byte[] whole, int step)
    {
        Assert.Null(Cause(whole));
        Assert.Null(Cause([.. whole, .. new byte[100]]));
        Assert.Null(Cause([.. whole, .. whole[..(whole.Length / 2)]]));
        var cuts = Enumerable.Range(1, whole.Length - 1).Where(left => left % step == 0 || whole.Length - left < 16);
        Assert.All(cuts, left => Assert.Contains(
            Cause(whole[..left]), new[] { BadImageException.Truncated, BadImageException.NotAnImage }));
    }

    private static string? CauseOf(Action<byte[]> read, byte[] file)
    {
        try
        {
            read(file);
            return null;
        }
        catch (BadImageException e)
        {
            return e.Cause;
        }
    }
}
