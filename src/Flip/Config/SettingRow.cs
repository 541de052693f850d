namespace Flip.Config;

/// <summary>A setting, described.</summary>
/// <param name="Key">Full key, as <c>--set</c> takes it.</param>
/// <param name="Type">Type in words.</param>
/// <param name="Default">Default value, as <c>--set</c> takes it.</param>
/// <param name="Range">Range in words, or the list of names; empty where everything of the type is allowed.</param>
/// <param name="Meaning">One line.</param>
public sealed record SettingRow(string Key, string Type, string Default, string Range, string Meaning);
