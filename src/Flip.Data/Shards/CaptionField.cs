namespace Flip.Data.Shards;

/// <summary>A place of captions, and how often it is drawn from.</summary>
/// <param name="Name"><see cref="Text"/> for the <c>.txt</c>, else the name of a field of the <c>.json</c>, which has a text or a list of them.</param>
/// <param name="Weight">Above 0; a sample draws among the places that it has, by their weights.</param>
public sealed record CaptionField(string Name, double Weight)
{
    /// <summary>The name of the <c>.txt</c>.</summary>
    public const string Text = "txt";
}
