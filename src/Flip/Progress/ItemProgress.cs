namespace Flip.Progress;

/// <summary>How far a work on items is.</summary>
/// <param name="Stage">What is being done, one or two words.</param>
/// <param name="Items">What the items are, plural.</param>
/// <param name="Done">Items done.</param>
/// <param name="Total">All items.</param>
/// <param name="ItemsPerSecond">Speed of this run.</param>
/// <param name="Remaining">Expected time left.</param>
public sealed record ItemProgress(string Stage, string Items, long Done, long Total, double ItemsPerSecond, TimeSpan Remaining)
{
    /// <summary>What else there is to say, on the same line; null for nothing.</summary>
    public string? Note { get; init; }
}
