using Flip.Conversion.Onnx;
using static TorchSharp.torch;

namespace Flip.Tests.Conversion.Onnx;

/// <summary>Bounds on what an exported file computes.</summary>
internal static class OnnxAssert
{
    public static void Within(IReadOnlyList<OnnxDifference> differences, double embeddings, double logits)
    {
        Assert.Equal(6, differences.Count);
        Assert.All(differences, difference =>
        {
            Assert.InRange(difference.Largest, 0, difference.Output.EndsWith("embeds", StringComparison.Ordinal) ? embeddings : logits);
            Assert.InRange(difference.Cosine, 0.999, 1.000001);
        });
    }

    public static void Close(Tensor expected, float[] actual, double tolerance) =>
        Close(expected.data<float>().ToArray(), actual, tolerance);

    public static void Close(float[] expected, float[] actual, double tolerance)
    {
        Assert.Equal(expected.Length, actual.Length);
        Assert.InRange(expected.Zip(actual, (a, b) => Math.Abs((double)a - b)).Max(), 0, tolerance);
    }
}
