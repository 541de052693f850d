using Flip.Data.Questions;
using Flip.Tasks.ImageTasks;

namespace Flip.Tasks.Answering;

/// <summary>What an image tower that does not learn makes of the images of questions.</summary>
/// <param name="Tokens">The tokens of each image; not owned.</param>
/// <param name="Questions">The questions, each with the number of its image.</param>
internal sealed record SeenTokens(TowerTokens Tokens, IReadOnlyList<ImageQuestion> Questions)
{
    /// <summary>The images of some questions.</summary>
    public long[] ImagesOf(ReadOnlySpan<long> questions)
    {
        var images = new long[questions.Length];
        for (var i = 0; i < images.Length; i++)
        {
            images[i] = Questions[(int)questions[i]].Image;
        }

        return images;
    }
}
