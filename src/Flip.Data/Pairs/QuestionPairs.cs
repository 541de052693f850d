using Flip.Data.Questions;

namespace Flip.Data.Pairs;

/// <summary>Questions as pairs: the caption of a pair is the question, and the pair's number is the question's, by which a training finds its answers.</summary>
public static class QuestionPairs
{
    /// <summary>The pairs of some questions, in their order.</summary>
    /// <param name="name">What the source is called.</param>
    /// <param name="set">The images with their questions.</param>
    public static ListedPairs Of(string name, QuestionedImages set)
    {
        ArgumentNullException.ThrowIfNull(set);
        var images = new ChosenImages(set.Images, [.. set.Questions.Select(question => question.Image)]);
        return new ListedPairs(name, new CaptionedImages(images, [.. set.Questions.Select(question => (IReadOnlyList<string>)[question.Question])]));
    }
}
