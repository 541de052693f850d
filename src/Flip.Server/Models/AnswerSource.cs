using Flip.Serving;
using Flip.Tasks.Answering;

namespace Flip.Server.Models;

/// <summary>A model that answers questions.</summary>
/// <param name="loaded">The model; not owned.</param>
/// <param name="batchSize">Questions at a time.</param>
internal sealed class AnswerSource(LoadedAnswerer loaded, int batchSize) : IAnswerSource
{
    private const int Most = 100;

    private readonly AnswerWriter _writer = new(loaded, Math.Min(Most, loaded.Answers.Count));

    public int MostAnswers => Math.Min(Most, loaded.Answers.Count);

    public IReadOnlyList<IReadOnlyList<ServedAnswer>> Answer(ReadOnlyMemory<byte> pixels, int count, IReadOnlyList<(int Image, string Question)> asked) =>
        [.. _writer.Answer(pixels, count, asked, batchSize).Select(of => of.Select(one => new ServedAnswer(one.Answer, one.Probability)).ToList())];
}
