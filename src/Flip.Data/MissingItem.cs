namespace Flip.Data;

/// <summary>An item that was left out because it cannot be used.</summary>
/// <param name="Key">Its key.</param>
/// <param name="Problem">What is wrong with it.</param>
public sealed record MissingItem(string Key, string Problem);
