namespace Flip.Cli.Commands;

/// <summary>An option of its own for one setting.</summary>
/// <param name="Option">Its name, such as <c>--seed</c>.</param>
/// <param name="Key">Full key of the setting.</param>
/// <param name="Description">One line for people.</param>
internal sealed record Shortcut(string Option, string Key, string Description);
