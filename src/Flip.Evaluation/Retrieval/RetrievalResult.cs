namespace Flip.Evaluation.Retrieval;

/// <summary>Retrieval both ways.</summary>
/// <param name="ImageToText">An image looks for one of its texts ("text retrieval").</param>
/// <param name="TextToImage">A text looks for its image ("image retrieval").</param>
public sealed record RetrievalResult(RetrievalDirection ImageToText, RetrievalDirection TextToImage);
