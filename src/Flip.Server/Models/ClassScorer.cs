using Flip.Serving;
using Flip.Tasks.Finetuning;

namespace Flip.Server.Models;

/// <summary>A fine-tuned classifier.</summary>
internal sealed class ClassScorer(LoadedClassifier loaded) : IClassScorer
{
    public IReadOnlyList<string> ClassNames => loaded.ClassNames;

    public float[] Score(ReadOnlyMemory<byte> pixels, int count) => loaded.Classifier.Score(pixels, count);
}
