namespace Flip.Data.Questions;

/// <summary>Images with questions about them: what visual question answering reads.</summary>
/// <param name="Images">The images in their order, each with one question or more.</param>
/// <param name="Questions">The questions in the order of the data.</param>
public sealed record QuestionedImages(IImageSource Images, IReadOnlyList<ImageQuestion> Questions)
{
    /// <summary>Images that were passed over, because nothing is asked about them.</summary>
    public int WithoutQuestion { get; init; }
}
