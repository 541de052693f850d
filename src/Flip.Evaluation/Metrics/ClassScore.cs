namespace Flip.Evaluation.Metrics;

/// <summary>How one class fared.</summary>
/// <param name="Name">Its name.</param>
/// <param name="Images">Images of it.</param>
/// <param name="Hits">Those that were classified right.</param>
public sealed record ClassScore(string Name, int Images, int Hits)
{
    /// <summary>Share of hits; null where the class has no image.</summary>
    public double? Accuracy => Images == 0 ? null : (double)Hits / Images;
}
