namespace Flip.Data.Questions;

/// <summary>Images that are asked about both in training and in a test: a common fault of published splits.</summary>
/// <param name="Count">Such images of the test.</param>
/// <param name="Of">All images of the test.</param>
/// <param name="Questions">Questions of the test about them.</param>
/// <param name="TestImage">One of them, as the test calls it.</param>
/// <param name="TrainImage">The same image, as the training data call it.</param>
public sealed record SharedImages(int Count, int Of, int Questions, string TestImage, string TrainImage)
{
    /// <summary>What a reader of the test's numbers should know.</summary>
    /// <param name="test">Name of the test.</param>
    public string Warning(string test) => FormattableString.Invariant(
        $"{Count:N0} of the {Of:N0} images of {test}, with {Questions:N0} questions, are in the training data too: {TestImage} is {TrainImage}. What was learnt by heart counts as seen there; divide the data by image.");
}
