namespace Flip;

/// <summary>Settings that cannot be used; carries every problem found, not the first alone.</summary>
public sealed class ConfigException(IReadOnlyList<string> problems) : FlipException(
    problems.Count == 1 ? problems[0] : $"{problems.Count} problems:\n  " + string.Join("\n  ", problems))
{
    /// <summary>A single problem.</summary>
    public ConfigException(string problem)
        : this([problem])
    {
    }

    /// <summary>The problems, each one line that names the setting.</summary>
    public IReadOnlyList<string> Problems { get; } = problems;

    /// <summary>The same problems, each with the file that it is in.</summary>
    public ConfigException In(string file) =>
        new([.. Problems.Select(problem => problem.StartsWith(file, StringComparison.Ordinal) ? problem : $"{file}: {problem}")]);
}
