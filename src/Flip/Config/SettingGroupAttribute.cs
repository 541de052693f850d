namespace Flip.Config;

/// <summary>Meaning of a record of settings inside another one.</summary>
[AttributeUsage(AttributeTargets.Property)]
public sealed class SettingGroupAttribute(string meaning) : Attribute
{
    /// <summary>One line for people.</summary>
    public string Meaning { get; } = meaning;
}
